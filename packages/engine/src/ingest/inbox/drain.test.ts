import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { CrashedError, NotFoundError, UpstreamUnavailableError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { many, type Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { createInbox, drainWorker, replayDead, type ApplyEvents, type InboxEvent, type StoredEvent } from '../index.ts';

let db: Db;
let clock: MovableClock;
const workspaceId = newId();

beforeAll(async () => {
  db = await openTestDb();
  await db.execute('create table applied (seq bigint, event_id text)');
});
afterAll(() => db.close());
beforeEach(async () => {
  clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
  await db.execute('truncate inbox_event, inbox_pending, inbox_dead, applied');
});

const event = (id: string, over: Partial<InboxEvent> = {}): InboxEvent => ({
  workspaceId,
  source: 'stripe',
  origin: 'acct_1',
  eventId: id,
  type: 'customer.updated',
  subject: id,
  livemode: false,
  createdS: 1_790_000_000,
  via: 'webhook',
  payload: JSON.stringify({ id, amount: 2000 }),
  ...over,
});
const record: ApplyEvents = async (tx, events) => {
  for (const { seq, eventId } of events) {
    await tx.query({ text: 'insert into applied values ($1, $2)', values: [seq, eventId] });
  }
};
const worker = (stripe: ApplyEvents, batchSizeMax?: number) =>
  drainWorker(
    { db, clock, log: silentLog, apply: { stripe, track: record } },
    batchSizeMax === undefined ? {} : { batchSizeMax },
  );
const store = (...events: InboxEvent[]) => createInbox({ db, clock }).storeMany(events);
const applied = async (): Promise<string[]> =>
  (await many<{ event_id: string }>(db, { text: 'select event_id from applied order by ctid' })).map((r) => r.event_id);
/** Runs until nothing is left to do, moving the clock to whatever is due next. */
async function settle(drain: ReturnType<typeof worker>): Promise<void> {
  for (let round = 0; round < 100; round++) {
    if ((await drain.runOnce()) > 0) continue;
    const due = await drain.nextDueAt?.();
    if (!due) return;
    if (due > clock.now()) clock.moveTo(due);
  }
  throw new Error('did not settle');
}

test('events reach the apply function of their source once, parsed, in the order of the ledger', async () => {
  const seen: StoredEvent[] = [];
  const tracked: StoredEvent[] = [];
  await store(event('a'), event('b', { source: 'track', origin: workspaceId, via: 'api' }), event('c'));
  const drain = drainWorker({
    db,
    clock,
    log: silentLog,
    apply: {
      stripe: async (_tx, events) => void seen.push(...events),
      track: async (_tx, events) => void tracked.push(...events),
    },
  });
  expect(await drain.runOnce()).toBe(3);
  expect(await drain.runOnce()).toBe(0);
  expect(seen.map((e) => e.eventId)).toEqual(['a', 'c']);
  expect(tracked.map((e) => e.eventId)).toEqual(['b']);
  expect(seen[0]).toEqual({
    ...event('a'),
    payload: { id: 'a', amount: 2000 },
    seq: seen[0]?.seq,
    receivedAt: clock.now(),
  });
});

test('what is applied and what is off the list commit together', async () => {
  await store(event('a'), event('b'));
  let isFirst = true;
  const drain = worker(async (tx, events) => {
    await record(tx, events);
    if (isFirst) {
      isFirst = false;
      throw new Error('after the writes');
    }
  });
  await drain.runOnce();
  expect(await applied()).toEqual([]);
  await settle(drain);
  expect(await applied()).toEqual(['a', 'b']);
});

test('one bad event is buried with its reason after five tries, and holds up nobody', async () => {
  await store(event('a'), event('bad'), event('c'));
  let tries = 0;
  const drain = worker(async (tx, events) => {
    await record(tx, events);
    if (events.some((e) => e.eventId === 'bad')) {
      tries += 1;
      throw new Error('no such price');
    }
  });
  await settle(drain);
  expect(await applied()).toEqual(['a', 'c']);
  expect(tries).toBe(5);
  const dead = await many(db, { text: 'select error, attempts from inbox_dead' });
  expect(dead).toEqual([{ error: 'no such price', attempts: 5 }]);
  expect(await many(db, { text: 'select seq from inbox_pending' })).toEqual([]);
});

test('a buried event can be replayed once, by its own workspace', async () => {
  await store(event('bad'));
  let isBroken = true;
  const drain = worker(async (tx, events) => {
    if (isBroken) throw new Error('broken');
    await record(tx, events);
  });
  await settle(drain);
  const [dead] = await many<{ seq: bigint }>(db, { text: 'select seq from inbox_dead' });
  const seq = dead?.seq ?? 0n;
  await expect(replayDead({ db }, { workspaceId: newId(), seq })).rejects.toBeInstanceOf(NotFoundError);
  isBroken = false;
  await replayDead({ db }, { workspaceId, seq });
  await settle(drain);
  expect(await applied()).toEqual(['bad']);
  await expect(replayDead({ db }, { workspaceId, seq })).rejects.toBeInstanceOf(NotFoundError);
});

test('while an event waits for another try, the same subject waits behind it and others pass', async () => {
  await store(event('a1', { subject: 'ada' }), event('a2', { subject: 'ada' }), event('g1', { subject: 'grace' }));
  let failures = 3;
  const drain = worker(async (tx, events) => {
    if (failures > 0 && events.some((e) => e.eventId === 'a1')) {
      failures -= 1;
      throw new Error('not yet');
    }
    await record(tx, events);
  }, 1);
  await settle(drain);
  expect(await applied()).toEqual(['g1', 'a1', 'a2']);
});

test('a passing trouble never buries an event, however long it lasts', async () => {
  await store(event('a'));
  let isDown = true;
  const drain = worker(async (tx, events) => {
    if (isDown) throw new UpstreamUnavailableError('stripe', { cause: new Error('ECONNREFUSED') });
    await record(tx, events);
  });
  for (let n = 0; n < 20; n++) {
    expect(await drain.runOnce()).toBe(1);
    expect(await drain.runOnce()).toBe(0);
    clock.advance({ minutes: 1 });
  }
  isDown = false;
  await settle(drain);
  expect(await applied()).toEqual(['a']);
});

test('a death in the middle of a batch leaves it pending, without counting a try', async () => {
  await store(event('a'));
  const dying = worker(async (tx, events) => {
    await record(tx, events);
    throw new CrashedError('died');
  });
  await expect(dying.runOnce()).rejects.toBeInstanceOf(CrashedError);
  expect(await many(db, { text: 'select attempts, not_before from inbox_pending' })).toEqual([
    { attempts: 0, not_before: null },
  ]);
  await settle(worker(record));
  expect(await applied()).toEqual(['a']);
});
