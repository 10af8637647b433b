import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MovableClock, toEpochS } from '#base/clock.ts';
import { createPublisher } from '#bus/index.ts';
import { json, many, one, type Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { insertWorkspace } from '../../../test/world/rows.ts';
import { applyStripeEvents } from './stripe-events.ts';
import { waitingFailuresWorker } from './waiting-failures.ts';
import type { StripeLedgerEvent } from './told-events.ts';

const START = new Date('2026-11-24T09:00:00Z');
const DAY_S = 86_400;
let db: Db;
let workspaceId: string;
let serial = 0;
const clock = new MovableClock(START);
const publisher = createPublisher({ clock });

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute(
    'truncate workspace, contact, contact_identity, stripe_object, charge_waiting, failure_waiting, bus_event, inbox_event, identity_conflict, contact_merge cascade',
  );
  workspaceId = await insertWorkspace(db, { now: START });
});

type Hash = Record<string, unknown>;
const price = (id: string, unitAmount: number, over: Hash = {}): Hash => ({
  id,
  object: 'price',
  currency: 'usd',
  product: `prod_${id}`,
  unit_amount: unitAmount,
  unit_amount_decimal: String(unitAmount),
  billing_scheme: 'per_unit',
  type: 'recurring',
  recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
  ...over,
});
const item = (of: Hash, over: Hash = {}): Hash => ({
  id: 'si_1',
  object: 'subscription_item',
  quantity: 1,
  price: of,
  discounts: [],
  tax_rates: [],
  current_period_start: toEpochS(START),
  current_period_end: toEpochS(START) + 30 * DAY_S,
  ...over,
});
const subscription = (over: Hash = {}): Hash => ({
  id: 'sub_1',
  object: 'subscription',
  customer: 'cus_1',
  status: 'active',
  currency: 'usd',
  created: toEpochS(START),
  start_date: toEpochS(START),
  cancel_at_period_end: false,
  cancel_at: null,
  canceled_at: null,
  ended_at: null,
  discounts: [],
  default_payment_method: 'pm_1',
  items: { object: 'list', data: [item(price('starter', 2900))], has_more: false },
  livemode: false,
  metadata: {},
  ...over,
});
const customer = (over: Hash = {}): Hash => ({
  id: 'cus_1',
  object: 'customer',
  email: 'Ada@Analytical.example',
  name: 'Ada Lovelace',
  created: toEpochS(START),
  metadata: {},
  livemode: false,
  ...over,
});
const invoice = (over: Hash = {}): Hash => ({
  id: 'in_1',
  object: 'invoice',
  customer: 'cus_1',
  status: 'open',
  currency: 'usd',
  amount_due: 20_000,
  amount_paid: 0,
  amount_remaining: 20_000,
  attempt_count: 1,
  next_payment_attempt: toEpochS(START) + 3 * DAY_S,
  hosted_invoice_url: 'https://invoice.example/in_1',
  created: toEpochS(START),
  billing_reason: 'subscription_cycle',
  parent: { type: 'subscription_details', subscription_details: { subscription: 'sub_1', metadata: {} } },
  ...over,
});
/** As versions since basil tell of it: without its invoice. */
const chargeFailed = (over: Hash = {}): StripeLedgerEvent =>
  event(
    'charge.failed',
    {
      id: 'ch_1',
      object: 'charge',
      customer: 'cus_1',
      status: 'failed',
      amount: 20_000,
      currency: 'usd',
      created: toEpochS(START) + 9,
      failure_code: 'card_declined',
      outcome: { network_status: 'declined_by_network', reason: 'insufficient_funds', type: 'issuer_declined' },
      ...over,
    },
    { atS: 9 },
  );
function event(
  type: string,
  object: Hash,
  over: { atS?: number; previous?: Hash; id?: string } = {},
): StripeLedgerEvent {
  serial += 1;
  const createdS = toEpochS(START) + (over.atS ?? 0);
  const eventId = over.id ?? `evt_${String(serial).padStart(4, '0')}`;
  const data = { object, ...(over.previous ? { previous_attributes: over.previous } : {}) };
  return {
    workspaceId,
    origin: 'acct_1',
    livemode: false,
    eventId,
    type,
    createdS,
    payload: { id: eventId, object: 'event', type, created: createdS, data },
  };
}
/** As the drain does: in the ledger first, then applied in batches. */
async function apply(...events: StripeLedgerEvent[]): Promise<void> {
  for (const e of events) {
    const object = (e.payload as { data: { object: Hash } }).data.object;
    await db.query({
      text: `insert into inbox_event (workspace_id, source, origin, event_id, type, subject, livemode, created_s, via, received_at, payload)
             values ($1, 'stripe', $2, $3, $4, $5, $6, $7, 'webhook', $8, $9)`,
      values: [
        e.workspaceId,
        e.origin,
        e.eventId,
        e.type,
        object['customer'] ?? object['id'],
        e.livemode,
        e.createdS,
        clock.now(),
        json(e.payload),
      ],
    });
  }
  await db.transaction((tx) => applyStripeEvents({ clock, publisher }, { tx, events }));
}
const contact = () => one<Hash>(db, { text: 'select * from contact where merged_into is null' });
const told = async (type?: string) =>
  (await many<{ type: string; data: Hash }>(db, { text: 'select type, data from bus_event order by position' })).filter(
    (e) => !type || e.type === type,
  );

test('a failed payment is on the contact, with its amount, its reason and when Stripe tries again', async () => {
  await apply(event('customer.created', customer()), event('customer.subscription.created', subscription()));
  await apply(
    chargeFailed(),
    event('invoice.payment_failed', invoice(), { atS: 10 }),
    event('customer.subscription.updated', subscription({ status: 'past_due' }), {
      atS: 10,
      previous: { status: 'active' },
    }),
  );
  expect(await contact()).toMatchObject({
    email: 'Ada@Analytical.example',
    name: 'Ada Lovelace',
    billing_status: 'past_due',
    plan: 'starter',
    mrr_minor: 2900n,
    mrr_currency: 'usd',
    failed_attempts: 1,
    payment_method_on_file: true,
    failed_payment: {
      invoice_id: 'in_1',
      amount_minor: 20_000,
      currency: 'usd',
      decline_code: 'insufficient_funds',
      hosted_invoice_url: 'https://invoice.example/in_1',
    },
  });
  expect((await contact())?.['next_payment_attempt_at']).toEqual(new Date(START.getTime() + 3 * DAY_S * 1000));
  expect((await told('invoice.payment_failed')).map((e) => e.data)).toMatchObject([
    {
      invoice_id: 'in_1',
      amount_minor: 20_000,
      attempt: 1,
      decline_code: 'insufficient_funds',
      subscription_id: 'sub_1',
    },
  ]);
});

test('a payment that Stripe tells three times is one payment, and a paid failure is a recovery, in either order', async () => {
  const paid = invoice({
    status: 'paid',
    amount_paid: 20_000,
    amount_remaining: 0,
    attempt_count: 2,
    status_transitions: { paid_at: toEpochS(START) + 50 },
  });
  await apply(event('invoice.paid', paid, { atS: 50 }), event('invoice.payment_succeeded', paid, { atS: 50 }));
  await apply(chargeFailed(), event('invoice.payment_failed', invoice(), { atS: 10 }));
  await apply(event('invoice.paid', paid, { atS: 51 }));
  expect((await told('payment_succeeded')).length).toBe(1);
  expect((await told('payment_recovered')).map((e) => e.data)).toMatchObject([
    { invoice_id: 'in_1', amount_minor: 20_000, attempts: 2 },
  ]);
  expect(await contact()).toMatchObject({ failed_attempts: 0, failed_payment: null, billing_status: 'none' });
});

test('starter to pro is an upgrade with both plans and both amounts; a renewal that lists its items is nothing', async () => {
  const renewed = subscription({
    items: {
      object: 'list',
      data: [item(price('starter', 2900), { current_period_end: toEpochS(START) + 60 * DAY_S })],
    },
  });
  await apply(event('customer.subscription.created', subscription()));
  await apply(
    event('customer.subscription.updated', renewed, {
      atS: 20,
      previous: { items: { object: 'list', data: [item(price('starter', 2900))] }, latest_invoice: 'in_0' },
    }),
  );
  expect(await told('subscription_updated')).toEqual([]);
  const pro = subscription({ items: { object: 'list', data: [item(price('pro', 9900))] } });
  await apply(
    event('customer.subscription.updated', pro, {
      atS: 30,
      previous: { items: { object: 'list', data: [item(price('starter', 2900))] } },
    }),
  );
  expect((await told('subscription_updated')).map((e) => e.data)).toMatchObject([
    {
      change: 'upgrade',
      mrr_before_minor: 2900,
      mrr_minor: 9900,
      mrr_delta_minor: 7000,
      plan_before: { price_id: 'starter' },
      plan: { price_id: 'pro' },
    },
  ]);
  expect(await contact()).toMatchObject({ plan: 'pro', mrr_minor: 9900n });
});

test('the old shape of a plan change (plan at the top, no items) is read as well', async () => {
  const pro = subscription({
    plan: {
      id: 'pro',
      object: 'plan',
      amount: 9900,
      currency: 'usd',
      interval: 'month',
      interval_count: 1,
      product: 'prod_pro',
      usage_type: 'licensed',
    },
    items: { object: 'list', data: [item(price('pro', 9900))] },
  });
  await apply(
    event('customer.subscription.updated', pro, {
      previous: { plan: { id: 'starter', amount: 2900, product: 'prod_starter' } },
    }),
  );
  expect((await told('subscription_updated')).map((e) => e.data)).toMatchObject([
    { change: 'upgrade', mrr_before_minor: 2900, mrr_minor: 9900 },
  ]);
});

test('of two events in one second the later state stays, whichever comes first', async () => {
  const incomplete = event('customer.subscription.created', subscription({ status: 'incomplete' }));
  const active = event('customer.subscription.updated', subscription({ status: 'active' }), {
    previous: { status: 'incomplete' },
  });
  const pastDue = event('customer.subscription.updated', subscription({ status: 'past_due' }), {
    previous: { status: 'active' },
  });
  await apply(pastDue);
  await apply(incomplete);
  await apply(active);
  expect(await contact()).toMatchObject({ billing_status: 'past_due' });
});

test.each(['in order', 'the other way round'])(
  'two pauses in one second are both told, with their plans: %s',
  async (how) => {
    const starter = { object: 'list', data: [item(price('starter', 2900))], has_more: false };
    const pro = { object: 'list', data: [item(price('pro', 9900))], has_more: false };
    const paused = { behavior: 'void', resumes_at: null };
    const updates = [
      event('customer.subscription.updated', subscription({ items: starter, pause_collection: paused }), {
        atS: 5,
        previous: { pause_collection: null },
      }),
      event('customer.subscription.updated', subscription({ items: starter, pause_collection: null }), {
        atS: 5,
        previous: { pause_collection: paused },
      }),
      event('customer.subscription.updated', subscription({ items: pro, pause_collection: paused }), {
        atS: 5,
        previous: { pause_collection: null, items: starter },
      }),
    ];
    await apply(event('customer.created', customer()), event('customer.subscription.created', subscription()));
    for (const update of how === 'in order' ? updates : updates.reverse()) await apply(update);
    const plans = (await told('subscription_paused')).map(({ data }) => (data['plan'] as Hash)['price_id']);
    expect(plans).toHaveLength(2);
    expect(new Set(plans)).toEqual(new Set(['starter', 'pro']));
    expect(await told('subscription_resumed')).toHaveLength(1);
  },
);

test('a contact of whom only the customer id was known joins the person that the e-mail names', async () => {
  await apply(event('customer.created', customer({ id: 'cus_0' })));
  await apply(event('customer.subscription.created', subscription()));
  expect(await many(db, { text: 'select 1 from contact where merged_into is null' })).toHaveLength(2);
  await apply(event('customer.updated', customer(), { atS: 5 }));
  expect(await many(db, { text: 'select 1 from contact where merged_into is null' })).toHaveLength(1);
  expect(await contact()).toMatchObject({ billing_status: 'active', plan: 'starter' });
  const owners = await many<{ contact_id: string | null }>(db, {
    text: `select distinct contact_id from bus_event where type = 'subscription_created'`,
  });
  expect(owners).toEqual([{ contact_id: (await contact())?.['id'] }]);
});

test('an unknown event and an object that we do not keep change nothing and break nothing', async () => {
  await apply(
    event('some.new.thing', { id: 'x_1', object: 'martian' }),
    event('payout.paid', { id: 'po_1', object: 'payout' }),
  );
  expect(await told()).toEqual([]);
});

test('an open invoice of a subscription that is over is no failed payment any more', async () => {
  await apply(
    event('customer.subscription.created', subscription()),
    event('invoice.payment_failed', invoice(), { atS: 10 }),
  );
  expect(await contact()).toMatchObject({ failed_payment: { invoice_id: 'in_1' } });
  await apply(
    event('customer.subscription.deleted', subscription({ status: 'canceled', ended_at: toEpochS(START) + 20 }), {
      atS: 20,
    }),
  );
  expect(await contact()).toMatchObject({ billing_status: 'canceled', failed_payment: null });
});

test('what happened comes on the bus before what it changed on the contact', async () => {
  await apply(chargeFailed(), event('invoice.payment_failed', invoice(), { atS: 10 }));
  const types = (await told()).map((one) => one.type);
  expect(types).toContain('invoice.payment_failed');
  expect(types.indexOf('invoice.payment_failed')).toBeLessThan(types.indexOf('contact_updated'));
});

describe('a failed payment whose charge is not here yet', () => {
  const failure = (over: Hash = {}) => event('invoice.payment_failed', invoice(over), { atS: 10 });
  const paid = (over: Hash = {}) =>
    event(
      'invoice.paid',
      invoice({ status: 'paid', amount_paid: 20_000, amount_remaining: 0, attempt_count: 2, ...over }),
      { atS: 50 },
    );
  const waiting = () => many(db, { text: 'select dedupe_key from failure_waiting' });
  /** Of a server that has run for long. */
  function worker() {
    const made = waitingFailuresWorker({ db, clock, publisher });
    clock.advance({ minutes: 1 });
    return made;
  }

  test('waits for it, is told once with its reason, and is on the contact meanwhile', async () => {
    await apply(failure());
    expect(await told('invoice.payment_failed')).toEqual([]);
    expect(await contact()).toMatchObject({ failed_attempts: 1, failed_payment: { invoice_id: 'in_1' } });
    await apply(chargeFailed());
    await apply(failure());
    expect((await told('invoice.payment_failed')).map(({ data }) => data)).toMatchObject([
      { customer_id: 'cus_1', attempt: 1, amount_minor: 20_000, decline_code: 'insufficient_funds' },
    ]);
    expect(await waiting()).toEqual([]);
    const [row] = await many<Hash>(db, {
      text: `select contact_id from bus_event where type = 'invoice.payment_failed'`,
    });
    expect(row?.['contact_id']).toEqual((await contact())?.['id']);
  });

  test('is told without a reason when no charge came in time: some attempts have none', async () => {
    const patient = worker();
    await apply(failure());
    expect(await patient.runOnce()).toBe(0);
    clock.moveTo((await patient.nextDueAt?.()) ?? START);
    expect(await patient.runOnce()).toBe(1);
    expect(await patient.runOnce()).toBe(0);
    expect((await told('invoice.payment_failed')).map(({ data }) => data)).toMatchObject([
      { attempt: 1, decline_code: null, failure_message: null },
    ]);
    expect(await waiting()).toEqual([]);
  });

  test('does not wait where its version says that there was no charge', async () => {
    await apply(failure({ charge: null }));
    expect((await told('invoice.payment_failed')).length).toBe(1);
    expect(await waiting()).toEqual([]);
  });

  test('waits for the very charge that its version names', async () => {
    await apply(failure({ charge: 'ch_2' }));
    await apply(chargeFailed());
    expect((await waiting()).length).toBe(1);
    await apply(chargeFailed({ id: 'ch_2', failure_message: 'No funds.' }));
    expect((await told('invoice.payment_failed')).map(({ data }) => data)).toMatchObject([
      { decline_code: 'insufficient_funds', failure_message: 'No funds.' },
    ]);
  });

  test.each(['the charge first', 'the invoice first'])(
    'of a bank debit has its reason too, days after the charge was made: %s',
    async (order) => {
      const debit = { id: 'ch_1', object: 'charge', customer: 'cus_1', amount: 20_000, currency: 'usd' };
      const made = { ...debit, created: toEpochS(START) };
      await apply(event('charge.pending', { ...made, status: 'pending' }));
      const why = { failure_code: 'insufficient_funds', failure_message: 'The account has not enough money.' };
      const bounced = event('charge.failed', { ...made, ...why, status: 'failed' }, { atS: 4 * DAY_S });
      const failed = event('invoice.payment_failed', invoice(), { atS: 4 * DAY_S + 1 });
      for (const one of order === 'the charge first' ? [bounced, failed] : [failed, bounced]) await apply(one);
      expect((await told('invoice.payment_failed')).map(({ data }) => data)).toMatchObject([
        { attempt: 1, failure_message: 'The account has not enough money.' },
      ]);
    },
  );

  test('is not given up by a server that has just started, which may have missed the charge', async () => {
    await apply(failure());
    clock.advance({ minutes: 1 });
    const fresh = waitingFailuresWorker({ db, clock, publisher });
    expect(await fresh.runOnce()).toBe(0);
    const due = await fresh.nextDueAt?.();
    expect(due?.getTime()).toBeGreaterThan(clock.now().getTime());
    clock.moveTo(due ?? START);
    expect(await fresh.runOnce()).toBe(1);
  });

  test('that it was paid is told behind it, whether the charge comes or not', async () => {
    const types = async () =>
      (await told()).map(({ type }) => type).filter((type) => /^payment_recovered|^invoice/.test(type));
    await apply(failure());
    await apply(paid());
    expect((await told('payment_succeeded')).length).toBe(1);
    expect(await types()).toEqual([]);
    await apply(chargeFailed());
    expect(await types()).toEqual(['invoice.payment_failed', 'payment_recovered']);

    const patient = worker();
    const second = { id: 'in_2', amount_due: 500, amount_remaining: 500 };
    await apply(failure(second));
    await apply(paid({ ...second, amount_paid: 500, amount_remaining: 0 }));
    clock.advance({ minutes: 1 });
    expect(await patient.runOnce()).toBe(1);
    expect(await types()).toEqual([
      'invoice.payment_failed',
      'payment_recovered',
      'invoice.payment_failed',
      'payment_recovered',
    ]);
  });
});
