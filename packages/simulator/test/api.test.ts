import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, clientFor, failureOf, NOW, startBench } from './world.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await startBench();
});

afterAll(() => bench.close());

test('the client pages through every customer once, newest first', async () => {
  const { stripe, sim } = bench;
  for (let i = 0; i < 25; i += 1) await sim.createCustomer({ email: `page${i}@pages.example`, card: null });
  const first = await stripe.customers.list({ limit: 10 });
  expect(first.data).toHaveLength(10);
  expect(first.has_more).toBe(true);
  expect(first.url).toBe('/v1/customers');
  expect(first.data[0]?.email).toBe('page24@pages.example');
  const seen: (string | null | undefined)[] = [];
  for await (const customer of stripe.customers.list({ limit: 7 })) seen.push(customer.email);
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `page${24 - i}@pages.example`));
});

test('ending_before gives the page in front of a cursor, still newest first', async () => {
  const { stripe } = bench;
  const all = await stripe.customers.list({ limit: 100 });
  const cursor = all.data[5];
  const page = await stripe.customers.list({ limit: 3, ending_before: cursor?.id ?? '' });
  expect(page.data.map((row) => row.id)).toEqual(all.data.slice(2, 5).map((row) => row.id));
  expect(page.has_more).toBe(true);
});

test('a limit beyond 100 and an unknown cursor are refused with the parameter named', async () => {
  const tooMany = await failureOf(bench.stripe.customers.list({ limit: 101 }));
  expect(tooMany).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
  expect(tooMany.statusCode).toBe(400);
  expect(tooMany.param).toBe('limit');
  const lost = await failureOf(bench.stripe.customers.list({ starting_after: 'cus_nobody' }));
  expect(lost.code).toBe('resource_missing');
});

test('created filters include and exclude by the second', async () => {
  const { stripe, sim } = bench;
  await sim.advance({ seconds: 5 });
  const late = await stripe.customers.create({ email: 'late@pages.example' });
  const atS = Math.floor(NOW.getTime() / 1000);
  const after = await stripe.customers.list({ created: { gt: atS }, limit: 100 });
  expect(after.data.map((row) => row.id)).toEqual([late.id]);
  const before = await stripe.customers.list({ created: { lte: atS }, limit: 100 });
  expect(before.data).toHaveLength(25);
});

test('expand replaces ids along the path, also inside lists, and no deeper than four levels', async () => {
  const { stripe, sim } = bench;
  await sim.createCustomer({ email: 'expand@pages.example' });
  const subscription = await sim.subscribe({ email: 'expand@pages.example', price: 'pro_monthly', coupon: 'LAUNCH20' });
  const one = await stripe.subscriptions.retrieve(subscription.id, {
    expand: ['customer', 'latest_invoice.payments', 'discounts.source.coupon', 'items.data.price.product'],
  });
  expect((one.customer as Stripe.Customer).email).toBe('expand@pages.example');
  expect((one.latest_invoice as Stripe.Invoice).payments?.data[0]?.payment.payment_intent).toMatch(/^pi_/);
  expect((one.items.data[0]?.price.product as Stripe.Product | undefined)?.name).toBe('Pro');
  const discount = one.discounts[0] as Stripe.Discount;
  expect((discount.source.coupon as Stripe.Coupon).percent_off).toBe(20);
  const list = await stripe.subscriptions.list({ expand: ['data.customer', 'data.latest_invoice.payments'] });
  expect((list.data[0]?.customer as Stripe.Customer | undefined)?.object).toBe('customer');
  const deep = await failureOf(stripe.subscriptions.list({ expand: ['data.items.data.price.product'] }));
  expect(deep.message).toContain('more than 4 levels');
});

test('tiers and currency options are there when asked for and not otherwise', async () => {
  const { stripe } = bench;
  const plain = await stripe.prices.retrieve('price_volume_monthly');
  expect(plain.tiers).toBeUndefined();
  const tiered = await stripe.prices.retrieve('price_volume_monthly', { expand: ['tiers'] });
  expect(tiered.tiers).toHaveLength(3);
  expect(tiered.tiers?.[2]?.up_to).toBeNull();
  const other = await stripe.prices.retrieve('price_pro_monthly', { expand: ['currency_options'] });
  expect(other.currency_options?.['eur']?.unit_amount).toBe(9_200);
});

test('the same idempotency key answers the same and makes one object; other parameters are refused', async () => {
  const { stripe } = bench;
  const first = await stripe.customers.create({ email: 'once@pages.example' }, { idempotencyKey: 'k1' });
  const again = await stripe.customers.create({ email: 'once@pages.example' }, { idempotencyKey: 'k1' });
  expect(again.id).toBe(first.id);
  expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
  const other = await failureOf(stripe.customers.create({ email: 'twice@pages.example' }, { idempotencyKey: 'k1' }));
  expect(other).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
  expect(other.statusCode).toBe(400);
  const found = await stripe.customers.list({ email: 'once@pages.example' });
  expect(found.data).toHaveLength(1);
});

test('errors come in Stripe’s classes with request id, code and parameter', async () => {
  const { stripe, sim } = bench;
  const absent = await failureOf(stripe.customers.retrieve('cus_nobody'));
  expect(absent.statusCode).toBe(404);
  expect(absent.code).toBe('resource_missing');
  expect(absent.message).toBe("No such customer: 'cus_nobody'");
  expect(absent.requestId).toMatch(/^req_/);
  const stranger = await failureOf(clientFor(sim, 'sk_test_nobody').customers.list());
  expect(stranger).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
  const customer = await stripe.customers.create({ email: 'nocard@pages.example' });
  const price = await failureOf(stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'invalid' }] }));
  expect(price.param).toBe('items[0][price]');
  const noCard = await failureOf(
    stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_pro_monthly' }] }),
  );
  expect(noCard.message).toContain('no attached payment source or default payment method');
  const declined = await failureOf(stripe.paymentMethods.attach('pm_card_chargeDeclined', { customer: customer.id }));
  expect(declined).toBeInstanceOf(Stripe.errors.StripeCardError);
  expect(declined.statusCode).toBe(402);
  expect((declined as Stripe.errors.StripeCardError).decline_code).toBe('generic_decline');
});

test('a deleted customer reads as deleted, and its subscription is gone from the default list but not from all', async () => {
  const { stripe, sim } = bench;
  const { id } = await sim.createCustomer({ email: 'gone@pages.example' });
  await sim.subscribe({ email: 'gone@pages.example', price: 'starter_monthly' });
  await stripe.customers.del(id);
  const read = await stripe.customers.retrieve(id);
  expect(read.deleted).toBe(true);
  const shown = await stripe.subscriptions.list({ customer: id });
  expect(shown.data).toHaveLength(0);
  const all = await stripe.subscriptions.list({ customer: id, status: 'all' });
  expect(all.data[0]?.status).toBe('canceled');
});

test('a restricted key reads what it may and is told which permission it lacks', async () => {
  const { sim } = bench;
  const key = sim.addRestrictedKey({ permissions: ['rak_customer_read'] });
  const stripe = clientFor(sim, key);
  expect((await stripe.customers.list({ limit: 1 })).data).toHaveLength(1);
  const refused = await failureOf(stripe.prices.list());
  expect(refused).toBeInstanceOf(Stripe.errors.StripePermissionError);
  expect(refused.statusCode).toBe(403);
  expect(refused.message).toContain("Having the 'rak_plan_read' permission would allow this request to continue.");
  const write = await failureOf(stripe.customers.create({ email: 'no@pages.example' }));
  expect(write.message).toContain('rak_customer_write');
});

test('in read-only mode writes by key are answered 500 and recorded, while reading and scenario actions go on', async () => {
  const own = await startBench({ readOnlyKeys: true });
  const refused = await failureOf(own.stripe.customers.create({ email: 'x@pages.example' }));
  expect(refused.statusCode).toBe(500);
  await own.sim.createCustomer({ email: 'scenario@pages.example' });
  expect((await own.stripe.customers.list()).data).toHaveLength(1);
  const endpoint = await own.stripe.webhookEndpoints.create({
    url: 'https://hooks.example/x',
    enabled_events: ['customer.created'],
  });
  await own.stripe.webhookEndpoints.del(endpoint.id);
  expect(own.sim.violations()).toEqual([
    expect.objectContaining({ method: 'POST', path: '/v1/customers', account: own.sim.companyAccount }),
  ]);
  await own.close();
});

test('test mode and live mode never see each other', async () => {
  const { sim } = bench;
  const live = clientFor(sim, sim.keys.companyLive);
  const made = await live.customers.create({ email: 'live@pages.example' });
  expect(made.livemode).toBe(true);
  expect((await bench.stripe.customers.list({ email: 'live@pages.example' })).data).toHaveLength(0);
  expect(sim.events({ livemode: true })[0]).toMatchObject({ type: 'customer.created', livemode: true });
});

test('beyond the rate limit the answer is 429 with its reason, and the client’s retry gets through', async () => {
  const own = await startBench({ rateLimitPerSecond: 2 });
  const [, , third] = await Promise.allSettled([1, 2, 3].map(() => own.stripe.customers.list()));
  const error = (third as PromiseRejectedResult).reason as Stripe.errors.StripeError;
  expect(error).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
  expect(error.headers?.['stripe-rate-limited-reason']).toBe('endpoint-rate');
  expect(error.headers?.['retry-after']).toBe('1');
  await own.close();
});

test('faults: a 500 and an answer cut in the middle are what the client says they are', async () => {
  const { stripe, sim } = bench;
  sim.setFaults({ api500Next: 1 });
  expect((await failureOf(stripe.customers.list())).statusCode).toBe(500);
  sim.setFaults({ apiTruncateNext: 1 });
  expect(await failureOf(stripe.customers.list())).toBeInstanceOf(Stripe.errors.StripeConnectionError);
  expect((await stripe.customers.list()).object).toBe('list');
});
