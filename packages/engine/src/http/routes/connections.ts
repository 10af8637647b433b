import {
  Connection,
  ConnectionsAnswer,
  DisconnectAnswer,
  DriftReport,
  DriftReportsAnswer,
  RestrictedKeyAnswer,
  RestrictedKeyRequest,
  StartConnectAnswer,
  StartConnectRequest,
} from '@growthos/contracts/http/connections.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ForbiddenError } from '#base/errors.ts';
import type { StripeIngest } from '#ingest/index.ts';

const ById = z.object({ id: z.uuid() });
const Callback = z.object({
  state: z.string().max(2_000).optional(),
  code: z.string().max(500).optional(),
  error: z.string().max(500).optional(),
  error_description: z.string().max(2_000).optional(),
});

export interface ConnectionRoutesDeps {
  readonly stripe: StripeIngest;
  /** Who is signed in in the browser that Stripe sent back; the callback is not below `/api`, so no guard has asked. */
  personOf(request: FastifyRequest): Promise<string | null>;
  /** Page of the dashboard that shows the connections. Default `/connect`. */
  readonly connectPage?: string;
}

/** Connecting Stripe accounts, watching them, and ending it. Connecting and disconnecting are for admins. */
export function connectionRoutes(deps: ConnectionRoutesDeps): FastifyPluginAsync {
  return async (plain) => {
    const app = plain.withTypeProvider<ZodTypeProvider>();
    addOAuth(app, deps);
    addKeys(app, deps);
    addCare(app, deps);
    addEndpointCare(app, deps);
  };
}

type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

const tags = ['Connections'];

function addOAuth(app: App, deps: ConnectionRoutesDeps): void {
  const { stripe } = deps;
  const page = deps.connectPage ?? '/connect';
  app.get(
    '/api/connections',
    { schema: { tags, summary: 'Connected Stripe accounts', response: { 200: ConnectionsAnswer } } },
    async (request) => stripe.list({ workspaceId: request.access.workspaceId }),
  );

  app.post(
    '/api/connections/start',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Begin to connect by OAuth',
        body: StartConnectRequest,
        response: { 200: StartConnectAnswer },
      },
    },
    async (request) => {
      const { personId, workspaceId } = request.access;
      if (personId === null) throw new ForbiddenError('A person has to connect Stripe; an API key cannot.');
      return { url: await stripe.start({ workspaceId, personId, method: request.body.method }) };
    },
  );

  app.get('/connect/stripe/callback', { schema: { hide: true, querystring: Callback } }, async (request, reply) => {
    const outcome = await stripe.finish({
      state: request.query.state ?? '',
      code: request.query.code ?? null,
      error: request.query.error ?? null,
      errorDescription: request.query.error_description ?? null,
      personId: await deps.personOf(request),
    });
    const query = new URLSearchParams(
      outcome.outcome === 'connected' ? { connected: outcome.connectionId } : { error: outcome.sentence },
    );
    return reply.header('cache-control', 'no-store').redirect(`${page}?${query.toString()}`, 303);
  });
}

function addKeys(app: App, { stripe }: ConnectionRoutesDeps): void {
  app.post(
    '/api/connections/restricted-key',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Connect with a restricted key',
        body: RestrictedKeyRequest,
        response: { 200: RestrictedKeyAnswer },
      },
    },
    async (request): Promise<RestrictedKeyAnswer> => {
      const { workspaceId } = request.access;
      const outcome = await stripe.addKey({ workspaceId, key: request.body.key });
      if (outcome.outcome !== 'connected') return outcome;
      const { connectionId } = outcome;
      return {
        outcome: 'connected',
        connection: await stripe.view({ workspaceId: outcome.workspaceId, connectionId }),
      };
    },
  );
}

const of = (request: FastifyRequest<{ Params: z.infer<typeof ById> }>) => ({
  workspaceId: request.access.workspaceId,
  connectionId: request.params.id,
});

function addCare(app: App, { stripe }: ConnectionRoutesDeps): void {
  app.delete(
    '/api/connections/:id',
    {
      config: { role: 'admin' },
      schema: { tags, summary: 'Disconnect', params: ById, response: { 200: DisconnectAnswer } },
    },
    async (request) => {
      const { advice } = await stripe.disconnect(of(request));
      return { connection: await stripe.view(of(request)), advice };
    },
  );

  app.post(
    '/api/connections/:id/backfill',
    { schema: { tags, summary: 'Read everything again', params: ById, response: { 200: Connection } } },
    async (request) => {
      await stripe.restartBackfill(of(request));
      return stripe.view(of(request));
    },
  );

  app.post(
    '/api/connections/:id/reconcile',
    { schema: { tags, summary: 'Compare with Stripe now', params: ById, response: { 200: DriftReport } } },
    async (request) => stripe.reconcileNow(of(request)),
  );

  app.get(
    '/api/connections/:id/drift-reports',
    { schema: { tags, summary: 'Past comparisons', params: ById, response: { 200: DriftReportsAnswer } } },
    async (request) => ({ reports: await stripe.driftReports(of(request)) }),
  );
}

function addEndpointCare(app: App, { stripe }: ConnectionRoutesDeps): void {
  app.post(
    '/api/connections/:id/check',
    { schema: { tags, summary: 'Check the webhook endpoint now', params: ById, response: { 200: Connection } } },
    async (request) => {
      await stripe.checkEndpointNow(of(request));
      return stripe.view(of(request));
    },
  );

  app.post(
    '/api/connections/:id/signing-secret',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Change the webhook signing secret',
        description:
          'Makes a second webhook endpoint with a new secret; what the old one still has to deliver is accepted for a day, then it is deleted. Owners and admins; written to the audit log.',
        params: ById,
        response: { 200: Connection },
      },
    },
    async (request) => {
      await stripe.rotateSecretNow({ ...of(request), access: request.access });
      return stripe.view(of(request));
    },
  );
}
