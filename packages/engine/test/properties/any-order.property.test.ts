/**
 * Late, repeated, shuffled, in one second, some of them only by reconcile: the same events end in the same contacts and the
 * same GrowthOS events. Twenty lives share a database run, so that 1,000 of them take seconds, not minutes:
 * `LIVES=1000 npx vitest run packages/engine/test/properties/any-order` (the default is 200).
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addMs, MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { createPublisher } from '#bus/index.ts';
import { json, many, type Db } from '#db/db.ts';
import { applyStripeEvents, applyStripeObjects, oneOffChargeWorker, waitingFailuresWorker } from '#project/index.ts';
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { openTestDb } from '../world/database.ts';
import { type Life, type LifeEvent, liveLife } from '../world/stripe-life.ts';

const LIVES = Number(process.env['LIVES'] ?? 200);
const LIVES_PER_RUN = 20;
const START = new Date('2026-11-01T09:00:00Z');
const START_S = START.getTime() / 1000;
const ACCOUNT = 'acct_1';
let db: Db;

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

interface World {
  readonly contacts: readonly unknown[];
  readonly events: readonly string[];
}

async function play(input: {
  deliveries: readonly LifeEvent[];
  batchSizes: readonly number[];
  lives: readonly Life[];
}): Promise<World> {
  const workspaceId = newId();
  const endS = Math.max(...input.lives.map((life) => life.endS));
  const clock = new MovableClock(new Date((endS + 3600) * 1000));
  const publisher = createPublisher({ clock });
  await db.execute(
    'truncate workspace, contact, contact_identity, stripe_object, charge_waiting, failure_waiting, bus_event, inbox_event, identity_conflict, contact_merge cascade',
  );
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'W', 'test', $2)`,
    values: [workspaceId, START],
  });
  const seen = new Set<string>();
  let rest = [...input.deliveries];
  for (let round = 0; rest.length > 0; round++) {
    const size = 1 + ((input.batchSizes[round % input.batchSizes.length] ?? 0) % 40);
    // The ledger takes each event once; the second delivery of one is a duplicate and goes no further.
    const batch = rest.slice(0, size).filter((event) => !seen.has(event.id) && seen.add(event.id));
    rest = rest.slice(size);
    if (batch.length > 0) await deliver({ workspaceId, clock, publisher, batch });
  }
  await refetch({ clock, publisher, workspaceId, lives: input.lives, asOfS: endS + 60 });
  const late = [oneOffChargeWorker, waitingFailuresWorker].map((worker) => worker({ db, clock, publisher }));
  clock.moveTo(addMs(clock.now(), 3_600_000));
  for (const worker of late) while ((await worker.runOnce()) > 0);
  return readWorld();
}

type Engine = { workspaceId: string; clock: MovableClock; publisher: ReturnType<typeof createPublisher> };

async function deliver(input: Engine & { batch: readonly LifeEvent[] }): Promise<void> {
  const { workspaceId, clock, publisher, batch } = input;
  const events = batch.map(({ id, type, createdS, object, previous }) => ({
    workspaceId,
    origin: ACCOUNT,
    livemode: false,
    eventId: id,
    type,
    createdS,
    payload: {
      id,
      object: 'event',
      type,
      created: createdS,
      data: { object, ...(previous ? { previous_attributes: previous } : {}) },
    },
  }));
  await db.query({
    text: `insert into inbox_event (workspace_id, source, origin, event_id, type, subject, livemode, created_s, via, received_at, payload)
           select $1, 'stripe', $2, e.id, e.type, e.subject, false, e.created_s, 'webhook', $3, e.payload
           from unnest($4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[]) as e (id, type, subject, created_s, payload)`,
    values: [
      workspaceId,
      ACCOUNT,
      clock.now(),
      batch.map((e) => e.id),
      batch.map((e) => e.type),
      batch.map((e) => String(e.object['customer'] ?? e.object['id'])),
      batch.map((e) => e.createdS),
      events.map((e) => json(e.payload)),
    ],
  });
  await db.transaction((tx) => applyStripeEvents({ clock, publisher }, { tx, events }));
}

/** What the payloads could not decide is read again, as `ingest` does. */
async function refetch(input: Engine & { lives: readonly Life[]; asOfS: number }): Promise<void> {
  const wanted = await many<{ id: string }>(db, {
    text: `select distinct data->>'object_id' as id from bus_event where type = 'stripe.refetch_wanted'`,
  });
  const ids = new Set(wanted.map((row) => row.id));
  const objects = input.lives.flatMap((life) => life.finalObjects).filter((object) => ids.has(String(object['id'])));
  if (objects.length === 0) return;
  await db.transaction((tx) =>
    applyStripeObjects(input, {
      tx,
      workspaceId: input.workspaceId,
      stripeAccount: ACCOUNT,
      livemode: false,
      asOfS: input.asOfS,
      objects,
      cause: 'reconcile',
    }),
  );
}

async function readWorld(): Promise<World> {
  const contacts = await many<Record<string, unknown>>(db, {
    text: `select to_jsonb(c) - array['id', 'workspace_id', 'updated_at', 'created_at', 'billing_as_of'] as contact,
             (select array_agg(kind || ':' || value order by kind, value) from contact_identity i where i.contact_id = c.id) as identities
           from contact c where merged_into is null order by 2`,
  });
  const events = await many<{ told: string }>(db, {
    text: `select type || ' ' || coalesce(dedupe_key, '') || ' ' || case when type = 'customer_linked' then '' else time::text end || ' ' || (data - 'linked_by')::text as told from bus_event where type = any($1) order by 1`,
    values: [Object.keys(BILLING_EVENTS)],
  });
  return { contacts, events: events.map((event) => event.told) };
}

/** A permutation by sorting on drawn keys; some events come twice, some come last (they were lost, and reconcile found them). */
function shuffled(events: readonly LifeEvent[], keys: readonly number[]): LifeEvent[] {
  const keyed = events.flatMap((event, index) => {
    const key = keys[index % keys.length] ?? 0;
    const spread = (key * 2654435761 + index * 40503) % 1_000_003;
    const isLost = key % 7 === 0;
    const first = { event, key: isLost ? 2_000_000 + spread : spread };
    return key % 5 === 0 ? [first, { event, key: (spread * 31) % 3_000_001 }] : [first];
  });
  return keyed.sort((left, right) => left.key - right.key).map(({ event }) => event);
}

test('any order of the same events ends in the same contacts and the same GrowthOS events', async () => {
  let lives = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(1_000_000), { minLength: 2, maxLength: 24 }), {
        minLength: LIVES_PER_RUN,
        maxLength: LIVES_PER_RUN,
      }),
      fc.array(fc.nat(1_000_000), { minLength: 5, maxLength: 97 }),
      fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 7 }),
      async (allDraws, keys, batchSizes) => {
        const own = allDraws.map((draws, index) => liveLife({ index, startS: START_S + index, draws }));
        lives += own.length;
        const all = own.flatMap((life) => life.events);
        const inOrder = await play({ deliveries: all, batchSizes: [39], lives: own });
        const outOfOrder = await play({ deliveries: shuffled(all, keys), batchSizes, lives: own });
        expect(outOfOrder).toEqual(inOrder);
      },
    ),
    { numRuns: Math.ceil(LIVES / LIVES_PER_RUN), endOnFailure: true },
  );
  expect(lives).toBeGreaterThanOrEqual(LIVES);
}, 600_000);
