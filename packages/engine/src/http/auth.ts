/**
 * The guard of `/api`. In: a request. Out: `request.access`, or 401 (nobody), 403 (somebody who may not). It runs before
 * the body is read. Everything below `/api` is guarded unless its route says `config: { isPublic: true }`; routes
 * elsewhere (webhooks, write keys, unsubscribe) prove their callers by themselves.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Access, type Resolved, requireRole, resolveAccess, type Sessions } from '#access/index.ts';
import type { Clock } from '#base/clock.ts';
import { ForbiddenError, UnauthenticatedError } from '#base/errors.ts';
import type { Db } from '#db/db.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface AuthDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly baseUrl: string | null;
}

export function guardApi(app: FastifyInstance, deps: AuthDeps): void {
  const found = new WeakMap<FastifyRequest, Resolved>();
  const read = (request: FastifyRequest): Resolved => {
    const resolved = found.get(request);
    if (!resolved) throw new Error('request.access was read on a route that the guard does not cover');
    return resolved;
  };
  app.decorateRequest('access', {
    getter(this: FastifyRequest): Access {
      return read(this).access;
    },
  });
  app.decorateRequest('resolved', {
    getter(this: FastifyRequest): Resolved {
      return read(this);
    },
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!isApi(request)) return;
    requireSameOrigin(request, deps.baseUrl);
    if (request.routeOptions.config.isPublic) return;
    const { authorization, cookie } = request.headers;
    const resolved = await resolveAccess(deps, { authorization, cookie });
    if (!resolved) throw new UnauthenticatedError('Sign in, or send an API key as `Authorization: Bearer gos_...`.');
    found.set(request, resolved);
    setCookies(reply, resolved.signedIn?.setCookies ?? []);
    const isReading = SAFE_METHODS.has(request.method);
    requireRole(resolved.access, request.routeOptions.config.role ?? (isReading ? 'viewer' : 'editor'));
  });
}

function isApi(request: FastifyRequest): boolean {
  const path = request.routeOptions.url ?? request.url;
  return path === '/api' || path.startsWith('/api/');
}

export function setCookies(reply: FastifyReply, values: readonly string[]): void {
  for (const value of values) void reply.header('set-cookie', value);
}

/**
 * Refuses a state-changing request that a page of another site made the browser send with our cookie. A browser says
 * where it comes from in Origin (or, with some requests, Sec-Fetch-Site); programs send no cookie and need neither.
 */
function requireSameOrigin(request: FastifyRequest, baseUrl: string | null): void {
  if (SAFE_METHODS.has(request.method)) return;
  const { origin, host, cookie } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined) {
    if (isOwnOrigin({ origin, host, baseUrl })) return;
  } else if (site === 'same-origin' || (site === undefined && cookie === undefined)) return;
  throw new ForbiddenError('This request comes from another site. Open GrowthOS itself and try again.');
}

function isOwnOrigin(input: { origin: string; host: string | undefined; baseUrl: string | null }): boolean {
  if (!URL.canParse(input.origin)) return false;
  const origin = new URL(input.origin);
  return origin.host === input.host || (input.baseUrl !== null && origin.origin === new URL(input.baseUrl).origin);
}

const LOOPBACK_ADDRESS = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/**
 * Whether the visitor sits at this machine: the connection comes from loopback, no proxy stands between, and the browser
 * names this machine as the host (else a page of another site could point its own name at 127.0.0.1).
 */
export function isFromThisMachine(request: FastifyRequest): boolean {
  const isProxied = request.headers['x-forwarded-for'] !== undefined || request.headers['forwarded'] !== undefined;
  const address = request.socket.remoteAddress ?? '';
  return !isProxied && LOOPBACK_ADDRESS.test(address) && LOOPBACK_HOST.test(request.headers.host ?? '');
}
