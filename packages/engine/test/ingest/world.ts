import { startSimulator } from '@growthos/simulator/server.ts';
import type { Simulator, SimulatorOptions } from '@growthos/simulator/simulator.ts';
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Access } from '#access/access.ts';
import { createSecretBox } from '#access/secrets.ts';
import { MovableClock, type Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { many, one, type Db } from '#db/db.ts';
import { answerError } from '#http/errors.ts';
import { connectionRoutes } from '#http/routes/connections.ts';
import { stripeWebhookRoutes } from '#http/routes/stripe-webhook.ts';
import {
  createInbox,
  createStripeIngest,
  type ApplyObjects,
  type StripeConfig,
  type StripeIngest,
} from '#ingest/index.ts';
import { openTestDb } from '../world/database.ts';
import { freePort } from '../world/free-port.ts';

const NOW = new Date('2026-11-24T09:00:00Z');
export const secretBox = createSecretBox(Buffer.alloc(32, 7).toString('base64'));

/** A database, a simulated Stripe in read-only mode, and ingest between them, behind real HTTP. */
export interface IngestWorld {
  readonly db: Db;
  readonly clock: MovableClock;
  readonly sim: Simulator;
  readonly stripe: StripeIngest;
  readonly config: StripeConfig;
  readonly app: FastifyInstance;
  /** The test side of a pair; `live` is its twin. */
  readonly workspaceId: string;
  readonly live: string;
  readonly personId: string;
  /** Another process on the same database. */
  another(over?: {
    applyObjects?: ApplyObjects;
    config?: Partial<StripeConfig>;
    clock?: Clock;
    requestsPerSecond?: number | null;
  }): StripeIngest;
  /** Presses Connect, decides at Stripe, and returns the address that Stripe sends the browser to. */
  authorize(options?: {
    decision?: 'connect' | 'cancel';
    account?: string;
    method?: 'connect' | 'app';
    as?: string;
  }): Promise<URL>;
  /** Opens that address and returns where the browser ends up. */
  callback(url: URL, as?: string): Promise<URL>;
  connect(): Promise<string>;
  /** Runs all workers and delivers all webhooks until nothing is due now. */
  settle(stripe?: StripeIngest): Promise<void>;
  /** Both clocks. */
  advance(by: { days?: number; hours?: number; minutes?: number; seconds?: number }): Promise<void>;
  ledger(): Promise<{ eventId: string; type: string; via: string; workspaceId: string }[]>;
  objects(): Promise<{ id: string; type: string; times: number }[]>;
  close(): Promise<void>;
}

/** Writes what was read into a table, in the caller's transaction. */
const recordObjects: ApplyObjects = async (tx, input) => {
  for (const object of input.objects as { id: string; object: string }[]) {
    await tx.query({ text: 'insert into read_object values ($1, $2)', values: [object.id, object.object] });
  }
};

/** One database for all tests of a file: emptying it takes a tenth of opening another. */
let shared: Promise<Db> | undefined;

async function emptyDb(): Promise<Db> {
  shared ??= openTestDb();
  const db = await shared;
  await db.execute('create table if not exists read_object (id text, type text)');
  await db.execute(`truncate read_object, stripe_object, inbox_event, inbox_pending, inbox_unclaimed, connect_state, stripe_endpoint,
    backfill_run, stripe_limit, stripe_read_count, stripe_duty, stripe_account, workspace cascade`);
  return db;
}

/** For `afterAll`. */
export async function closeIngestDb(): Promise<void> {
  const mine = shared;
  shared = undefined;
  await (await mine)?.close();
}

export async function startIngestWorld(
  options: { simulator?: Partial<SimulatorOptions>; hasApp?: boolean } = {},
): Promise<IngestWorld> {
  const db = await emptyDb();
  const clock = new MovableClock(NOW);
  const sim = await startSimulator({ now: NOW, readOnlyKeys: true, ...options.simulator });
  const port = await freePort();
  const config: StripeConfig = {
    platform: { secretKey: sim.keys.platformTest, clientId: sim.clientId },
    app: options.hasApp === true ? { secretKey: sim.keys.platformTest, clientId: sim.appClientId } : null,
    apiBase: sim.url,
    baseUrl: `http://127.0.0.1:${port}`,
  };
  const [workspaceId, live, personId] = [newId(), newId(), newId()];
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'Test', 'test', now()), ($2, 'Live', 'live', now())`,
    values: [workspaceId, live],
  });
  await db.query({
    text: `update workspace set twin_id = case id when $1 then $2::uuid else $1::uuid end where id in ($1, $2)`,
    values: [workspaceId, live],
  });
  const another: IngestWorld['another'] = (over = {}) =>
    createStripeIngest({
      db,
      clock: over.clock ?? clock,
      log: silentLog,
      secretBox,
      inbox: createInbox({ db, clock }),
      config: { ...config, ...over.config },
      applyObjects: over.applyObjects ?? recordObjects,
      requestsPerSecond: over.requestsPerSecond ?? null,
    });
  const stripe = another();
  const app = await listen({ stripe, port, workspaceId, personId });

  const authorize: IngestWorld['authorize'] = async (over = {}) => {
    const method = over.method ?? 'connect';
    const there = new URL(await stripe.start({ workspaceId, personId: over.as ?? personId, method }));
    const answer = await fetch(`${sim.url}/oauth/decide`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        client_id: there.searchParams.get('client_id') ?? '',
        redirect_uri: there.searchParams.get('redirect_uri') ?? '',
        state: there.searchParams.get('state') ?? '',
        scope: method === 'connect' ? 'read_write' : 'stripe_apps',
        account: over.account ?? sim.companyAccount,
        decision: over.decision ?? 'connect',
      }),
    });
    return new URL(answer.headers.get('location') ?? '');
  };
  const callback: IngestWorld['callback'] = async (url, as) => {
    const answer = await fetch(url, { redirect: 'manual', headers: { 'x-person': as ?? personId } });
    return new URL(answer.headers.get('location') ?? '', url);
  };
  const settle: IngestWorld['settle'] = async (which = stripe) => {
    for (let round = 0; round < 50; round++) {
      let handled = 0;
      for (const worker of which.workers) handled += await worker.runOnce();
      await sim.drainDeliveries();
      if (handled === 0) return;
    }
    throw new Error('did not settle');
  };
  return {
    db,
    clock,
    sim,
    stripe,
    config,
    app,
    workspaceId,
    live,
    personId,
    another,
    authorize,
    callback,
    settle,
    async connect() {
      const end = await callback(await authorize());
      await settle();
      return end.searchParams.get('connected') ?? `failed: ${end.searchParams.get('error')}`;
    },
    async advance(by) {
      clock.advance(by);
      await sim.advance(by);
    },
    ledger: () =>
      many(db, {
        text: 'select event_id as "eventId", type, via, workspace_id as "workspaceId" from inbox_event order by seq',
      }),
    objects: () =>
      many(db, {
        text: 'select id, type, count(*)::int as times from read_object group by id, type order by type, id',
      }),
    async close() {
      await app.close();
      await sim.close();
    },
  };
}

async function listen(input: {
  stripe: StripeIngest;
  port: number;
  workspaceId: string;
  personId: string;
}): Promise<FastifyInstance> {
  const app = Fastify() as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  app.decorateRequest('access', {
    getter(): Access {
      return { workspaceId: input.workspaceId, personId: input.personId, role: 'owner', via: 'session' };
    },
  });
  await app.register(stripeWebhookRoutes({ receive: (webhook) => input.stripe.receive(webhook) }));
  await app.register(
    connectionRoutes({
      stripe: input.stripe,
      personOf: async (request) => request.headers['x-person']?.toString() ?? null,
    }),
  );
  await app.listen({ port: input.port, host: '127.0.0.1' });
  return app;
}

export async function countRows(db: Db, table: string): Promise<number> {
  return (await one<{ n: number }>(db, { text: `select count(*)::int as n from ${table}` }))?.n ?? -1;
}
