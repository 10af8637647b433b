/** Two accounts of one workspace that call different things alike: ids of coupons and products are chosen by people. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { toEpochS } from '#base/clock.ts';
import { many, type Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { GRAPH_START, type GraphWorld, openGraphWorld } from '../../../test/world/graph.ts';
import { explainContactBilling } from '../contact-billing/explain-contact.ts';
import { applyStripeEvents } from './stripe-events.ts';
import type { StripeLedgerEvent } from './told-events.ts';

const START_S = toEpochS(GRAPH_START);
let db: Db;
let world: GraphWorld;
let serial = 0;

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  world = await openGraphWorld(db);
});

type Hash = Record<string, unknown>;

function event(account: string, type: string, object: Hash, previous?: Hash): StripeLedgerEvent {
  serial += 1;
  const { workspaceId } = world;
  const eventId = `evt_${serial}`;
  const createdS = START_S + serial;
  const data = { object, ...(previous ? { previous_attributes: previous } : {}) };
  const payload = { id: eventId, object: 'event', type, created: createdS, data };
  return { workspaceId, origin: account, livemode: false, eventId, type, createdS, payload };
}

/** One of an account's customers on $100.00 a month; prices and discounts as newer webhooks give them, by their ids. */
function customerOf(account: string, email: string): StripeLedgerEvent[] {
  const customer = `cus_${account}_${email}`;
  const subscription = subscriptionOf(account, email);
  return [
    event(account, 'customer.created', { id: customer, object: 'customer', email, metadata: {} }),
    event(account, 'customer.discount.created', {
      id: `di_${customer}`,
      object: 'discount',
      source: { type: 'coupon', coupon: 'WELCOME' },
      customer,
      subscription: subscription['id'],
      start: START_S,
      end: null,
    }),
    event(account, 'customer.subscription.created', subscription),
  ];
}

function subscriptionOf(account: string, email: string, quantity = 1): Hash {
  const customer = `cus_${account}_${email}`;
  return {
    id: `sub_${customer}`,
    object: 'subscription',
    customer,
    status: 'active',
    currency: 'usd',
    created: START_S,
    start_date: START_S,
    cancel_at_period_end: false,
    discounts: [`di_${customer}`],
    items: {
      object: 'list',
      has_more: false,
      data: [
        {
          id: `si_${customer}`,
          object: 'subscription_item',
          quantity,
          price: {
            id: `price_${account}`,
            object: 'price',
            currency: 'usd',
            product: 'gold',
            unit_amount: 10_000,
            billing_scheme: 'per_unit',
            type: 'recurring',
            recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
          },
        },
      ],
    },
  };
}

function catalogueOf(account: string, input: { percentOff: number; product: string }): StripeLedgerEvent[] {
  return [
    event(account, 'coupon.created', {
      id: 'WELCOME',
      object: 'coupon',
      duration: 'forever',
      percent_off: input.percentOff,
      valid: true,
    }),
    event(account, 'product.created', { id: 'gold', object: 'product', name: input.product, active: true }),
  ];
}

async function apply(events: readonly StripeLedgerEvent[]): Promise<void> {
  await db.transaction((tx) => applyStripeEvents(world, { tx, events }));
}

const contacts = () =>
  many<{ id: string; email: string; mrr: number; planName: string | null }>(db, {
    text: `select id, email, mrr_minor::int as mrr, plan_name as "planName" from contact where merged_into is null order by email`,
  });

const catalogues = () => [
  ...catalogueOf('acct_1', { percentOff: 50, product: 'Gold of one' }),
  ...catalogueOf('acct_2', { percentOff: 10, product: 'Gold of two' }),
];

test('somebody who pays to both is counted with the coupon and the product of each', async () => {
  await apply(catalogues());
  await apply([...customerOf('acct_1', 'ada@x.example'), ...customerOf('acct_2', 'ada@x.example')]);
  const [ada, ...others] = await contacts();
  expect(others).toEqual([]);
  expect(ada?.mrr).toBe(5000 + 9000);
  const explained = await explainContactBilling(db, { ...world, contactId: ada?.id ?? '' });
  expect(explained).toMatchObject({ mrr: { totalMinor: 14_000 } });
});

test('people of either account, computed together, each have their own account’s', async () => {
  await apply(catalogues());
  await apply([
    ...customerOf('acct_1', 'both@x.example'),
    ...customerOf('acct_2', 'both@x.example'),
    ...customerOf('acct_1', 'one@x.example'),
    ...customerOf('acct_2', 'two@x.example'),
  ]);
  expect((await contacts()).map(({ email, mrr }) => ({ email, mrr }))).toEqual([
    { email: 'both@x.example', mrr: 14_000 },
    { email: 'one@x.example', mrr: 5000 },
    { email: 'two@x.example', mrr: 9000 },
  ]);
  expect((await contacts()).slice(1).map(({ planName }) => planName)).toEqual(['Gold of one', 'Gold of two']);
});

test('what an event tells of a plan and its amount is of the account that it came from', async () => {
  await apply(catalogues());
  await apply([...customerOf('acct_1', 'both@x.example'), ...customerOf('acct_2', 'both@x.example')]);
  for (const account of ['acct_1', 'acct_2']) {
    const before = subscriptionOf(account, 'both@x.example');
    const after = subscriptionOf(account, 'both@x.example', 2);
    await apply([event(account, 'customer.subscription.updated', after, { items: before['items'] })]);
  }
  const told = await world.events('subscription_updated');
  expect(told.map(({ data }) => data)).toMatchObject([
    { change: 'quantity', plan: { name: 'Gold of one' }, mrr_before_minor: 5000, mrr_minor: 10_000 },
    { change: 'quantity', plan: { name: 'Gold of two' }, mrr_before_minor: 9000, mrr_minor: 18_000 },
  ]);
});
