/**
 * What every `/v1` route shares. In: an HTTP request. Out: Stripe's JSON, or its error object. On the way: key, account
 * and mode, permissions of restricted keys, read-only mode, faults and limits, idempotency, API version, expansion.
 * A repeated POST with the same idempotency key is answered from the first one and does nothing again.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { viewOf } from '#billing/record.ts';
import type { Scope } from '#billing/scope.ts';
import { StripeFault, invalid } from '#errors.ts';
import { expand } from '#render/expand.ts';
import { type KindName, render, type RowOf } from '#render/render.ts';
import { isVersion } from '#render/version.ts';
import type { Out, View } from '#render/view.ts';
import type { KeyRow } from '#store/access.ts';
import type { AccountState } from '#store/account-state.ts';
import type { Row, Table } from '#store/table.ts';
import type { World } from '#store/world.ts';
import { takeOne } from '#webhooks/faults.ts';
import { authenticate, refuseForeignWrite, requirePermission } from './authenticate.ts';
import { errorBody } from './error-body.ts';
import type { Idempotency } from './idempotency.ts';
import { Input } from './input.ts';
import { type Filters, pageOf } from './page.ts';
import type { RateLimit } from './rate-limit.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

export interface RouteRule {
  readonly method: Method;
  readonly path: string;
  /** The `rak_<resource>_read` or `_write` that a restricted key needs. */
  readonly resource: string;
}

/** One authenticated call. */
export class Call {
  readonly world: World;
  readonly state: AccountState;
  readonly key: KeyRow;
  readonly params: Readonly<Record<string, string>>;
  readonly input: Input;
  readonly version: string;
  readonly requestId: string;
  readonly idempotencyKey: string | null;
  readonly path: string;

  constructor(fields: Omit<Call, 'scope' | 'view' | 'param' | 'show' | 'list'>) {
    this.world = fields.world;
    this.state = fields.state;
    this.key = fields.key;
    this.params = fields.params;
    this.input = fields.input;
    this.version = fields.version;
    this.requestId = fields.requestId;
    this.idempotencyKey = fields.idempotencyKey;
    this.path = fields.path;
  }

  get scope(): Scope {
    return {
      world: this.world,
      state: this.state,
      request: { id: this.requestId, idempotencyKey: this.idempotencyKey },
    };
  }

  get view(): View {
    return viewOf(this.scope, this.version);
  }

  param(name: string): string {
    return this.params[name] ?? '';
  }

  show<K extends KindName>(kind: K, row: RowOf<K>): Out {
    return expand(this.view, render(this.view, kind, row), this.input.texts('expand') ?? []);
  }

  list<T extends Row>(table: Table<T>, filters: Filters<T>, one: (view: View, row: T) => Out): Out {
    const page = pageOf(table, this.input, filters);
    const view = this.view;
    const body: Out = {
      object: 'list',
      data: page.rows.map((row) => one(view, row)),
      has_more: page.hasMore,
      url: this.path,
    };
    return expand(view, body, this.input.texts('expand') ?? []);
  }
}

export type Handler = (call: Call) => Out | Promise<Out>;

export interface Api {
  readonly world: World;
  on(rule: RouteRule, handler: Handler): void;
}

export interface ApiDeps {
  readonly app: FastifyInstance;
  readonly world: World;
  readonly idempotency: Idempotency;
  readonly rateLimit: RateLimit;
}

export function createApi(deps: ApiDeps): Api {
  return {
    world: deps.world,
    on(rule, handler) {
      deps.app.route({
        method: rule.method,
        url: rule.path,
        handler: async (request, reply) => answer(deps, { rule, handler, request, reply }),
      });
    },
  };
}

interface Exchange {
  readonly rule: RouteRule;
  readonly handler: Handler;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function answer(deps: ApiDeps, exchange: Exchange): Promise<FastifyReply> {
  const { world } = deps;
  const { request, reply, rule } = exchange;
  const requestId = world.trafficId('req');
  const path = request.url.split('?')[0] ?? '';
  void reply.header('request-id', requestId).header('content-type', 'application/json');
  let account = '';
  let result: { status: number; body: string };
  try {
    if (world.faults.apiDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, world.faults.apiDelayMs));
    const call = admit(deps, exchange, { requestId, path });
    account = call.state.account;
    void reply.header('stripe-version', call.version);
    if (takeOne(world.faults, 'api500Next'))
      throw new StripeFault({ status: 500, type: 'api_error', message: 'An unknown error occurred.' });
    if (rule.method === 'POST' && call.idempotencyKey !== null) {
      const kept = await deps.idempotency.run(
        {
          key: `${call.state.key} ${call.idempotencyKey}`,
          print: `${path} ${JSON.stringify(request.body ?? null)}`,
          nowS: world.clock.nowS(),
        },
        () => outcomeOf(exchange.handler, call),
      );
      void reply.header('idempotency-key', call.idempotencyKey);
      if (kept.isReplay) void reply.header('idempotent-replayed', 'true');
      result = kept;
    } else {
      result = await outcomeOf(exchange.handler, call);
    }
  } catch (error) {
    result = failed(world, error, requestId, reply);
  }
  remember(world, {
    id: requestId,
    method: rule.method,
    path,
    status: result.status,
    account,
    atS: world.clock.nowS(),
  });
  if (takeOne(world.faults, 'apiTruncateNext')) return cutShort(reply, result.body);
  return reply.status(result.status).send(result.body);
}

function admit(deps: ApiDeps, exchange: Exchange, at: { readonly requestId: string; readonly path: string }): Call {
  const { world } = deps;
  const { request, rule } = exchange;
  const { key, state } = authenticate(world, request.headers);
  deps.rateLimit.check(`${state.key} ${rule.method} ${rule.path}`, exchange.reply);
  refuseForeignWrite(world, { method: rule.method, path: at.path, key, state });
  requirePermission(key, { resource: rule.resource, isWrite: rule.method !== 'GET' });
  const header = request.headers['stripe-version'];
  const wanted = typeof header === 'string' ? header : undefined;
  if (wanted !== undefined && !isVersion(wanted)) throw invalid(`Invalid Stripe API version: ${wanted}`);
  const idempotencyKey = request.headers['idempotency-key'];
  const query: unknown = request.query;
  const fields = rule.method === 'GET' ? query : { ...asRecord(query), ...asRecord(request.body) };
  return new Call({
    world,
    state,
    key,
    params: asTexts(request.params),
    input: new Input(fields),
    version: wanted ?? world.account(state.account).apiVersion,
    requestId: at.requestId,
    idempotencyKey: typeof idempotencyKey === 'string' ? idempotencyKey : null,
    path: at.path,
  });
}

/** Declines and refusals are outcomes too: an idempotency key keeps them. */
async function outcomeOf(handler: Handler, call: Call): Promise<{ status: number; body: string }> {
  try {
    return { status: 200, body: JSON.stringify(await handler(call)) };
  } catch (error) {
    if (!(error instanceof StripeFault)) throw error;
    return { status: error.detail.status, body: errorBody(call.world, error, call.requestId) };
  }
}

function failed(
  world: World,
  error: unknown,
  requestId: string,
  reply: FastifyReply,
): { status: number; body: string } {
  if (error instanceof StripeFault) {
    return { status: error.detail.status, body: errorBody(world, error, requestId) };
  }
  reply.log.error(error);
  const message = error instanceof Error ? `The simulator failed: ${error.message}` : 'The simulator failed.';
  return {
    status: 500,
    body: errorBody(world, new StripeFault({ status: 500, type: 'api_error', message }), requestId),
  };
}

/** Kept for tests to look at; the oldest go first. */
const REQUESTS_KEPT = 5_000;

function remember(world: World, record: World['requests'][number]): void {
  world.requests.push(record);
  if (world.requests.length > REQUESTS_KEPT) world.requests.splice(0, REQUESTS_KEPT / 2);
}

/** Half the answer, then the connection is gone. */
function cutShort(reply: FastifyReply, body: string): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  raw.write(body.slice(0, Math.floor(body.length / 2)), () => raw.destroy());
  return reply;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asTexts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(asRecord(value)).map(([name, text]) => [name, String(text)]));
}
