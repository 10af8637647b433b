import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addMs, MovableClock } from '#base/clock.ts';
import type { Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { createLimiter, type Limiter, type LimitScope } from './limiter.ts';

const START = new Date('2026-11-24T09:00:00Z');
const CUSTOMERS: LimitScope = { account: 'acct_1', livemode: false, resource: '/v1/customers' };
let db: Db;
let clock: MovableClock;

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  clock = new MovableClock(START);
  await db.execute('truncate stripe_limit');
});

const limiter = (): Limiter => createLimiter({ db, clock });
/** How many of so many requests may leave now, and when the first that may not should ask again. */
async function ask(count: number, of: Limiter = limiter()): Promise<{ left: number; again: Date | null }> {
  let left = 0;
  for (let n = 0; n < count; n++) {
    const again = await of.reserve(CUSTOMERS);
    if (again !== null) return { left, again };
    left += 1;
  }
  return { left, again: null };
}
const later = (ms: number): Date => clock.moveTo(addMs(START, ms));

test('25 requests leave in a second, from whichever process, and the next when the first of them is over', async () => {
  const [one, other] = [limiter(), limiter()];
  expect((await ask(20, one)).left).toBe(20);
  later(400);
  const { left, again } = await ask(20, other);
  expect(left).toBe(5);
  later(1_000);
  expect((await ask(1, one)).left).toBe(0);
  clock.moveTo(again ?? START);
  expect((await ask(40, one)).left).toBe(20);
});

test('whoever was held up catches up: no second is lost to a pause of ours', async () => {
  await ask(1);
  later(900);
  expect((await ask(40)).left).toBe(24);
});

test('each endpoint, account and mode has its own', async () => {
  await ask(25);
  for (const scope of [
    { ...CUSTOMERS, resource: '/v1/invoices' },
    { ...CUSTOMERS, account: 'acct_2' },
    { ...CUSTOMERS, livemode: true },
  ])
    expect(await limiter().reserve(scope)).toBeNull();
});

test('a pause that Stripe asked for is kept, also without a limit of our own', async () => {
  const free = createLimiter({ db, clock, requestsPerSecond: null });
  expect((await ask(100, free)).left).toBe(100);
  await free.pause(CUSTOMERS, { retryAfterMs: 3_000, reason: 'endpoint-rate' });
  later(2_000);
  for (const of of [free, limiter()]) expect(await ask(1, of)).toEqual({ left: 0, again: addMs(START, 3_000) });
  later(3_000);
  expect((await ask(1, free)).left).toBe(1);
});
