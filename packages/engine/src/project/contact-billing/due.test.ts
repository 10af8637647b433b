import { afterAll, beforeAll, expect, test } from 'vitest';
import { toEpochS } from '#base/clock.ts';
import { json, one, type Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { aCustomer, aSubscription, GRAPH_START, openGraphWorld } from '../../../test/world/graph.ts';
import { linkCustomerByPerson } from '../companies/link-by-person.ts';
import { recomputeContactsWorker } from '../recompute/recompute-contacts.ts';
import { recomputeProgress, requestRecompute } from '../recompute/request-recompute.ts';
import { billingDueWorker } from './billing-due-worker.ts';
import { explainContactBilling } from './explain-contact.ts';

const START_S = toEpochS(GRAPH_START);
const DAY_S = 86_400;
let db: Db;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

const settings = (workspaceId: string, value: unknown) =>
  db.query({ text: 'update workspace set settings = $2::jsonb where id = $1', values: [workspaceId, json(value)] });

test('when a discount ends, MRR goes up at that moment without a word from Stripe, once', async () => {
  const world = await openGraphWorld(db);
  const { stripe, contacts, clock, run, workspaceId } = world;
  await settings(workspaceId, { billing: { discounts: { repeating: true } } });
  const coupon = { id: 'half', object: 'coupon', percent_off: 50, duration: 'repeating', duration_in_months: 3 };
  const discount = { id: 'di_1', object: 'discount', coupon, start: START_S, end: START_S + 90 * DAY_S };
  await stripe('customer.created', aCustomer('cus_1', { email: 'ada@example.test' }));
  await stripe('customer.subscription.created', aSubscription('sub_1', 'cus_1', { discounts: [discount] }));
  const worker = billingDueWorker({ db, ...world });
  expect(await contacts()).toMatchObject([{ mrr_minor: 1450n }]);
  expect(await worker.nextDueAt?.()).toEqual(new Date((START_S + 90 * DAY_S) * 1000));
  clock.advance({ days: 89 });
  expect(await run(worker)).toBe(0);
  clock.advance({ days: 1 });
  expect(await run(worker)).toBe(1);
  expect(await contacts()).toMatchObject([{ mrr_minor: 2900n, billing_due_at: null }]);
  const [, , told] = await world.events('contact_updated');
  expect(told?.data['changes']).toContainEqual({
    property: 'mrr',
    old: { amount_minor: 1450, currency: 'usd' },
    new: { amount_minor: 2900, currency: 'usd' },
  });
});

test('a card is told of 30 days before it expires, once per card and expiry, and its replacement anew', async () => {
  const world = await openGraphWorld(db);
  const { stripe, clock, run, events } = world;
  const card = (id: string, month: number, year: number) => ({
    id,
    object: 'payment_method',
    type: 'card',
    customer: 'cus_1',
    card: { brand: 'visa', last4: '4242', exp_month: month, exp_year: year },
  });
  await stripe(
    'customer.created',
    aCustomer('cus_1', { invoice_settings: { default_payment_method: card('pm_1', 1, 2027) } }),
  );
  const worker = billingDueWorker({ db, ...world });
  expect(await worker.nextDueAt?.()).toEqual(new Date('2027-01-02T00:00:00Z'));
  clock.moveTo(new Date('2027-01-01T23:59:59Z'));
  expect(await run(worker)).toBe(0);
  clock.moveTo(new Date('2027-01-02T00:00:00Z'));
  expect(await run(worker)).toBe(1);
  await stripe(
    'customer.updated',
    aCustomer('cus_1', { name: 'Ada', invoice_settings: { default_payment_method: card('pm_1', 1, 2027) } }),
  );
  expect(await run(worker)).toBe(0);
  const expected = { customer_id: 'cus_1', brand: 'visa', last4: '4242', expires_month: 1, expires_year: 2027 };
  expect((await events('card_expiring')).map((event) => event.data)).toEqual([expect.objectContaining(expected)]);
  clock.advance({ days: 1 });
  await stripe(
    'customer.updated',
    aCustomer('cus_1', { name: 'Ada', invoice_settings: { default_payment_method: card('pm_2', 1, 2027) } }),
  );
  expect(await events('card_expiring')).toHaveLength(2);
});

test('figures are in the currency of the account, at the rate of its newest settled charge, whoever paid it', async () => {
  const world = await openGraphWorld(db);
  const { stripe, contacts, workspaceId, clock } = world;
  await db.query({
    text: `insert into stripe_account (id, workspace_id, account, livemode, method, status, default_currency, connected_at)
           values (gen_random_uuid(), $1, 'acct_fx', false, 'connect', 'active', 'usd', $2)`,
    values: [workspaceId, GRAPH_START],
  });
  await stripe('customer.created', aCustomer('cus_eur', { email: 'eur@example.test' }));
  await stripe(
    'customer.subscription.created',
    aSubscription('sub_eur', 'cus_eur', { currency: 'eur', unitAmount: 10_000 }),
  );
  expect(await contacts()).toMatchObject([{ mrr_minor: 10_000n, mrr_currency: 'eur' }]);
  const charge = (id: string, settled: number, atS: number) => ({
    id,
    object: 'charge',
    customer: 'cus_other',
    status: 'succeeded',
    amount: 1000,
    amount_captured: 1000,
    currency: 'eur',
    captured: true,
    created: atS,
    balance_transaction: {
      id: `txn_${id}`,
      object: 'balance_transaction',
      amount: settled,
      currency: 'usd',
      fee: 0,
      net: settled,
    },
  });
  await stripe('charge.succeeded', charge('ch_2', 1100, START_S));
  await stripe('charge.succeeded', charge('ch_1', 1200, START_S - DAY_S));
  await stripe(
    'customer.subscription.updated',
    aSubscription('sub_eur', 'cus_eur', { currency: 'eur', unitAmount: 20_000 }),
    { atS: 5 },
  );
  const [eur] = await contacts();
  expect(eur).toMatchObject({ mrr_minor: 22_000n, mrr_currency: 'usd', mrr_by_currency: { eur: 20_000 } });
  const explained = await explainContactBilling(db, { workspaceId, contactId: String(eur?.['id']), clock });
  expect(explained.mrr).toMatchObject({
    totalMinor: 22_000,
    conversions: [{ source: 'implied_rate', rateText: '1000 eur = 1100 usd', amountMinor: 20_000 }],
  });
});

test('changed settings recompute every contact of the workspace in steps, and say how far they are', async () => {
  const world = await openGraphWorld(db);
  const { stripe, contacts, workspaceId, run, say, contactOf } = world;
  await stripe('customer.created', aCustomer('cus_t', { email: 't@example.test', metadata: { app_user: 'u-7' } }));
  await stripe('customer.subscription.created', aSubscription('sub_t', 'cus_t'));
  await say({ type: 'page', userId: 'u-7', context: { campaign: { source: 'partner', medium: 'x' } } });
  expect(await contactOf('acct_1/cus_t')).not.toBe(await contactOf('u-7'));
  await settings(workspaceId, {
    billing: { tiers: { products: { prod_2900: 'Starter' } } },
    identity: { metadataUserIdKeys: ['app_user'] },
    channels: { rules: [{ channel: 'allies', source: 'partner' }] },
  });
  const worker = recomputeContactsWorker({ db, ...world });
  await db.transaction((tx) => requestRecompute(world, { tx, workspaceId, what: ['billing'] }));
  await db.transaction((tx) => requestRecompute(world, { tx, workspaceId, what: ['identity', 'channels'] }));
  expect(await recomputeProgress(db, { workspaceId })).toMatchObject({
    what: ['billing', 'channels', 'identity'],
    finishedAt: null,
  });
  expect(await run(worker)).toBeGreaterThan(0);
  expect(await contacts()).toMatchObject([
    { user_id: 'u-7', email: 't@example.test', tier: 'Starter', acquisition_channel: 'allies', mrr_minor: 2900n },
  ]);
  expect(await recomputeProgress(db, { workspaceId })).toMatchObject({
    contactsDone: 2,
    finishedAt: world.clock.now(),
  });
});

test("a company has the plan and status of its Stripe customers, its members hear of it, and a person's link wins", async () => {
  const world = await openGraphWorld(db);
  const { stripe, say, workspaceId, contactOf, events } = world;
  await say({
    type: 'group',
    userId: 'dev',
    groupId: 'engines',
    traits: { name: 'Analytical Engines', role: 'developer' },
  });
  const customer = aCustomer('cus_c', {
    email: 'pay@engines.test',
    name: 'Engines Ltd',
    metadata: { group_id: 'engines' },
  });
  await stripe('customer.created', customer);
  await stripe('customer.subscription.created', aSubscription('sub_c', 'cus_c', { unitAmount: 20_000 }));
  const company = await one<Record<string, unknown>>(db, {
    text: 'select id, name, stripe_customer, billing from company where workspace_id = $1',
    values: [workspaceId],
  });
  expect(company).toMatchObject({
    name: 'Analytical Engines',
    stripe_customer: 'acct_1/cus_c',
    billing: { billing_status: 'active', plan: 'price_20000_usd', mrr: 20_000, mrr_currency: 'usd' },
  });
  const dev = await contactOf('dev');
  const heard = (await events('contact_updated')).filter((event) => event.contact_id === dev);
  expect(heard.flatMap((event) => event.data['changes'])).toContainEqual({
    property: 'company.plan',
    old: null,
    new: 'price_20000_usd',
  });
  const roles = await one(db, {
    text: 'select array_agg(role order by role) as roles from company_membership where workspace_id = $1',
    values: [workspaceId],
  });
  expect(roles).toEqual({ roles: ['billing', 'developer'] });
  const link = (companyId: string | null) =>
    db.transaction((tx) =>
      linkCustomerByPerson(world, { tx, workspaceId, personId: null, stripeCustomer: 'acct_1/cus_c', companyId }),
    );
  await link(String(company?.['id']));
  await stripe('customer.updated', { ...customer, metadata: {} }, { atS: 9 });
  const kept = await one(db, {
    text: `select billing->>'mrr' as mrr from company where workspace_id = $1`,
    values: [workspaceId],
  });
  expect(kept).toEqual({ mrr: '20000' });
  await link(null);
  const after = await one(db, { text: 'select billing from company where workspace_id = $1', values: [workspaceId] });
  expect(after).toEqual({ billing: {} });
});
