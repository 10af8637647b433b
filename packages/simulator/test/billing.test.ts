import type Stripe from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StripeEventJson } from '#simulator.ts';
import { type Bench, idOf, startBench } from './world.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await startBench();
});

afterEach(() => bench.close());

/** Event types since an instant, oldest first. */
function typesSince(sinceS: number): string[] {
  return bench.sim
    .events()
    .filter((event) => event.created >= sinceS)
    .map((event) => event.type)
    .toReversed();
}

function lastEvent(type: string): StripeEventJson {
  const found = bench.sim.events({ type })[0];
  if (!found) throw new Error(`no ${type}`);
  return found;
}

async function only(email: string): Promise<Stripe.Subscription> {
  const customers = await bench.stripe.customers.list({ email });
  const list = await bench.stripe.subscriptions.list({ customer: customers.data[0]?.id ?? '', status: 'all' });
  const row = list.data[0];
  if (!row) throw new Error('no subscription');
  return row;
}

test('a trial goes its whole way: free invoice, warning three days before, then active and paid an hour later', async () => {
  const { sim } = bench;
  await sim.createCustomer({ email: 'grace@trial.example' });
  await sim.subscribe({ email: 'grace@trial.example', price: 'pro_monthly', trialDays: 14 });
  const begun = await only('grace@trial.example');
  expect(begun.status).toBe('trialing');
  const first = await bench.stripe.invoices.retrieve(idOf(begun.latest_invoice));
  expect([first.status, first.amount_due, first.attempt_count]).toEqual(['paid', 0, 0]);
  await sim.advance({ days: 10, hours: 23 });
  expect(sim.events({ type: 'customer.subscription.trial_will_end' })).toHaveLength(0);
  await sim.advance({ hours: 1 });
  const warning = lastEvent('customer.subscription.trial_will_end');
  expect(warning.created).toBe((begun.trial_end ?? 0) - 3 * 86_400);
  expect(warning.request).toEqual({ id: null, idempotency_key: null });
  await sim.advance({ days: 3 });
  const active = await only('grace@trial.example');
  expect(active.status).toBe('active');
  expect((await bench.stripe.invoices.retrieve(idOf(active.latest_invoice))).status).toBe('draft');
  const updated = lastEvent('customer.subscription.updated');
  expect(updated.data.previous_attributes).toMatchObject({ status: 'trialing' });
  await sim.advance({ hours: 1 });
  const paid = await bench.stripe.invoices.retrieve(idOf(active.latest_invoice));
  expect([paid.status, paid.amount_paid, paid.attempt_count, paid.billing_reason]).toEqual([
    'paid',
    9_900,
    1,
    'subscription_cycle',
  ]);
  expect(lastEvent('invoice.paid').data.object['id']).toBe(paid.id);
  expect(lastEvent('invoice_payment.paid').data.object['invoice']).toBe(paid.id);
});

test('a trial shorter than three days warns at once', async () => {
  const { sim } = bench;
  await sim.createCustomer({ email: 'short@trial.example' });
  await sim.subscribe({ email: 'short@trial.example', price: 'pro_monthly', trialDays: 1 });
  expect(sim.events({ type: 'customer.subscription.trial_will_end' })).toHaveLength(1);
});

test('a failing renewal is retried after 3, 5 and 7 days and then cancels the subscription', async () => {
  const { sim, stripe } = bench;
  await sim.createCustomer({ email: 'fail@pay.example' });
  await sim.subscribe({ email: 'fail@pay.example', price: 'team_monthly' });
  await sim.failNextPayment({ email: 'fail@pay.example', declineCode: 'insufficient_funds', renewNow: true });
  const failedS = sim.clock.nowS();
  expect((await only('fail@pay.example')).status).toBe('past_due');
  const invoice = lastEvent('invoice.payment_failed').data.object;
  expect(invoice).toMatchObject({ attempt_count: 1, attempted: true, status: 'open', amount_remaining: 20_000 });
  expect(invoice['next_payment_attempt']).toBe(failedS + 3 * 86_400);
  expect(idOf(invoice['hosted_invoice_url'])).toContain('https://invoice.stripe.com/');
  const intents = await stripe.paymentIntents.list();
  expect(intents.data[0]?.last_payment_error).toMatchObject({
    code: 'card_declined',
    decline_code: 'insufficient_funds',
  });
  const failedCharge = (await stripe.charges.list()).data[0];
  expect([failedCharge?.status, failedCharge?.failure_code, failedCharge?.outcome?.reason]).toEqual([
    'failed',
    'card_declined',
    'insufficient_funds',
  ]);
  await sim.advance({ days: 3 });
  expect(lastEvent('invoice.payment_failed').data.object).toMatchObject({
    attempt_count: 2,
    next_payment_attempt: failedS + 8 * 86_400,
  });
  await sim.advance({ days: 5 });
  expect(lastEvent('invoice.payment_failed').data.object).toMatchObject({
    attempt_count: 3,
    next_payment_attempt: failedS + 15 * 86_400,
  });
  await sim.advance({ days: 7 });
  expect(sim.events({ type: 'invoice.payment_failed' })).toHaveLength(4);
  expect(lastEvent('invoice.payment_failed').data.object).toMatchObject({
    attempt_count: 4,
    next_payment_attempt: null,
  });
  const ended = lastEvent('customer.subscription.deleted');
  expect(ended.data.object).toMatchObject({ status: 'canceled', ended_at: failedS + 15 * 86_400 });
  expect(ended.data.object['cancellation_details']).toMatchObject({ reason: 'payment_failed' });
});

test('a failing renewal recovers on the retry after the card was repaired, and nothing is charged twice', async () => {
  const { sim, stripe } = bench;
  await sim.createCustomer({ email: 'ada@pay.example' });
  await sim.subscribe({ email: 'ada@pay.example', price: 'team_monthly' });
  await sim.failNextPayment({ email: 'ada@pay.example', renewNow: true });
  expect(lastEvent('customer.updated').data.previous_attributes).toEqual({ delinquent: false });
  await sim.fixPaymentMethod({ email: 'ada@pay.example' });
  const before = sim.clock.nowS() + 1;
  await sim.advance({ days: 3 });
  expect(typesSince(before)).toEqual([
    'charge.succeeded',
    'payment_intent.succeeded',
    'invoice.updated',
    'invoice.paid',
    'invoice.payment_succeeded',
    'invoice_payment.paid',
    'customer.subscription.updated',
    'customer.updated',
  ]);
  expect(lastEvent('customer.subscription.updated').data.previous_attributes).toEqual({ status: 'past_due' });
  expect(lastEvent('customer.updated').data.previous_attributes).toEqual({ delinquent: true });
  await sim.advance({ days: 12 });
  const charges = await stripe.charges.list({ limit: 100 });
  expect(charges.data.filter((charge) => charge.status === 'succeeded')).toHaveLength(2);
});

test('paying the open invoice by hand does not count as an automatic attempt', async () => {
  const { sim } = bench;
  await sim.createCustomer({ email: 'hand@pay.example' });
  await sim.subscribe({ email: 'hand@pay.example', price: 'team_monthly' });
  await sim.failNextPayment({ email: 'hand@pay.example', renewNow: true });
  const invoice = await sim.payOpenInvoice({ email: 'hand@pay.example' });
  expect(invoice).toMatchObject({ status: 'paid', attempt_count: 1, amount_paid: 20_000 });
  expect((await only('hand@pay.example')).status).toBe('active');
});

test('where the account keeps unpaid subscriptions, the last retry leaves it unpaid and further invoices stay drafts', async () => {
  const { sim, stripe } = bench;
  sim.setBilling({ afterRetries: 'unpaid', retryDays: [1] });
  await sim.createCustomer({ email: 'unpaid@pay.example' });
  await sim.subscribe({ email: 'unpaid@pay.example', price: 'pro_monthly' });
  await sim.failNextPayment({ email: 'unpaid@pay.example', renewNow: true });
  await sim.advance({ days: 1 });
  expect((await only('unpaid@pay.example')).status).toBe('unpaid');
  await sim.advance({ days: 40 });
  const latest = await stripe.invoices.retrieve(idOf((await only('unpaid@pay.example')).latest_invoice));
  expect([latest.status, latest.auto_advance]).toEqual(['draft', false]);
});

test('an upgrade shows the whole old items on endive, and the changed keys of the plan on acacia', async () => {
  const upgrade = async (apiVersion: string): Promise<StripeEventJson> => {
    const own = await startBench({ apiVersion });
    await own.sim.createCustomer({ email: 'k@plans.example' });
    await own.sim.subscribe({ email: 'k@plans.example', price: 'starter_monthly' });
    await own.sim.advance({ days: 10 });
    await own.sim.changePlan({ email: 'k@plans.example', price: 'pro_monthly' });
    const [event] = own.sim.events({ type: 'customer.subscription.updated' });
    await own.close();
    if (!event) throw new Error('no event');
    return event;
  };
  const endive = await upgrade('2026-10-28.endive');
  expect(endive.api_version).toBe('2026-10-28.endive');
  const previous = endive.data.previous_attributes as unknown as {
    items: { data: Stripe.SubscriptionItem[] };
    plan: { amount: number };
  };
  expect(Object.keys(previous).toSorted()).toEqual(['items', 'plan']);
  expect(previous.items.data[0]?.price.id).toBe('price_starter_monthly');
  expect(previous.items.data[0]?.current_period_end).toBeGreaterThan(0);
  const acacia = await upgrade('2024-09-30.acacia');
  const older = acacia.data.previous_attributes as unknown as {
    items: { data: Stripe.SubscriptionItem[] };
    plan: Record<string, unknown>;
  };
  expect(older.plan).toMatchObject({ id: 'price_starter_monthly', amount: 2_900 });
  expect(older.plan['interval']).toBeUndefined();
  expect(older.items.data[0]).not.toHaveProperty('current_period_end');
  expect(acacia.data.object).toHaveProperty('current_period_end');
});

test('a plain renewal lists items as changed since basil, and only the periods before', async () => {
  const renewal = async (apiVersion: string): Promise<string[]> => {
    const own = await startBench({ apiVersion });
    await own.sim.createCustomer({ email: 'r@plans.example' });
    await own.sim.subscribe({ email: 'r@plans.example', price: 'starter_monthly' });
    await own.sim.advance({ days: 31 });
    const [event] = own.sim.events({ type: 'customer.subscription.updated' });
    await own.close();
    return Object.keys(event?.data.previous_attributes ?? {}).toSorted();
  };
  expect(await renewal('2025-09-30.clover')).toEqual(['items', 'latest_invoice']);
  expect(await renewal('2024-09-30.acacia')).toEqual(['current_period_end', 'current_period_start', 'latest_invoice']);
});

test('a plan change in mid-period is prorated by the second and billed with the next invoice', async () => {
  const { sim, stripe } = bench;
  await sim.createCustomer({ email: 'p@plans.example' });
  await sim.subscribe({ email: 'p@plans.example', price: 'starter_monthly' });
  await sim.advance({ days: 15 });
  await sim.changePlan({ email: 'p@plans.example', price: 'pro_monthly' });
  const items = await stripe.invoiceItems.list();
  expect(items.data.map((item) => item.amount).toSorted((a, b) => a - b)).toEqual([-1_450, 4_950]);
  await sim.advance({ days: 16 });
  const latest = await stripe.invoices.retrieve(idOf((await only('p@plans.example')).latest_invoice));
  expect(latest.total).toBe(9_900 + 4_950 - 1_450);
  expect(latest.lines.data.filter((line) => line.parent?.subscription_item_details?.proration)).toHaveLength(2);
});

test('switching from monthly to yearly bills the year at once, less what was left of the month', async () => {
  const { sim, stripe } = bench;
  await sim.createCustomer({ email: 'y@plans.example' });
  await sim.subscribe({ email: 'y@plans.example', price: 'pro_monthly' });
  await sim.advance({ days: 15 });
  await sim.changePlan({ email: 'y@plans.example', price: 'pro_yearly' });
  const subscription = await only('y@plans.example');
  const invoice = await stripe.invoices.retrieve(idOf(subscription.latest_invoice));
  expect([invoice.status, invoice.total]).toEqual(['paid', 99_000 - 4_950]);
  expect(subscription.items.data[0]?.current_period_start).toBe(sim.clock.nowS());
});

test('both encodings of a scheduled cancellation end at the period’s end and can be taken back', async () => {
  const { sim } = bench;
  for (const encoding of ['cancel_at_period_end', 'cancel_at'] as const) {
    const email = `${encoding}@ends.example`;
    await sim.createCustomer({ email });
    await sim.subscribe({ email, price: 'pro_monthly' });
    await sim.cancel({ email, when: 'period_end', encoding, feedback: 'too_expensive' });
    const scheduled = await only(email);
    expect(scheduled.cancel_at_period_end).toBe(encoding === 'cancel_at_period_end');
    expect(scheduled.cancel_at).toBe(scheduled.items.data[0]?.current_period_end);
    expect(scheduled.canceled_at).toBe(sim.clock.nowS());
    await sim.uncancel({ email });
    const back = await only(email);
    expect([back.cancel_at, back.canceled_at, back.cancel_at_period_end]).toEqual([null, null, false]);
    await sim.cancel({ email, when: 'period_end', encoding });
  }
  await sim.advance({ days: 31 });
  expect(sim.events({ type: 'customer.subscription.deleted' })).toHaveLength(2);
  const ended = await only('cancel_at@ends.example');
  expect(ended.status).toBe('canceled');
  expect(ended.ended_at).toBeGreaterThan(ended.canceled_at ?? 0);
});

test('a subscription that waits for its first payment expires after 23 hours, or becomes active once paid', async () => {
  const { sim, stripe } = bench;
  for (const name of ['expires', 'pays']) {
    const customer = await stripe.customers.create({ email: `${name}@first.example` });
    await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: 'price_pro_monthly' }],
      payment_behavior: 'default_incomplete',
    });
  }
  const waiting = await only('pays@first.example');
  expect(waiting.status).toBe('incomplete');
  const payments = await stripe.invoicePayments.list({ invoice: idOf(waiting.latest_invoice) });
  const intent = idOf(payments.data[0]?.payment.payment_intent);
  await stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_visa' });
  expect(lastEvent('customer.subscription.updated').data.previous_attributes).toEqual({ status: 'incomplete' });
  await sim.advance({ hours: 23 });
  expect((await only('pays@first.example')).status).toBe('active');
  expect((await only('expires@first.example')).status).toBe('incomplete_expired');
});

test('a coupon for three months takes its share off three invoices and then runs out', async () => {
  const { sim, stripe } = bench;
  await sim.createCustomer({ email: 'c@coupons.example' });
  await sim.subscribe({ email: 'c@coupons.example', price: 'pro_monthly', coupon: 'FIRST3' });
  await sim.advance({ days: 125 });
  const invoices = await stripe.invoices.list({ limit: 100 });
  expect(invoices.data.map((invoice) => invoice.total).toReversed()).toEqual([6_930, 6_930, 6_930, 9_900, 9_900]);
  expect((await only('c@coupons.example')).discounts).toEqual([]);
});

test('a one-time coupon is spent by the first invoice', async () => {
  const { sim, stripe } = bench;
  await sim.createCustomer({ email: 'o@coupons.example' });
  await sim.subscribe({ email: 'o@coupons.example', price: 'pro_monthly', coupon: 'WELCOME10' });
  expect(lastEvent('customer.discount.deleted').data.object['object']).toBe('discount');
  await sim.advance({ days: 31, hours: 2 });
  const invoices = await stripe.invoices.list();
  expect(invoices.data.map((invoice) => invoice.total).toReversed()).toEqual([8_900, 9_900]);
});

test('paused collection voids the invoices in between and goes on when it is resumed', async () => {
  const { sim, stripe } = bench;
  await sim.createCustomer({ email: 'z@pause.example' });
  await sim.subscribe({ email: 'z@pause.example', price: 'pro_monthly' });
  await sim.pause({ email: 'z@pause.example', behavior: 'void' });
  const paused = await only('z@pause.example');
  expect([paused.status, paused.pause_collection?.behavior]).toEqual(['active', 'void']);
  await sim.advance({ days: 31, hours: 2 });
  expect((await stripe.invoices.list()).data[0]?.status).toBe('void');
  await sim.resume({ email: 'z@pause.example' });
  await sim.advance({ days: 31, hours: 2 });
  expect((await stripe.invoices.list()).data[0]?.status).toBe('paid');
});

test('refunds and disputes change their charge and say so', async () => {
  const { sim, stripe } = bench;
  await sim.createCustomer({ email: 'm@money.example' });
  await sim.subscribe({ email: 'm@money.example', price: 'pro_monthly' });
  await sim.refund({ email: 'm@money.example', amountMinor: 900 });
  expect(lastEvent('charge.refunded').data.previous_attributes).toMatchObject({ amount_refunded: 0 });
  const charge = (await stripe.charges.list({ expand: ['data.refunds'] })).data[0];
  expect([charge?.amount_refunded, charge?.refunded, charge?.refunds?.data.length]).toEqual([900, false, 1]);
  const dispute = await sim.dispute({ email: 'm@money.example' });
  expect(lastEvent('charge.dispute.created').data.object['id']).toBe(dispute['id']);
  await sim.closeDispute({ dispute: idOf(dispute['id']), outcome: 'won' });
  expect(lastEvent('charge.dispute.closed').data.object['status']).toBe('won');
});

test('a schedule changes the plan when its phase begins', async () => {
  const { sim, stripe } = bench;
  const { id } = await sim.createCustomer({ email: 's@schedule.example' });
  const nowS = sim.clock.nowS();
  const schedule = await stripe.subscriptionSchedules.create({
    customer: idOf(id),
    start_date: 'now',
    end_behavior: 'release',
    phases: [
      { items: [{ price: 'price_starter_monthly', quantity: 1 }], end_date: nowS + 40 * 86_400 },
      { items: [{ price: 'price_pro_monthly', quantity: 1 }], end_date: nowS + 80 * 86_400 },
    ],
  });
  expect(schedule.status).toBe('active');
  await sim.advance({ days: 41 });
  const changed = await only('s@schedule.example');
  expect(changed.items.data[0]?.price.id).toBe('price_pro_monthly');
  await sim.advance({ days: 40 });
  expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe('released');
});

test('on the last day of a month the renewal falls on the shorter month’s last day and comes back', async () => {
  const own = await startBench({ now: new Date('2027-01-31T10:00:00Z') });
  await own.sim.createCustomer({ email: 'd@days.example' });
  await own.sim.subscribe({ email: 'd@days.example', price: 'pro_monthly' });
  const ends: string[] = [];
  for (let i = 0; i < 3; i += 1) {
    const [row] = own.sim.objects('subscription') as unknown as Stripe.Subscription[];
    const end = row?.items.data[0]?.current_period_end ?? 0;
    ends.push(new Date(end * 1000).toISOString().slice(0, 10));
    await own.sim.advance({ seconds: end - own.sim.clock.nowS() });
  }
  expect(ends).toEqual(['2027-02-28', '2027-03-31', '2027-04-30']);
  await own.close();
});
