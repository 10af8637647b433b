/** What events alone do not decide is read again at Stripe, once per object. */
import Stripe from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { one } from '#db/db.ts';
import { startWorld, type World } from '../world/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
}, 60_000);
afterEach(async () => {
  expect(world.stripe.violations()).toEqual([]);
  await world.close();
});

const ITEMS = 12;

/** A subscription of twelve prices, 1.00 to 12.00 a month, made as an integration would make it. */
async function subscribeToMany(email: string): Promise<string> {
  const { host, port, keys } = world.stripe;
  const stripe = new Stripe(keys.companyTest, { host, port, protocol: 'http', telemetry: false });
  const customer = await world.stripe.createCustomer({ email });
  world.stripe.setReadOnly(false);
  const items: { price: string }[] = [];
  for (let nth = 1; nth <= ITEMS; nth++) {
    const product_data = { name: `Part ${nth}` };
    const recurring = { interval: 'month' as const };
    items.push({
      price: (await stripe.prices.create({ currency: 'usd', unit_amount: nth * 100, recurring, product_data })).id,
    });
  }
  const { id } = await stripe.subscriptions.create({ customer: String(customer['id']), items });
  world.stripe.setReadOnly(true);
  return id;
}

const reads = (path: string): number => world.stripe.requests().filter((request) => request.path === path).length;
const waiting = async (): Promise<number> =>
  (await one<{ n: number }>(world.db, { text: 'select count(*)::int as n from stripe_refetch' }))?.n ?? -1;

test('a subscription whose list of items comes cut off is read whole, and is worth what all its items are', async () => {
  await world.connect();
  const id = await subscribeToMany('ada@example.test');
  await world.settle();
  expect(await waiting()).toBe(1);
  // The read fails once, and is tried again.
  world.stripe.setFaults({ api500Next: 1 });
  await world.advance({ minutes: 1 });
  expect(await waiting()).toBe(1);
  await world.advance({ minutes: 1 });
  expect(await waiting()).toBe(0);
  const contact = await world.contact('ada@example.test');
  expect(String(contact['mrr_minor'])).toBe(String((100 * ITEMS * (ITEMS + 1)) / 2));
  expect(reads(`/v1/subscriptions/${id}`)).toBe(2);
});

test('a backfill reads cut-off lists to their end', async () => {
  const id = await subscribeToMany('grace@example.test');
  await world.advance({ minutes: 1 });
  await world.connect();
  expect(reads('/v1/subscription_items')).toBe(1);
  expect(reads(`/v1/subscriptions/${id}`)).toBe(0);
  const contact = await world.contact('grace@example.test');
  expect(String(contact['mrr_minor'])).toBe(String((100 * ITEMS * (ITEMS + 1)) / 2));
});

test('changes there and back within one second end in what Stripe has, each object read once', async () => {
  await world.connect();
  const people = Array.from({ length: 6 }, (_, nth) => `person${nth}@example.test`);
  for (const email of people) {
    await world.stripe.createCustomer({ email });
    await world.stripe.subscribe({ email, price: 'seats_monthly', quantity: 3 });
  }
  await world.advance({ minutes: 1 });
  for (const email of people) {
    for (const quantity of [5, 3, 5, 3]) await world.stripe.changeQuantity({ email, quantity });
  }
  await world.settle();
  expect(await waiting()).toBe(people.length);
  await world.advance({ minutes: 1 });
  for (const email of people) expect(Number((await world.contact(email))['quantity']), email).toBe(3);
  expect(await waiting()).toBe(0);
  const read = world.stripe.requests().filter(({ path }) => path.startsWith('/v1/subscriptions/sub_'));
  expect(read).toHaveLength(people.length);
});

test('an object that is gone at Stripe, and one of an account that was disconnected, are not asked for for ever', async () => {
  await world.connect();
  const wish = (id: string, account: string) =>
    world.db.query({
      text: `insert into stripe_refetch (account, livemode, type, id, workspace_id, wanted_at, not_before)
             values ($1, false, 'subscription', $2, $3, $4, $4)`,
      values: [account, id, world.workspaceId, world.clock.now()],
    });
  await wish('sub_gone', world.stripe.companyAccount);
  await wish('sub_other', 'acct_disconnected');
  await world.settle();
  expect(await waiting()).toBe(0);
  expect(reads('/v1/subscriptions/sub_gone')).toBe(1);
  expect(reads('/v1/subscriptions/sub_other')).toBe(0);
});
