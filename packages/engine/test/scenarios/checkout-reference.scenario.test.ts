/**
 * A customer whom Stripe knows first and whose metadata names nobody: the reference that the seller's page gave at checkout
 * says which user it is, for one read, and without the permission nothing fails.
 */
import { afterEach, expect, test } from 'vitest';
import { many, one } from '#db/db.ts';
import { startWorld, type World } from '../world/world.ts';

const USER = 'app_user_7';
const EMAIL = 'buyer@checkout.example';
let world: World | undefined;

afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** The app knows the user; somebody buys at a checkout that was opened for them. */
async function buy(within: World, input: { email: string; clientReferenceId: string | null }): Promise<string> {
  const { email, clientReferenceId } = input;
  await within.track('Logged In', USER);
  await within.settle();
  const customer = await within.stripe.createCustomer({ email, name: 'A Buyer' });
  await within.stripe.subscribe({ email, price: 'starter_monthly' });
  await within.stripe.addCheckout({ email, clientReferenceId });
  await within.settle();
  return customer.id;
}

async function owner(within: World, customerId: string) {
  return one<{ user_id: string | null; plan: string | null; merged: boolean }>(within.db, {
    text: `select c.user_id, c.plan, c.merged_into is not null as merged from contact_identity i join contact c on c.id = i.contact_id
           where i.kind = 'stripe_customer' and i.value like '%/' || $1`,
    values: [customerId],
  });
}

const reads = (within: World) =>
  within.stripe.requests().filter(({ path }) => path.startsWith('/v1/checkout/sessions')).length;
const outcomes = (within: World) =>
  many<{ outcome: string | null }>(within.db, { text: 'select outcome from checkout_lookup order by customer_id' });

test('a customer joins the user that its checkout names, for one read', async () => {
  world = await startWorld();
  await world.connect();
  expect(reads(world)).toBe(0);
  const customerId = await buy(world, { email: EMAIL, clientReferenceId: USER });
  expect(await owner(world, customerId)).toMatchObject({ user_id: null });
  await world.advance({ minutes: 1 });
  expect(await owner(world, customerId)).toMatchObject({ user_id: USER, plan: expect.any(String), merged: false });
  expect(await world.events('contact_merged')).toHaveLength(1);
  // Nobody is asked about twice, whatever else happens to them.
  await world.stripe.renewNow({ email: EMAIL });
  await world.advance({ days: 2 });
  expect(reads(world)).toBe(1);
  expect(await outcomes(world)).toEqual([{ outcome: 'found' }]);
  expect(world.stripe.violations()).toEqual([]);
});

test('a checkout that names nobody leaves the customer as it is', async () => {
  world = await startWorld();
  await world.connect();
  const customerId = await buy(world, { email: EMAIL, clientReferenceId: null });
  await world.advance({ minutes: 1 });
  expect(await owner(world, customerId)).toMatchObject({ user_id: null, merged: false });
  expect(await outcomes(world)).toEqual([{ outcome: 'none' }]);
});

test('a key without the permission fails nothing: it is not asked with, and the connection says so', async () => {
  world = await startWorld();
  const account = world.stripe.companyAccount;
  const permissions = 'customer subscription invoice plan product event charge'
    .split(' ')
    .map((name) => `rak_${name}_read`);
  const key = world.stripe.addRestrictedKey({ account, permissions });
  await world.api('POST', '/api/connections/restricted-key', { key });
  await world.settle();
  await world.advance({ minutes: 2 });
  const customerId = await buy(world, { email: EMAIL, clientReferenceId: USER });
  // This key is polled for events: first the customer is heard of, then its turn comes.
  await world.advance({ minutes: 5 });
  await world.advance({ minutes: 1 });
  expect(await owner(world, customerId)).toMatchObject({ user_id: null });
  expect(await outcomes(world)).toEqual([{ outcome: 'not_permitted' }]);
  const { connections } = await world.api<{ connections: { permissions: { slug: string; isGranted: boolean }[] }[] }>(
    'GET',
    '/api/connections',
  );
  const permission = connections[0]?.permissions.find(({ slug }) => slug === 'rak_checkout_session_read');
  expect(permission?.isGranted).toBe(false);
  const dead = await many(world.db, { text: 'select 1 from inbox_dead union all select 1 from bus_dead_letter' });
  expect(dead).toEqual([]);
});
