/**
 * The whole product in one process: the simulated Stripe, the engine on a database of its own, one clock for both. Tests
 * make things happen in Stripe or in the app, call `settle`, and look at what a person would see. Nothing sleeps.
 */
import { randomBytes } from 'node:crypto';
import type { BusEvent } from '#bus/index.ts';
import { ensureDemo, insertWriteKey } from '#access/index.ts';
import { MovableClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { many, one, type Db } from '#db/db.ts';
import { createEngine, type Engine } from '../../src/main.ts';
import { readConfig } from '../../src/config.ts';
import { startSimulator, type Simulator } from '@growthos/simulator/server.ts';
import { createMatchContacts, installTemplate, switchOn } from '#respond/sequences/index.ts';
import { openTestDb } from './database.ts';
import { freePort } from './free-port.ts';

export interface World {
  readonly stripe: Simulator;
  readonly engine: Engine;
  readonly db: Db;
  readonly clock: MovableClock;
  readonly workspaceId: string;
  readonly writeKey: string;
  /** Delivers every webhook and works off everything that is due, until nothing is left. */
  settle(): Promise<void>;
  /** Both clocks, in step: what falls due on the way happens at its own instant. */
  advance(by: { days?: number; hours?: number; minutes?: number }): Promise<void>;
  /** Connects the simulated company's account as its owner would, and reads its history. */
  connect(): Promise<void>;
  /** A call of the API as the signed-in owner. */
  api<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Installs a sequence template and switches it on. */
  switchOn(key: string): Promise<void>;
  track(event: string, userId: string, properties?: Record<string, unknown>): Promise<void>;
  contact(email: string): Promise<Record<string, unknown> & { id: string }>;
  events(type?: string): Promise<Pick<BusEvent, 'type' | 'data' | 'contactId'>[]>;
  mails(): Promise<{ to: string; subject: string; text: string }[]>;
  close(): Promise<void>;
}

const START = new Date('2026-11-24T09:00:00Z');
const ROUNDS_MAX = 200;

export async function startWorld(options: { company?: boolean; now?: Date } = {}): Promise<World> {
  const now = options.now ?? START;
  const clock = new MovableClock(now);
  const db = await openTestDb();
  const port = await freePort();
  let engine: Engine | undefined;
  const follow = async (to: Date): Promise<void> => {
    await engine?.settle();
    clock.moveTo(to);
    await engine?.settle();
  };
  const stripe = await startSimulator({ now, company: options.company ?? false, readOnlyKeys: true, onClock: follow });
  const baseUrl = `http://127.0.0.1:${port}`;
  const config = readConfig({
    BASE_URL: baseUrl,
    PORT: String(port),
    SECRET_KEY: randomBytes(32).toString('base64'),
    STRIPE_API_BASE: stripe.url,
    STRIPE_SECRET_KEY: stripe.keys.platformTest,
    STRIPE_CLIENT_ID: stripe.clientId,
    DEMO: 'true',
    LOG_LEVEL: 'silent',
  });
  engine = await createEngine(config, { clock, db, log: silentLog, stripeRequestsPerSecond: null });
  await engine.app.listen({ host: '127.0.0.1', port });
  const running = engine;
  const { testId: workspaceId } = await ensureDemo(running, { secret: running.secretKey });
  const { key: writeKey } = await insertWriteKey(running, { workspaceId, name: 'World' });
  const cookie = await signIn(baseUrl);

  const settle = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      await stripe.drainDeliveries();
      const before = await progressOf(db);
      await running.settle();
      await stripe.drainDeliveries();
      if ((await progressOf(db)) === before && round > 0) return;
    }
    throw new Error('the world did not come to rest');
  };
  const api = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { cookie, origin: baseUrl, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return (text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text) as T;
  };
  return {
    stripe,
    engine: running,
    db,
    clock,
    workspaceId,
    writeKey,
    settle,
    api,
    async advance(by) {
      await settle();
      await stripe.advance({ ...by, deliver: 'along' });
      await settle();
    },
    async connect() {
      await connect({ api, cookie, stripe });
      await settle();
    },
    async switchOn(key) {
      const deps = { ...running, matchContacts: createMatchContacts(running) };
      const { id: sequenceId } = await installTemplate(deps, { workspaceId, key, by: null });
      const cause = { kind: 'person' as const, id: null };
      await switchOn(deps, { workspaceId, sequenceId, includeNow: false, cause });
    },
    async track(event, userId, properties = {}) {
      const answer = await fetch(`${baseUrl}/v1/track`, {
        method: 'POST',
        headers: { 'x-write-key': writeKey },
        body: JSON.stringify({ event, userId, properties, timestamp: clock.now().toISOString() }),
      });
      if (!answer.ok) throw new Error(`track answered ${answer.status}: ${await answer.text()}`);
    },
    async contact(email) {
      const row = await one<Record<string, unknown> & { id: string }>(db, {
        text: 'select * from contact where workspace_id = $1 and lower(email) = lower($2) and merged_into is null',
        values: [workspaceId, email],
      });
      if (!row) throw new Error(`no contact with the e-mail ${email}`);
      return row;
    },
    events: (type) =>
      many(db, {
        text: `select type, data, contact_id as "contactId" from bus_event where workspace_id = $1 and ($2::text is null or type = $2) order by position`,
        values: [workspaceId, type ?? null],
      }),
    async mails() {
      return many(db, {
        text: `select to_address as "to", subject, body_text as text from captured_email where workspace_id = $1 order by captured_at, message_id`,
        values: [workspaceId],
      });
    },
    async close() {
      await running.stop();
      await stripe.close();
      await db.close();
    },
  };
}

/** What tells that something happened: any of these grows with any work. */
async function progressOf(db: Db): Promise<string> {
  const row = await one<{ progress: string }>(db, {
    text: `select concat_ws('/', (select count(*) from inbox_event), (select count(*) from inbox_pending),
             (select coalesce(max(position), 0) from bus_event), (select count(*) from message where status in ('requested', 'sending'))) as progress`,
  });
  return row?.progress ?? '';
}

async function signIn(baseUrl: string): Promise<string> {
  const answer = await fetch(`${baseUrl}/api/session/demo`, { method: 'POST', headers: { origin: baseUrl } });
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

async function connect(input: { api: World['api']; cookie: string; stripe: Simulator }): Promise<void> {
  const { url } = await input.api<{ url: string }>('POST', '/api/connections/start', { method: 'connect' });
  const asked = new URL(url).searchParams;
  const decided = await fetch(`${input.stripe.url}/oauth/decide`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({
      ...Object.fromEntries(asked),
      livemode: 'false',
      decision: 'connect',
      account: input.stripe.companyAccount,
    }),
  });
  const back = await fetch(decided.headers.get('location') ?? '', {
    headers: { cookie: input.cookie },
    redirect: 'manual',
  });
  const page = back.headers.get('location') ?? '';
  if (!page.includes('connected=')) throw new Error(`connecting failed: ${back.status} ${page}`);
}
