/**
 * The HTTP side of the engine. In: what main.ts put together. Out: a Fastify server, not yet listening. Routes translate
 * and nothing more: no SQL, no rule. Order of hooks on a request: request id, the guard of `/api` (before the body is
 * read), body and schema, the route, security headers, one log line with the route's pattern (never its values).
 */
import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyPluginAsync, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { Sessions } from '#access/index.ts';
import type { Clock } from '#base/clock.ts';
import { RateLimitedError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Db } from '#db/db.ts';
import type { RuleGroupSchema } from '#view/index.ts';
import { guardApi } from './auth.ts';
import { serveDashboard } from './dashboard-files.ts';
import { answerError } from './errors.ts';
import { collectOpenApi } from './openapi.ts';
import type { AppActions } from './app-actions.ts';
import { auditRoutes } from './routes/audit.ts';
import { contactRoutes } from './routes/contacts.ts';
import { eventRoutes } from './routes/events.ts';
import { keyRoutes } from './routes/keys.ts';
import { liveRoutes } from './routes/live.ts';
import { memberRoutes } from './routes/members.ts';
import { messageRoutes } from './routes/messages.ts';
import { operationRoutes, requestHistogram } from './routes/operation.ts';
import { overviewRoutes } from './routes/overview.ts';
import { sessionRoutes } from './routes/session.ts';
import { settingsRoutes } from './routes/settings.ts';
import { addSecurityHeaders } from './security-headers.ts';

/** Largest body that a route takes unless it says otherwise; product events and webhooks set their own. */
const BODY_BYTES_MAX = 256 * 1024;

export interface AppDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly sessions: Sessions;
  /** What the routes here make other stages do. */
  readonly actions: AppActions;
  /** Settings that have a schema of their own, in the order of their page. */
  readonly ruleGroups: readonly RuleGroupSchema[];
  /** A sentence for each name in `contact.billing_warnings`. */
  readonly billingWarningTexts: Readonly<Record<string, string>>;
  /** Routes of others, with their whole paths; what is below `/api` is guarded. */
  readonly routes: readonly FastifyPluginAsync[];
  /** Routes that no browser ever asks, thousands of times a second: without cookies, and without headers for pages. */
  readonly webhookRoutes?: readonly FastifyPluginAsync[];
  /** Where figures are kept for /metrics; others may add theirs. */
  readonly metrics: Registry;
  readonly options: AppOptions;
}

export interface AppOptions {
  readonly version: string;
  /** Where people reach this server, without a slash at its end; null: as the browser says. */
  readonly baseUrl: string | null;
  /** The seeded demo: its visitor is signed in by itself, on this machine only. */
  readonly isDemo: boolean;
  /** The same that signs the sessions. */
  readonly secret: string;
  /** Folder of the built dashboard; null: none. */
  readonly dashboardDir: string | null;
  /** Whether a proxy in front sets X-Forwarded-For, and may be believed. */
  readonly isBehindProxy: boolean;
  /** No SMTP server is set: mail lands in the captured inbox. */
  readonly isCapturingMail: boolean;
}

export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { options } = deps;
  const app = fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    // Browsers open connections ahead of need; one that never sent a request would hold up the end.
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: options.isBehindProxy,
    routerOptions: { ignoreTrailingSlash: true },
  }) as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  watchRequests(app, deps.metrics);
  for (const routes of deps.webhookRoutes ?? []) await app.register(routes);
  // In a plugin of their own: what a server hooks on to all requests would reach the plugins before it too.
  await app.register((pages) => addPages(pages, deps));
  return app;
}

/** Everything that browsers ask, and the API. */
async function addPages(app: FastifyInstance, deps: AppDeps): Promise<void> {
  const { options } = deps;
  addSecurityHeaders(app, { isHttps: options.baseUrl?.startsWith('https:') ?? false });
  await app.register(cookie);
  await app.register(formbody);
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, context) =>
      new RateLimitedError('Too many tries. Wait a moment, then try again.', { retryAfterMs: context.ttl }),
  });
  guardApi(app, { ...deps, baseUrl: options.baseUrl });
  await collectOpenApi(app, { version: options.version });
  for (const routes of [
    operationRoutes(deps),
    sessionRoutes(deps),
    overviewRoutes(deps),
    contactRoutes(deps),
    messageRoutes(deps),
    eventRoutes(deps),
    settingsRoutes(deps),
    memberRoutes(deps),
    keyRoutes(deps),
    auditRoutes(deps),
    liveRoutes(deps),
    ...deps.routes,
  ]) {
    await app.register(routes);
  }
  await serveDashboard(app, { dir: options.dashboardDir });
}

/** One line and one figure per request, under the route's pattern: an address can hold a token or an e-mail. */
function watchRequests(app: FastifyInstance, metrics: Registry): void {
  const seconds = requestHistogram(metrics);
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const status = reply.statusCode;
    seconds.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, reply.elapsedTime / 1000);
    request.log.info(
      { requestId: request.id, method, route, status, durationMs: Math.round(reply.elapsedTime) },
      'request',
    );
    done();
  });
}
