import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { companyPeople } from '#company/people.ts';
import type { Simulator } from '#simulator.ts';
import { clientFor, NOW, Receiver, startBench } from './world.ts';

function subscriptions(sim: Simulator): Stripe.Subscription[] {
  return sim.objects('subscription') as unknown as Stripe.Subscription[];
}

function count(values: readonly string[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const value of values) out[value] = (out[value] ?? 0) + 1;
  return out;
}

test('the demo company has about 200 customers in every state that the stories need, the same for the same seed', async () => {
  const { sim, close } = await startBench({ company: true, seed: 7 });
  const states = count(subscriptions(sim).map((row) => row.status));
  expect(sim.objects('customer').length).toBeGreaterThanOrEqual(195);
  expect(states['active']).toBeGreaterThan(100);
  expect(states['past_due']).toBe(13);
  expect(states['canceled']).toBeGreaterThan(30);
  const nowS = NOW.getTime() / 1000;
  const trials = subscriptions(sim).filter((row) => row.status === 'trialing');
  const daysLeft = trials.map((row) => ((row.trial_end ?? 0) - nowS) / 86_400);
  expect(Math.min(...daysLeft)).toBeGreaterThan(0);
  expect(Math.max(...daysLeft)).toBeLessThan(13.9);
  expect(daysLeft.filter((days) => days < 3).length).toBeGreaterThanOrEqual(5);
  const open = (sim.objects('invoice') as unknown as Stripe.Invoice[]).filter(
    (row) => row.status === 'open' && row.auto_advance,
  );
  expect(new Set(open.map((row) => row.attempt_count))).toEqual(new Set([1, 2, 3]));
  const reasons = count(
    subscriptions(sim)
      .filter((row) => row.status === 'canceled')
      .map((row) => row.cancellation_details?.reason ?? ''),
  );
  expect(reasons['payment_failed']).toBeGreaterThan(8);
  expect(reasons['cancellation_requested']).toBeGreaterThan(15);
  expect(
    subscriptions(sim).filter((row) => row.status === 'active' && row.cancel_at !== null).length,
  ).toBeGreaterThanOrEqual(8);
  const currencies = count(subscriptions(sim).map((row) => row.currency));
  expect(currencies['eur']).toBeGreaterThan(0);
  expect(currencies['jpy']).toBeGreaterThan(0);
  const again = await startBench({ company: true, seed: 7 });
  expect(again.sim.objects('customer')).toEqual(sim.objects('customer'));
  await again.close();
  await close();
});

test('whatever day it is, the company’s stories come out', async () => {
  for (const now of ['2026-03-01T00:30:00Z', '2026-12-31T23:00:00Z', '2028-02-29T12:00:00Z', '2026-05-31T06:00:00Z']) {
    const { sim, close } = await startBench({ company: true, now: new Date(now), seed: 3 });
    const states = count(subscriptions(sim).map((row) => row.status));
    expect(states['past_due'], now).toBeGreaterThanOrEqual(12);
    expect(states['trialing'], now).toBe(25);
    await close();
  }
});

test('the three known people stand where their stories begin', async () => {
  const { sim, stripe, close } = await startBench({ company: true });
  const of = async (email: string): Promise<Stripe.Subscription> => {
    const customer = (await stripe.customers.list({ email })).data[0];
    expect(customer?.metadata['user_id']).toMatch(/^user_000/);
    const list = await stripe.subscriptions.list({ customer: customer?.id ?? '' });
    const [row] = list.data;
    if (!row) throw new Error(email);
    return row;
  };
  const ada = await of('ada@analytical.example');
  expect([ada.status, ada.items.data[0]?.price.unit_amount]).toEqual(['active', 20_000]);
  const grace = await of('grace@harborline.example');
  expect([grace.status, grace.trial_end]).toEqual(['trialing', NOW.getTime() / 1000 + 5 * 86_400]);
  const katherine = await of('katherine@trajectory.example');
  expect([katherine.status, katherine.items.data[0]?.price.lookup_key]).toEqual(['active', 'starter_monthly']);
  expect(sim.events().length).toBeGreaterThan(500);
  await close();
});

test('people are believable: one e-mail each, a plan, a channel, a pattern of use; most are known to Stripe by user id', () => {
  const people = companyPeople(1, NOW);
  expect(new Set(people.map((person) => person.email)).size).toBe(people.length);
  expect(people.filter((person) => person.hasUserIdInStripe).length / people.length).toBeGreaterThan(0.8);
  expect(new Set(people.map((person) => person.acquisition.source)).size).toBeGreaterThan(5);
  expect(people.every((person) => person.signedUpAt < NOW)).toBe(true);
  expect(companyPeople(1, NOW)).toEqual(people);
  expect(companyPeople(2, NOW)).not.toEqual(people);
});

test('a restart goes on where it stopped: objects, clock, endpoints, undelivered webhooks and the next retry', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'simulator-'));
  const receiver = await new Receiver().start();
  receiver.answer = () => 500;
  const first = await startBench({ dataDir });
  const endpoint = await first.stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: ['invoice.payment_failed'],
  });
  await first.sim.createCustomer({ email: 'r@restart.example' });
  await first.sim.subscribe({ email: 'r@restart.example', price: 'pro_monthly' });
  await first.sim.failNextPayment({ email: 'r@restart.example', renewNow: true });
  await first.sim.drainDeliveries();
  await first.sim.advance({ hours: 1 });
  const before = first.sim.objects('invoice');
  await first.close();
  receiver.answer = () => 200;
  const second = await startBench({ dataDir, now: new Date('2030-01-01T00:00:00Z') });
  expect(second.sim.clock.now().toISOString()).toBe('2026-11-24T10:00:00.000Z');
  expect(second.sim.objects('invoice')).toEqual(before);
  await second.sim.drainDeliveries();
  const [, got] = receiver.received;
  const event = second.stripe.webhooks.constructEvent(got?.body ?? '', got?.signature ?? '', endpoint.secret ?? '', 0);
  expect(event.type).toBe('invoice.payment_failed');
  await second.sim.advance({ days: 3 });
  expect(second.sim.events({ type: 'invoice.payment_failed' })).toHaveLength(2);
  await second.close();
  await receiver.stop();
  await rm(dataDir, { recursive: true });
});

test('a million objects load at once, page to the end of a filter, and one of them can still be acted on', async () => {
  const { sim, close } = await startBench();
  const before = process.memoryUsage().heapUsed;
  await sim.bulkLoad({ customers: 200_000, subscriptionsPerCustomer: 1, invoicesPerSubscription: 3 });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
  const stripe = clientFor(sim, sim.keys.companyTest);
  let cursor: string | undefined;
  for (let i = 0; i < 5; i += 1) {
    const page: Stripe.ApiList<Stripe.Invoice> = await stripe.invoices.list({
      limit: 100,
      ...(cursor === undefined ? {} : { starting_after: cursor }),
    });
    expect(page.data).toHaveLength(100);
    cursor = page.data.at(-1)?.id;
  }
  const invoice = await stripe.invoices.retrieve(cursor ?? '', { expand: ['customer'] });
  const customer = invoice.customer as Stripe.Customer;
  const changed = await sim.changePlan({ customer: customer.id, price: 'team_monthly' });
  expect((await stripe.subscriptions.list({ customer: customer.id })).data[0]?.items.data[0]?.price.id).toBe(
    'price_team_monthly',
  );
  expect((await stripe.subscriptions.retrieve(changed.id)).items.data[0]?.price.unit_amount).toBe(20_000);
  await close();
});

test('the control API does over HTTP what the handle does', async () => {
  const { sim, close } = await startBench({ readOnlyKeys: true });
  const call = async (action: string, body: unknown = {}): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${sim.url}/_sim/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  await call('createCustomer', { email: 'c@control.example' });
  expect(await call('subscribe', { email: 'c@control.example', price: 'pro_monthly', trialDays: 5 })).toMatchObject({
    status: 'trialing',
  });
  await call('advance', { days: 5, hours: 1 });
  expect(sim.objects('subscription')[0]?.['status']).toBe('active');
  expect(await call('cancel', { email: 'nobody@control.example' })).toMatchObject({
    error: { message: expect.stringContaining('nobody@control.example') },
  });
  const state = (await (await fetch(`${sim.url}/_sim/state`)).json()) as Record<string, unknown>;
  expect(state).toMatchObject({ readOnly: true, now: '2026-11-29T10:00:00.000Z' });
  expect(sim.violations()).toEqual([]);
  await close();
});
