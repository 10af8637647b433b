import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { UpstreamUnavailableError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { many, one, type Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { createInbox, INBOX_CHANNEL, type InboxEvent } from '../index.ts';

let db: Db;
const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
const workspaceId = newId();

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(() => db.execute('truncate inbox_event, inbox_pending'));

const event = (n: number, over: Partial<InboxEvent> = {}): InboxEvent => ({
  workspaceId,
  source: 'stripe',
  origin: 'acct_1',
  eventId: `evt_${n}`,
  type: 'customer.updated',
  subject: 'cus_1',
  livemode: false,
  createdS: 1_790_000_000,
  via: 'webhook',
  payload: JSON.stringify({ id: `evt_${n}`, text: 'naïve \u0000 ☃' }),
  ...over,
});
const counts = async (): Promise<{ events: number; pending: number } | undefined> =>
  one(db, {
    text: `select (select count(*)::int from inbox_event) as events, (select count(*)::int from inbox_pending) as pending`,
  });

test('an accepted event is in the ledger and pending, byte for byte, before the answer', async () => {
  const inbox = createInbox({ db, clock });
  expect(await inbox.store(event(1))).toBe('accepted');
  const row = await one<{ payload: string; received_at: Date; pending: bigint }>(db, {
    text: 'select payload, received_at, p.seq as pending from inbox_event e join inbox_pending p using (seq)',
  });
  expect(row?.payload).toBe(event(1).payload);
  expect(row?.received_at).toEqual(clock.now());
});

test('of many callers with the same event exactly one hears accepted', async () => {
  const inbox = createInbox({ db, clock });
  const other = createInbox({ db, clock });
  const outcomes = await Promise.all([
    ...Array.from({ length: 450 }, (_, n) => inbox.store(event(n % 90))),
    ...Array.from({ length: 90 }, (_, n) => other.store(event(n))),
  ]);
  expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(90);
  expect(await counts()).toEqual({ events: 90, pending: 90 });
});

test('the same event id of two accounts is two events', async () => {
  const inbox = createInbox({ db, clock });
  expect(await inbox.storeMany([event(1), event(1, { origin: 'acct_2' }), event(1)])).toEqual([
    'accepted',
    'accepted',
    'duplicate',
  ]);
});

test('a duplicate of an applied event does not become pending again', async () => {
  const inbox = createInbox({ db, clock });
  await inbox.store(event(1));
  await db.execute('truncate inbox_pending');
  expect(await inbox.store(event(1))).toBe('duplicate');
  expect(await counts()).toEqual({ events: 1, pending: 0 });
});

test('a row that the database refuses does not take its neighbours with it', async () => {
  const inbox = createInbox({ db, clock });
  const outcomes = await Promise.allSettled([
    inbox.store(event(1)),
    inbox.store(event(2, { type: 'nul \u0000 byte' })),
    inbox.store(event(3)),
  ]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await counts()).toEqual({ events: 2, pending: 2 });
});

test('what the database cannot take is refused as retryable, and a later try succeeds', async () => {
  let isDown = true;
  const flaky: Db = {
    ...db,
    query: (statement) => (isDown ? Promise.reject(new Error('connection lost')) : db.query(statement)),
  };
  const inbox = createInbox({ db: flaky, clock });
  await expect(inbox.store(event(1))).rejects.toBeInstanceOf(UpstreamUnavailableError);
  expect(await counts()).toEqual({ events: 0, pending: 0 });
  isDown = false;
  expect(await inbox.store(event(1))).toBe('accepted');
});

test('events stored one after the other stand in the ledger in that order', async () => {
  const inbox = createInbox({ db, clock });
  for (let n = 0; n < 20; n++) await inbox.store(event(n));
  await inbox.storeMany(Array.from({ length: 20 }, (_, n) => event(20 + n)));
  const rows = await many<{ event_id: string }>(db, { text: 'select event_id from inbox_event order by seq' });
  expect(rows.map((row) => row.event_id)).toEqual(Array.from({ length: 40 }, (_, n) => `evt_${n}`));
});

test('storing wakes whoever listens', async () => {
  const inbox = createInbox({ db, clock });
  let wake = (): void => undefined;
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const stop = await db.listen(INBOX_CHANNEL, () => wake());
  await inbox.store(event(1));
  await woken;
  await stop();
});
