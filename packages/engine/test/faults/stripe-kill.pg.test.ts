/**
 * kill -9 of the server, again and again, while it reads an account's history and takes its webhooks. A second server, on
 * a database of its own and connected to the same simulated account, is left alone: both must end with the same people,
 * the same figures and the same events. `KILLS=50 DATABASE_URL=... npx vitest run packages/engine/test/faults/stripe-kill`
 * (default 3: each costs the start of a process). With `INSTALLED=1` all lives but the first and the last
 * are those of an installation, with the workers in a thread of their own.
 */
import { startSimulator } from '@growthos/simulator/server.ts';
import type { Simulator } from '@growthos/simulator/simulator.ts';
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { many, one, type Db } from '#db/db.ts';
import { openServerTestDb, SERVER_URL } from '../world/database.ts';
import { createServerProcess, type ServerProcess } from './server-process.ts';

const KILLS = Number(process.env['KILLS'] ?? 3);
const STEPS_PER_LIFE = 6;
/** Every so many lives the server dies while it starts. */
const DIES_STARTING_EVERY = 7;
const BULK_CUSTOMERS = 1_000;
const LIFE: Readonly<Record<string, string>> = process.env['INSTALLED'] === undefined ? {} : { DEMO: 'false' };

interface Side {
  readonly db: Db;
  readonly server: ServerProcess;
  connectionId: string;
}

describe.skipIf(SERVER_URL === null)('kill -9 (needs DATABASE_URL)', () => {
  let sim: Simulator;
  let killed: Side;
  let undisturbed: Side;

  beforeAll(async () => {
    sim = await startSimulator({ now: new Date(), clock: 'running', deliver: 'auto', readOnlyKeys: true });
    await sim.bulkLoad({ customers: BULK_CUSTOMERS });
    const platform = { STRIPE_SECRET_KEY: sim.keys.platformTest, STRIPE_CLIENT_ID: sim.clientId };
    [killed, undisturbed] = await Promise.all([open(platform), open({})]);
    const { connection } = await undisturbed.server.api<{ connection: { id: string } }>(
      'POST',
      '/api/connections/restricted-key',
      { key: sim.keys.companyRestrictedWithWebhooks },
    );
    undisturbed.connectionId = connection.id;
    killed.connectionId = await connect(killed.server, sim);
    // What a plan is called is part of an event: both servers know the catalogue before anything happens.
    for (const { db } of [killed, undisturbed]) await untilCatalogueIsRead(db);
  }, 120_000);
  afterAll(async () => {
    for (const side of [killed, undisturbed]) {
      await side?.server.kill();
      await side?.db.close();
    }
    await sim?.close();
  });

  async function open(env: Readonly<Record<string, string>>): Promise<Side> {
    const { db, databaseUrl } = await openServerTestDb(SERVER_URL ?? '');
    const server = await createServerProcess({
      DATABASE_URL: databaseUrl,
      DATABASE_POOL_SIZE: '6',
      STRIPE_API_BASE: sim.url,
      ...env,
    });
    await server.start();
    return { db, server, connectionId: '' };
  }

  test(
    `${KILLS} deaths during backfill and ingest lose nothing, tell nothing twice, and end where an undisturbed server ends`,
    async () => {
      let duringBackfill = 0;
      let withPending = 0;
      for (let life = 0; life < KILLS; life++) {
        const isDyingYoung = life % DIES_STARTING_EVERY === DIES_STARTING_EVERY - 1;
        if (life > 0 && isDyingYoung) killed.server.launch(LIFE);
        else if (life > 0) await killed.server.start(LIFE);
        if (!isDyingYoung) await keepReading(killed);
        for (let step = 0; step < STEPS_PER_LIFE; step++) {
          await act(sim, life * STEPS_PER_LIFE + step);
          await pause(Math.random() * 60);
        }
        await pause(Math.random() * (isDyingYoung ? 3_000 : 500));
        await killed.server.kill();
        const left = await afterDeath(killed.db);
        if (left.isReading) duringBackfill += 1;
        if (left.pending > 0) withPending += 1;
      }
      process.stdout.write(
        `${KILLS} kills: ${duringBackfill} while the history was being read, ${withPending} with events stored and not applied\n`,
      );
      expect(duringBackfill).toBeGreaterThan(0);

      await killed.server.start();
      await Promise.all([comeToRest(killed), comeToRest(undisturbed)]);
      await expectNothingLost(sim, killed);
      expect(await contactsOf(killed)).toEqual(await contactsOf(undisturbed));
      const told = await billingEventsOf(killed);
      expect(new Set(told).size, 'no event twice').toBe(told.length);
      expect(told).toEqual(await billingEventsOf(undisturbed));
      await expectUnbrokenHistory(killed);
      expect(sim.violations()).toEqual([]);
    },
    120_000 + KILLS * 20_000,
  );
});

/** What happens in Stripe at one step: each person signs up, changes plan, fails to pay, pays and leaves, a step each. */
async function act(sim: Simulator, step: number): Promise<void> {
  const who = (back: number) => ({ email: `person${step - back}@example.test` });
  await sim.createCustomer({ ...who(0), metadata: { user_id: `u_${step}` } });
  await sim.subscribe({ ...who(0), price: 'starter_monthly', ...(step % 3 === 0 ? { trialDays: 14 } : {}) });
  if (step >= 1) await sim.changePlan({ ...who(1), price: 'pro_monthly' });
  if (step >= 2) await sim.failNextPayment({ ...who(2), renewNow: true });
  if (step >= 3) await sim.payOpenInvoice(who(3));
  if (step >= 4) await sim.chargeOnce({ ...who(4), amountMinor: 100 + step });
  if (step >= 5) await sim.cancel({ ...who(5), reason: 'cancellation_requested' });
}

async function connect(server: ServerProcess, sim: Simulator): Promise<string> {
  const { url } = await server.api<{ url: string }>('POST', '/api/connections/start', { method: 'connect' });
  const decided = await fetch(`${sim.url}/oauth/decide`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({
      ...Object.fromEntries(new URL(url).searchParams),
      livemode: 'false',
      decision: 'connect',
      account: sim.companyAccount,
    }),
  });
  const back = await fetch(decided.headers.get('location') ?? '', {
    headers: { cookie: await server.cookie() },
    redirect: 'manual',
  });
  const id = new URL(back.headers.get('location') ?? '', server.url).searchParams.get('connected');
  if (id === null) throw new Error(`connecting failed: ${back.status} ${back.headers.get('location')}`);
  return id;
}

async function untilCatalogueIsRead(db: Db): Promise<void> {
  for (;;) {
    const row = await one<{ n: number }>(db, {
      text: `select count(*)::int as n from backfill_list where state = 'done' and type in ('products', 'prices', 'prices_inactive')`,
    });
    if (row?.n === 3) return;
    await pause(50);
  }
}

/** The history is being read at every death: when it has been read, it is read again. */
async function keepReading(side: Side): Promise<void> {
  const running = await one(side.db, { text: `select 1 from backfill_run where state = 'running'` });
  if (running === undefined) await side.server.api('POST', `/api/connections/${side.connectionId}/backfill`);
}

/** Looks at what a death left, and ends the leases of the dead: the seconds that they would still hold up the next life. */
async function afterDeath(db: Db): Promise<{ isReading: boolean; pending: number }> {
  const left = await one<{ isReading: boolean; pending: number }>(db, {
    text: `select exists (select 1 from backfill_run where state = 'running') as "isReading",
             (select count(*)::int from inbox_pending) as pending`,
  });
  await db.query({ text: `update backfill_list set not_before = null where state in ('waiting', 'running')` });
  await db.query({ text: 'update stripe_duty set leased_until = null' });
  return left ?? { isReading: false, pending: 0 };
}

/** Compared with Stripe, read once more, ten minutes on (what a charge waits for its invoice), and nothing left to do. */
async function comeToRest({ server, connectionId }: Side): Promise<void> {
  await server.api('POST', '/demo/settle');
  await server.api('POST', `/api/connections/${connectionId}/reconcile`);
  await server.api('POST', '/demo/settle');
  await server.api('POST', `/api/connections/${connectionId}/backfill`);
  await server.api('POST', '/demo/clock', { now: new Date(Date.now() + 600_000).toISOString() });
}

async function expectNothingLost(sim: Simulator, { db }: Side): Promise<void> {
  const state = await one<{ pending: number; dead: number; running: number; letters: number }>(db, {
    text: `select (select count(*)::int from inbox_pending) as pending, (select count(*)::int from inbox_dead) as dead,
             (select count(*)::int from backfill_run where state <> 'done') as running,
             (select count(*)::int from bus_dead_letter) as letters`,
  });
  expect(state).toEqual({ pending: 0, dead: 0, running: 0, letters: 0 });
  const ledger = await many<{ id: string }>(db, {
    text: `select event_id as id from inbox_event where source = 'stripe'`,
  });
  const known = new Set(ledger.map(({ id }) => id));
  const wanted = await many<{ type: string }>(db, { text: 'select distinct type from inbox_event' });
  const types = new Set(wanted.map(({ type }) => type));
  const happened = sim.events().filter(({ type }) => types.has(type));
  expect(happened.length).toBeGreaterThan(KILLS * STEPS_PER_LIFE);
  expect(happened.filter(({ id }) => !known.has(id))).toEqual([]);
  expect(ledger.length).toBe(known.size);
}

const contactsOf = ({ db }: Side) =>
  many(db, {
    text: `select to_jsonb(c) - array['id', 'workspace_id', 'updated_at', 'created_at', 'billing_as_of'] as contact,
             (select array_agg(kind || ':' || value order by kind, value) from contact_identity i where i.contact_id = c.id) as identities,
             (select array_agg(s.key order by s.key) from segment_membership m join segment s on s.id = m.segment_id
                and s.version = m.version where m.contact_id = c.id and m.is_member) as segments
           from contact c where merged_into is null order by email`,
  });

/** Every billing event as one text. When a customer was linked, and by what, depends on which way it came first. */
async function billingEventsOf({ db }: Side): Promise<string[]> {
  const rows = await many<{ told: string }>(db, {
    text: `select type || ' ' || coalesce(dedupe_key, '') || ' ' || case when type = 'customer_linked' then '' else time::text end
             || ' ' || (data - 'linked_by')::text as told
           from bus_event where type = any($1) order by 1`,
    values: [Object.keys(BILLING_EVENTS)],
  });
  return rows.map(({ told }) => told);
}

/** Each change on the bus begins where the one before it ended, and the last one ends in what is stored. */
async function expectUnbrokenHistory({ db }: Side): Promise<void> {
  const rows = await many<{ breaks: number; changes: number; news: number; contacts: number }>(db, {
    text: `with told as (
             select e.contact_id, e.position, c->>'property' as property, c->'old' as old, c->'new' as new
             from bus_event e, jsonb_array_elements(e.data->'changes') c where e.type = 'contact_updated'
           ), chained as (
             select *, lag(new) over (partition by contact_id, property order by position) as before from told
           )
           select (select count(*)::int from chained where before is not null and before <> old) as breaks,
             (select count(*)::int from chained) as changes,
             (select count(*)::int from bus_event where type = 'contact_updated' and (data->>'is_new')::boolean) as news,
             (select count(*)::int from contact) as contacts`,
  });
  const [found] = rows;
  expect(found?.changes).toBeGreaterThan(0);
  expect(found).toMatchObject({ breaks: 0, news: found?.contacts });
}
