import { afterAll, beforeAll, expect, test } from 'vitest';
import { many, one, type Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { aCustomer, aSubscription, openGraphWorld } from '../../../test/world/graph.ts';
import { listConflicts, resolveConflict } from './conflict-queue.ts';
import { eraseContact } from './erase-contact.ts';
import { mergeByPerson, undoMerge } from './merge-by-person.ts';

let db: Db;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

test('a shared browser belongs to whoever said so first by the clock, and its history moves when that becomes known late', async () => {
  const world = await openGraphWorld(db);
  const { say, contactOf, events } = world;
  await say({ type: 'page', anonymousId: 'shared', context: { campaign: { source: 'google', medium: 'cpc' } } });
  await say({ type: 'identify', userId: 'late', anonymousId: 'shared' }, { atS: 100 });
  expect(await contactOf('shared')).toBe(await contactOf('late'));
  await say({ type: 'track', event: 'Exported', userId: 'early', anonymousId: 'shared' }, { atS: 50 });
  const early = await contactOf('early');
  expect(await contactOf('shared')).toBe(early);
  expect((await events('page')).map((event) => event.contact_id)).toEqual([early]);
  const channels = await many(db, {
    text: 'select user_id, acquisition_channel from contact where workspace_id = $1 and merged_into is null order by 1',
    values: [world.workspaceId],
  });
  expect(channels).toEqual([
    { user_id: 'early', acquisition_channel: 'paid search' },
    { user_id: 'late', acquisition_channel: null },
  ]);
});

test('an alias joins the history of a browser to a user, and never two users', async () => {
  const { say, contactOf, contacts } = await openGraphWorld(db);
  await say({ type: 'track', event: 'Looked', anonymousId: 'visitor' });
  // As the ledger holds an alias: the previous id as the anonymous one.
  await say({ type: 'identify', userId: 'ada', anonymousId: 'visitor' });
  expect(await contactOf('visitor')).toBe(await contactOf('ada'));
  await say({ type: 'identify', userId: 'grace', anonymousId: 'ada' });
  expect(await contactOf('grace')).not.toBe(await contactOf('visitor'));
  expect(await contacts()).toHaveLength(2);
});

test('an address that two users claim is a question with both as candidates; the answer moves it and its customer', async () => {
  const world = await openGraphWorld(db);
  const { workspaceId, say, stripe, contactOf, contacts } = world;
  await say({ type: 'identify', userId: 'ada', traits: { email: 'team@example.test' } });
  await say({ type: 'identify', userId: 'grace', traits: { email: 'team@example.test' } }, { atS: 10 });
  await stripe('customer.created', aCustomer('cus_1', { email: 'Team@Example.test' }));
  await stripe('customer.subscription.created', aSubscription('sub_1', 'cus_1'));
  const [ada, grace] = [await contactOf('ada'), await contactOf('grace')];
  expect(await contactOf('acct_1/cus_1')).toBe(ada);
  const [conflict, ...others] = await listConflicts(db, { workspaceId, limit: 10 });
  expect(others).toEqual([]);
  expect(conflict).toMatchObject({
    identity: { kind: 'email', value: 'team@example.test' },
    belongsTo: ada,
    candidates: [
      { contactId: ada, claimedAs: [{ kind: 'user_id', value: 'ada' }] },
      { contactId: grace, claimedAs: [{ kind: 'user_id', value: 'grace' }] },
    ],
  });
  await db.transaction((tx) =>
    resolveConflict(world, {
      tx,
      workspaceId,
      personId: null,
      conflictId: conflict?.id ?? '',
      resolution: { action: 'link', contactId: grace ?? '' },
    }),
  );
  expect(await contactOf('acct_1/cus_1')).toBe(grace);
  expect((await contacts()).map((one) => [one['user_id'], one['mrr_minor']])).toEqual([
    ['ada', null],
    ['grace', 2900n],
  ]);
  expect(await listConflicts(db, { workspaceId, limit: 10 })).toEqual([]);
  // The same claims again ask nobody again and move nothing.
  await say({ type: 'identify', userId: 'ada', traits: { email: 'team@example.test' } }, { atS: 20 });
  expect(await contactOf('team@example.test')).toBe(grace);
  expect(await listConflicts(db, { workspaceId, limit: 10 })).toEqual([]);
});

test('a merge by a person gathers billing, events and companies in one contact, and undoing it parts them again for good', async () => {
  const world = await openGraphWorld(db);
  const { workspaceId, say, stripe, contactOf, contacts, events } = world;
  await say({ type: 'group', userId: 'ada', groupId: 'engines', traits: { role: 'owner' } });
  await say({ type: 'identify', userId: 'ada', traits: { email: 'ada@example.test', name: 'Ada' } });
  await stripe('customer.created', aCustomer('cus_2', { email: 'billing@example.test', name: 'Billing' }));
  await stripe('customer.subscription.created', aSubscription('sub_2', 'cus_2'));
  const [ada, payer] = [await contactOf('ada'), await contactOf('acct_1/cus_2')];
  if (!ada || !payer) throw new Error('both are known');
  const before = await contacts();
  const { mergeId } = await db.transaction((tx) =>
    mergeByPerson(world, { tx, workspaceId, personId: null, from: payer, into: ada }),
  );
  expect(await contacts()).toMatchObject([
    { id: ada, name: 'Ada', email: 'ada@example.test', mrr_minor: 2900n, plan: 'price_2900_usd' },
  ]);
  expect((await events('subscription_created')).map((event) => event.contact_id)).toEqual([ada]);
  await stripe('customer.updated', aCustomer('cus_2', { email: 'billing@example.test', name: 'Accounts' }), { atS: 5 });
  await db.transaction((tx) => undoMerge(world, { tx, workspaceId, personId: null, mergeId }));
  const plain = (rows: Record<string, unknown>[]) =>
    rows.map(({ updated_at: _u, billing_as_of: _b, property_sources: _p, name: _n, ...row }) => row);
  expect(plain(await contacts())).toEqual(plain(before));
  expect((await contacts()).map((one) => one['name'])).toEqual(['Ada', 'Accounts']);
  expect((await events('subscription_created')).map((event) => event.contact_id)).toEqual([payer]);
  expect((await events('identify')).map((event) => event.contact_id)).toEqual([ada]);
  expect(new Set((await events('contact_split')).map((event) => event.contact_id))).toEqual(new Set([ada, payer]));
  // Evidence that would join them again no longer does.
  await say({ type: 'identify', userId: 'ada', traits: { email: 'billing@example.test' } }, { atS: 50 });
  expect(await contactOf('acct_1/cus_2')).toBe(payer);
  await expect(db.transaction((tx) => undoMerge(world, { tx, workspaceId, personId: null, mergeId }))).rejects.toThrow(
    'undone already',
  );
});

test('an erased person leaves nothing readable, and neither Stripe nor the app brings them back', async () => {
  const world = await openGraphWorld(db);
  const { workspaceId, say, stripe, read, contactOf, contacts, events } = world;
  const customer = aCustomer('cus_3', {
    email: 'secret@example.test',
    name: 'Secret Person',
    metadata: { user_id: 'secret-id' },
  });
  await stripe('customer.created', customer);
  await stripe('customer.subscription.created', aSubscription('sub_3', 'cus_3'));
  await say({ type: 'identify', userId: 'secret-id', anonymousId: 'secret-browser', traits: { city: 'Secretville' } });
  const contactId = (await contactOf('secret-id')) ?? '';
  const forgotten: unknown[] = [];
  await db.transaction((tx) =>
    eraseContact(world, {
      tx,
      workspaceId,
      contactId,
      also: async (_tx, erased) => {
        forgotten.push(erased);
      },
    }),
  );
  expect(forgotten).toEqual([{ contactIds: [contactId], addresses: ['secret@example.test'] }]);
  await stripe('customer.updated', { ...customer, name: 'Secret Person II' }, { atS: 60 });
  await stripe('customer.subscription.updated', aSubscription('sub_3', 'cus_3', { unitAmount: 9900 }), { atS: 61 });
  await read(customer, aSubscription('sub_3', 'cus_3'));
  await say({ type: 'track', event: 'Returned', userId: 'secret-id', properties: { note: 'Secretville' } });
  expect(await contacts()).toEqual([]);
  expect(await events('Returned')).toEqual([]);
  expect(await events('subscription_updated')).toEqual([]);
  for (const table of [
    'contact',
    'contact_identity',
    'identity_edge',
    'stripe_object',
    'bus_event',
    'inbox_event',
    'contact_merge',
    'identity_erased',
  ]) {
    const found = await one(db, {
      text: `select t.* from ${table} t where workspace_id = $1 and t::text ~* 'secret' limit 1`,
      values: [workspaceId],
    });
    expect([table, found]).toEqual([table, undefined]);
  }
});
