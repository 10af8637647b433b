import Stripe from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bench, clientFor, failureOf, Receiver, startBench } from './world.ts';

let bench: Bench;
let receiver: Receiver;

beforeEach(async () => {
  bench = await startBench();
  receiver = await new Receiver().start();
});

afterEach(async () => {
  await bench.close();
  await receiver.stop();
});

const EVENTS: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = [
  'customer.created',
  'customer.subscription.updated',
  'customer.subscription.created',
];

test('a webhook is signed so that the SDK accepts it, and the secret is shown once only', async () => {
  const { sim, stripe } = bench;
  const endpoint = await stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: EVENTS,
    api_version: '2026-10-28.endive',
  });
  expect(endpoint.secret).toMatch(/^whsec_/);
  expect((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret).toBeUndefined();
  await sim.createCustomer({ email: 'w@hooks.example', card: null });
  await sim.drainDeliveries();
  const [got] = receiver.received;
  const event = stripe.webhooks.constructEvent(got?.body ?? '', got?.signature ?? '', endpoint.secret ?? '', 0);
  expect(event.type).toBe('customer.created');
  expect(event.api_version).toBe('2026-10-28.endive');
  expect(event.pending_webhooks).toBe(1);
  expect(event.account).toBeUndefined();
  expect(() => stripe.webhooks.constructEvent(got?.body ?? '', got?.signature ?? '', 'whsec_wrong', 0)).toThrow();
  expect(sim.events()[0]?.pending_webhooks).toBe(0);
});

test('each endpoint is spoken to in the version it is pinned to', async () => {
  const { sim, stripe } = bench;
  const old = await new Receiver().start();
  await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: EVENTS, api_version: '2026-10-28.endive' });
  await stripe.webhookEndpoints.create({ url: old.url, enabled_events: EVENTS, api_version: '2020-08-27' });
  await sim.createCustomer({ email: 'v@hooks.example' });
  await sim.subscribe({ email: 'v@hooks.example', price: 'pro_monthly', coupon: 'LAUNCH20' });
  await sim.changePlan({ email: 'v@hooks.example', price: 'team_monthly' });
  await sim.drainDeliveries();
  const parse = (from: Receiver): Record<string, unknown> => {
    const found = from.received
      .map(({ body }) => JSON.parse(body))
      .find((event) => event.type === 'customer.subscription.updated');
    return found;
  };
  expect(parse(receiver)).toMatchObject({
    api_version: '2026-10-28.endive',
    data: { object: { discounts: [expect.stringMatching(/^di_/)] } },
  });
  expect(parse(receiver)['data']).not.toHaveProperty('object.current_period_end');
  expect(parse(old)).toMatchObject({
    api_version: '2020-08-27',
    data: {
      object: { current_period_end: expect.any(Number), discount: { coupon: { id: 'LAUNCH20', percent_off: 20 } } },
      previous_attributes: { plan: { id: 'price_pro_monthly' } },
    },
  });
  await old.stop();
});

test('a failing endpoint, redirects included, is tried again on the clock until it answers 2xx', async () => {
  const { sim, stripe } = bench;
  await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: EVENTS });
  receiver.answer = () => 500;
  await sim.createCustomer({ email: 'f@hooks.example', card: null });
  await sim.drainDeliveries();
  receiver.answer = () => 302;
  await sim.advance({ minutes: 11 });
  await sim.drainDeliveries();
  expect(sim.deliveries()[0]).toMatchObject({ status: 'pending', attempts: [{ status: 500 }, { status: 302 }] });
  expect((await stripe.events.list({ delivery_success: false })).data).toHaveLength(1);
  receiver.answer = () => 204;
  await sim.drainDeliveries();
  expect(receiver.received).toHaveLength(2);
  await sim.advance({ hours: 1 });
  await sim.drainDeliveries();
  expect(sim.deliveries()[0]?.status).toBe('delivered');
  const stamps = receiver.received.map(({ signature }) => signature.split(',')[0]);
  expect(new Set(stamps).size).toBe(3);
  expect((await stripe.events.list({ delivery_success: true })).data.length).toBeGreaterThan(0);
});

test('a sandbox gives up after three retries, and what is gone from the endpoint is still in the list of events', async () => {
  const { sim, stripe } = bench;
  await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: EVENTS });
  receiver.answer = () => 503;
  await sim.createCustomer({ email: 'g@hooks.example', card: null });
  for (let i = 0; i < 8; i += 1) {
    await sim.drainDeliveries();
    await sim.advance({ hours: 2 });
  }
  expect(sim.deliveries()[0]).toMatchObject({ status: 'failed', nextAttemptS: null });
  expect(receiver.received).toHaveLength(4);
  const missed = await stripe.events.list({ delivery_success: false, types: ['customer.created'] });
  expect(missed.data[0]?.data.object).toMatchObject({ email: 'g@hooks.example' });
});

test('faults: duplicates, losses, disorder, delay and broken bodies happen when they are set', async () => {
  const { sim, stripe } = bench;
  const endpoint = await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['customer.created'] });
  sim.setFaults({ duplicateNext: 1 });
  await sim.createCustomer({ email: 'a1@hooks.example', card: null });
  await sim.drainDeliveries();
  expect(receiver.received).toHaveLength(2);
  expect(receiver.received[0]?.body).toContain('a1@hooks.example');
  sim.setFaults({ dropNext: 1 });
  await sim.createCustomer({ email: 'a2@hooks.example', card: null });
  await sim.drainDeliveries();
  expect(receiver.received).toHaveLength(2);
  sim.setFaults({ truncateWebhookNext: 1 });
  await sim.createCustomer({ email: 'a3@hooks.example', card: null });
  await sim.drainDeliveries();
  const broken = receiver.received[2];
  expect(() =>
    stripe.webhooks.constructEvent(broken?.body ?? '', broken?.signature ?? '', endpoint.secret ?? '', 0),
  ).toThrow();
  sim.setFaults({ delayS: 60 });
  await sim.createCustomer({ email: 'a4@hooks.example', card: null });
  await sim.drainDeliveries();
  expect(receiver.received).toHaveLength(3);
  await sim.advance({ minutes: 1 });
  sim.setFaults({ delayS: 0, reorder: true });
  for (let i = 0; i < 12; i += 1) await sim.createCustomer({ email: `s${i}@hooks.example`, card: null });
  await sim.drainDeliveries();
  const order = receiver.received.slice(3).map(({ body }) => (JSON.parse(body) as { id: string }).id);
  expect(order).toHaveLength(13);
  const truth = sim
    .events({ type: 'customer.created' })
    .map((event) => event.id)
    .toReversed()
    .slice(-13);
  expect(order).not.toEqual(truth);
  expect(order.toSorted()).toEqual(truth.toSorted());
});

test('a Connect endpoint on the platform hears connected accounts, each event naming its account', async () => {
  const { sim } = bench;
  const platform = clientFor(sim, sim.keys.platformTest);
  await platform.webhookEndpoints.create({
    url: receiver.url,
    connect: true,
    enabled_events: ['customer.created', 'account.application.deauthorized'],
  });
  await sim.createCustomer({ email: 'before@hooks.example', card: null });
  await sim.connectAccount();
  await sim.createCustomer({ email: 'after@hooks.example', card: null });
  await sim.disconnectAccount();
  await sim.createCustomer({ email: 'gone@hooks.example', card: null });
  await sim.drainDeliveries();
  expect(receiver.types()).toEqual(['customer.created', 'account.application.deauthorized']);
  const [first, second] = receiver.received.map(({ body }) => JSON.parse(body));
  expect(first).toMatchObject({ account: sim.companyAccount, data: { object: { email: 'after@hooks.example' } } });
  expect(second).toMatchObject({
    account: sim.companyAccount,
    data: { object: { object: 'application', id: sim.clientId } },
  });
});

test('a live Connect endpoint also hears the test events of an account that connected live, and only once', async () => {
  const { sim } = bench;
  const live = clientFor(sim, sim.keys.platformLive);
  await live.webhookEndpoints.create({ url: receiver.url, connect: true, enabled_events: ['customer.created'] });
  await sim.connectAccount({ livemode: true });
  await sim.createCustomer({ email: 'live@hooks.example', card: null, livemode: true });
  await sim.createCustomer({ email: 'test@hooks.example', card: null });
  await sim.createCustomer({ email: 'other@hooks.example', card: null, account: sim.otherAccount });
  await sim.drainDeliveries();
  const heard = receiver.received.map(({ body }) => JSON.parse(body));
  expect(heard.map((event) => [event.livemode, event.data.object.email])).toEqual([
    [true, 'live@hooks.example'],
    [false, 'test@hooks.example'],
  ]);
});

test('with automatic delivery webhooks leave by themselves, each once, and the follower of the clock hears first', async () => {
  const told: string[] = [];
  const own = await startBench({
    deliver: 'auto',
    onClock: async (now) => {
      told.push(`${now.toISOString()} after ${receiver.received.length}`);
    },
  });
  await own.stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: ['customer.subscription.trial_will_end', 'customer.created'],
  });
  await own.sim.createCustomer({ email: 'auto@hooks.example' });
  await own.sim.subscribe({ email: 'auto@hooks.example', price: 'pro_monthly', trialDays: 14 });
  await own.sim.advance({ days: 12 });
  expect(receiver.types()).toEqual(['customer.created', 'customer.subscription.trial_will_end']);
  expect(told).toEqual(['2026-12-05T09:00:00.000Z after 1', '2026-12-06T09:00:00.000Z after 2']);
  await own.close();
});

test('endpoints: no more than 16, no unknown events, no version change, none on a connected account', async () => {
  const { sim, stripe } = bench;
  const made: Stripe.WebhookEndpoint[] = [];
  for (let i = 0; i < 16; i += 1)
    made.push(
      await stripe.webhookEndpoints.create({ url: `https://hooks.example/${i}`, enabled_events: ['customer.created'] }),
    );
  expect(
    (
      await failureOf(
        stripe.webhookEndpoints.create({ url: 'https://hooks.example/17', enabled_events: ['customer.created'] }),
      )
    ).message,
  ).toContain('maximum of 16');
  const id = made[0]?.id ?? '';
  const notAnEvent = 'customer.exploded' as 'customer.created';
  const bad = await failureOf(stripe.webhookEndpoints.update(id, { enabled_events: [notAnEvent] }));
  expect(bad.param).toBe('enabled_events[0]');
  const disabled = await stripe.webhookEndpoints.update(id, { disabled: true });
  expect(disabled.status).toBe('disabled');
  await sim.connectAccount();
  const platform = clientFor(sim, sim.keys.platformTest, { account: sim.companyAccount });
  const refused = await failureOf(
    platform.webhookEndpoints.create({ url: 'https://hooks.example/c', enabled_events: ['customer.created'] }),
  );
  expect(refused.message).toContain('You are not permitted to configure webhook endpoints on a connected account');
});

test('events are listed by types and time, carry the request that caused them, and end after 30 days', async () => {
  const { sim, stripe } = bench;
  const made = await stripe.customers.create({ email: 'e@events.example' }, { idempotencyKey: 'cause-1' });
  const [event] = (await stripe.events.list({ types: ['customer.*'] })).data;
  expect(event?.request).toEqual({ id: made.lastResponse.requestId, idempotency_key: 'cause-1' });
  expect((await stripe.events.retrieve(event?.id ?? '')).data.object).toMatchObject({ id: made.id });
  const many = Array.from({ length: 21 }, () => 'customer.created');
  expect((await failureOf(stripe.events.list({ types: many }))).param).toBe('types');
  await sim.advance({ days: 31 });
  expect((await stripe.events.list({ type: 'customer.created' })).data).toHaveLength(0);
});
