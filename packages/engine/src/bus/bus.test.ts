import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { many, type Db } from '#db/db.ts';
import { openTestDb } from '../../test/world/database.ts';
import {
  consumerWorker,
  createPublisher,
  replayDeadLetter,
  type BusEvent,
  type Consumer,
  type NewBusEvent,
} from './index.ts';

let db: Db;
const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
const publisher = createPublisher({ clock });
const workspaceId = newId();

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(() => db.execute('truncate bus_event, bus_consumer, bus_dead_letter'));

const event = (type: string, extra: Partial<NewBusEvent> = {}): NewBusEvent => ({
  workspaceId,
  contactId: null,
  type,
  source: 'app',
  time: clock.now(),
  data: { n: 1 },
  cause: null,
  ...extra,
});
const publish = (...events: NewBusEvent[]): Promise<void> =>
  db.transaction(async (tx) => publisher.publish(tx, events));
const recorder = (seen: BusEvent[], over: Partial<Consumer> = {}): Consumer => ({
  name: 'recorder',
  types: null,
  batchSizeMax: 10,
  from: 'oldest',
  async handle(_tx, events) {
    seen.push(...events);
  },
  ...over,
});
async function drain(consumer: Consumer): Promise<void> {
  const worker = consumerWorker({ db, clock, log: silentLog }, consumer);
  for (let round = 0; round < 200; round++) {
    const handled = await worker.runOnce();
    if (handled > 0) continue;
    const due = await worker.nextDueAt?.();
    if (!due || due <= clock.now()) {
      if (!due) return;
    } else clock.moveTo(due);
  }
  throw new Error('did not settle');
}

test('events arrive once, in the order of their commits, with their attributes', async () => {
  await publish(event('a', { data: { amount: 5 } }), event('b'));
  await publish(event('c'));
  const seen: BusEvent[] = [];
  await drain(recorder(seen));
  await drain(recorder(seen));
  expect(seen.map((e) => e.type)).toEqual(['a', 'b', 'c']);
  expect(seen[0]).toMatchObject({ workspaceId, data: { amount: 5 }, source: 'app', cause: null });
  expect(seen[0]?.time).toEqual(clock.now());
});

test('an event of a rolled back transaction is never seen', async () => {
  await expect(
    db.transaction(async (tx) => {
      publisher.publish(tx, [event('ghost')]);
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  const seen: BusEvent[] = [];
  await drain(recorder(seen));
  expect(seen).toEqual([]);
});

test('the same fact told twice makes one event', async () => {
  await publish(event('paid', { dedupeKey: 'paid:in_1' }), event('paid', { dedupeKey: 'paid:in_1' }));
  await publish(event('paid', { dedupeKey: 'paid:in_1' }), event('other'));
  const seen: BusEvent[] = [];
  await drain(recorder(seen));
  expect(seen.map((e) => e.type)).toEqual(['paid', 'other']);
});

test('a consumer that wants some types steps over the others and still meets later ones', async () => {
  const seen: BusEvent[] = [];
  const consumer = recorder(seen, { types: ['wanted'], batchSizeMax: 2 });
  await publish(event('x'), event('wanted'), event('x'), event('wanted'), event('x'), event('wanted'));
  await drain(consumer);
  await publish(event('x'), event('wanted'));
  await drain(consumer);
  expect(seen).toHaveLength(4);
});

test('one bad event goes to the dead letters with its reason, the others are handled once, and it can be replayed', async () => {
  await publish(event('ok1'), event('bad'), event('ok2'));
  const done: string[] = [];
  let isMended = false;
  const consumer = recorder([], {
    async handle(tx, events) {
      for (const e of events) {
        if (e.type === 'bad' && !isMended) throw new Error('cannot read this');
        await tx.query({
          text: 'insert into bus_consumer (name, position, updated_at) values ($1, 0, now())',
          values: [`done:${e.type}`],
        });
      }
    },
  });
  await drain(consumer);
  const names = await many<{ name: string }>(db, {
    text: `select name from bus_consumer where name like 'done:%' order by 1`,
  });
  expect(names.map((r) => r.name)).toEqual(['done:ok1', 'done:ok2']);
  const letters = await many<{ id: string; error: string }>(db, { text: 'select id, error from bus_dead_letter' });
  expect(letters).toMatchObject([{ error: 'cannot read this' }]);
  isMended = true;
  await replayDeadLetter({ db, clock, consumers: [consumer] }, { workspaceId, deadLetterId: letters[0]?.id ?? '' });
  expect(await many(db, { text: `select 1 from bus_consumer where name = 'done:bad'` })).toHaveLength(1);
  expect(done).toEqual([]);
});

test('a consumer that starts now hears nothing of before', async () => {
  await publish(event('before'));
  const seen: BusEvent[] = [];
  const consumer = recorder(seen, { from: 'now', name: 'late' });
  await drain(consumer);
  await publish(event('after'));
  await drain(consumer);
  expect(seen.map((e) => e.type)).toEqual(['after']);
});
