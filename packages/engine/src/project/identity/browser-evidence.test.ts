import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { aCustomer, aSubscription, type GraphWorld, openGraphWorld } from '../../../test/world/graph.ts';
import { listConflicts, resolveConflict } from './conflict-queue.ts';

let db: Db;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

const VICTIM = 'payer@example.test';
const inBrowser = { isEmailProven: false };
const claim = { type: 'identify', userId: 'stranger', traits: { email: VICTIM }, ...inBrowser };

async function pay(world: GraphWorld): Promise<void> {
  await world.stripe('customer.created', aCustomer('cus_1', { email: VICTIM }));
  await world.stripe('customer.subscription.created', aSubscription('sub_1', 'cus_1'));
}

const steps = {
  'Stripe first': [pay, (world: GraphWorld) => world.say(claim)],
  'the browser first': [(world: GraphWorld) => world.say(claim), pay],
};

for (const [order, history] of Object.entries(steps)) {
  test(`an address that only a browser says does not take over a customer of Stripe, but asks (${order})`, async () => {
    const world = await openGraphWorld(db);
    for (const step of history) await step(world);
    const { contactOf, contacts, workspaceId } = world;
    const payer = await contactOf('acct_1/cus_1');
    expect(await contactOf('stranger')).not.toBe(payer);
    expect(await contactOf(VICTIM)).toBe(payer);
    expect((await contacts()).find((one) => one['user_id'] === 'stranger')).toMatchObject({ mrr_minor: null });
    const [question, ...others] = await listConflicts(db, { workspaceId, limit: 10 });
    expect(others).toEqual([]);
    expect(question).toMatchObject({ identity: { kind: 'email', value: VICTIM }, belongsTo: payer });
    expect(question?.reason).toContain('in a browser');
    expect(new Set(question?.candidates.map((one) => one.contactId))).toEqual(
      new Set([payer, await contactOf('stranger')]),
    );
    // The server of the app says it too: now it is so, and there is nothing to ask.
    await world.say({ ...claim, isEmailProven: true }, { atS: 60 });
    expect(await contactOf('acct_1/cus_1')).toBe(await contactOf('stranger'));
    expect((await contacts()).map((one) => [one['user_id'], one['mrr_minor']])).toEqual([['stranger', 2900n]]);
    expect(await listConflicts(db, { workspaceId, limit: 10 })).toEqual([]);
  });
}

test('a nameless browser that says an address keeps its history to itself, and joins where nothing is proven', async () => {
  const world = await openGraphWorld(db);
  await pay(world);
  const visit = {
    type: 'identify',
    anonymousId: 'cafe',
    traits: { email: VICTIM, note: 'not the payer' },
    ...inBrowser,
  };
  await world.say(visit);
  expect(await world.contactOf('cafe')).not.toBe(await world.contactOf(VICTIM));
  const payer = (await world.contacts()).find((one) => one['mrr_minor'] !== null);
  expect(payer?.['traits']).toEqual({});
  expect((await world.events('identify')).map((event) => event.contact_id)).toEqual([await world.contactOf('cafe')]);
  const address = 'visitor@example.test';
  await world.say({ type: 'identify', anonymousId: 'home', traits: { email: address }, ...inBrowser });
  await world.say({ type: 'identify', userId: 'visitor', traits: { email: address }, ...inBrowser });
  expect(await world.contactOf('home')).toBe(await world.contactOf('visitor'));
});

test('an earlier date in a browser does not outweigh what a server says', async () => {
  const world = await openGraphWorld(db);
  await world.say({ type: 'identify', userId: 'owner', traits: { email: VICTIM } });
  await world.say(claim, { atS: -86_400 });
  expect(await world.contactOf(VICTIM)).toBe(await world.contactOf('owner'));
});

test('an answered question is asked again when somebody else claims the same, and only then', async () => {
  const world = await openGraphWorld(db);
  const { workspaceId, say } = world;
  for (const userId of ['ada', 'grace']) await say({ type: 'identify', userId, traits: { email: VICTIM } });
  const open = () => listConflicts(db, { workspaceId, limit: 10 });
  const [question] = await open();
  const answer = { tx: undefined, workspaceId, personId: null, conflictId: question?.id ?? '' };
  await db.transaction((tx) => resolveConflict(world, { ...answer, tx, resolution: { action: 'keep_apart' } }));
  const owner = await world.contactOf(VICTIM);
  await say({ type: 'identify', userId: 'grace', traits: { email: VICTIM } }, { atS: -30 });
  expect(await open()).toEqual([]);
  await say({ type: 'identify', userId: 'mary', traits: { email: VICTIM }, ...inBrowser });
  expect((await open()).map((one) => one.candidates.length)).toEqual([3]);
  expect(await world.contactOf(VICTIM)).toBe(owner);
});

test('a workspace may choose to believe browsers', async () => {
  const world = await openGraphWorld(db);
  await db.query({
    text: `update workspace set settings = '{"identity": {"trustsAddressesFromBrowsers": true}}' where id = $1`,
    values: [world.workspaceId],
  });
  await pay(world);
  await world.say(claim);
  expect(await world.contactOf('stranger')).toBe(await world.contactOf('acct_1/cus_1'));
});
