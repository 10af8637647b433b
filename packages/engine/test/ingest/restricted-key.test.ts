import { ConnectionsAnswer, RestrictedKeyAnswer } from '@growthos/contracts/http/connections.ts';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { many } from '#db/db.ts';
import { ASKED_PERMISSIONS } from '#ingest/stripe/permissions.ts';
import { closeIngestDb, countRows, startIngestWorld, type IngestWorld } from './world.ts';

let world: IngestWorld;

beforeEach(async () => {
  world = await startIngestWorld();
});
afterEach(async () => {
  expect(world.sim.violations()).toEqual([]);
  await world.close();
});
afterAll(closeIngestDb);

const add = async (key: string) => {
  const answer = await world.app.inject({ method: 'POST', url: '/api/connections/restricted-key', payload: { key } });
  expect(answer.statusCode).toBe(200);
  expect(answer.body).not.toContain(key);
  return RestrictedKeyAnswer.parse(answer.json());
};
const asked = (without: readonly string[] = []) =>
  ASKED_PERMISSIONS.map(({ slug }) => slug).filter((slug) => !without.includes(slug));

test('a key that may register webhooks gets an endpoint in its own account, and its events arrive there', async () => {
  const outcome = await add(world.sim.addRestrictedKey({ permissions: asked() }));
  expect(outcome).toMatchObject({
    outcome: 'connected',
    connection: { account: world.sim.companyAccount, method: 'restricted_key', delivery: 'own_endpoint' },
  });
  await world.settle();
  await world.sim.createCustomer({ email: 'ada@analytical.example', card: null });
  await world.sim.drainDeliveries();
  expect(await world.ledger()).toMatchObject([{ type: 'customer.created', via: 'webhook' }]);
});

test('a key without that permission is polled, once a minute', async () => {
  const outcome = await add(world.sim.keys.companyRestricted);
  expect(outcome).toMatchObject({
    outcome: 'connected',
    connection: { delivery: 'polling', endpoint: null, keyLast4: world.sim.keys.companyRestricted.slice(-4) },
  });
  await world.settle();
  await world.advance({ seconds: 30 });
  await world.sim.createCustomer({ email: 'ada@analytical.example', card: null });
  await world.advance({ seconds: 20 });
  await world.settle();
  expect(await world.ledger()).toEqual([]);
  await world.advance({ seconds: 10 });
  await world.settle();
  expect(await world.ledger()).toMatchObject([{ type: 'customer.created', via: 'poll' }]);
});

test('every missing permission is named, and nothing is stored', async () => {
  const key = world.sim.addRestrictedKey({ permissions: asked(['rak_plan_read', 'rak_event_read']) });
  const outcome = await add(key);
  expect(outcome.outcome === 'missing_permissions' && outcome.sentence).toContain(
    'Prices (rak_plan_read), Events (rak_event_read)',
  );
  expect(await countRows(world.db, 'stripe_account')).toBe(0);
});

test('a key without the optional permissions connects, and its lists say that they were not permitted', async () => {
  const optional = ASKED_PERMISSIONS.filter(({ isRequired }) => !isRequired).map(({ slug }) => slug);
  const outcome = await add(world.sim.addRestrictedKey({ permissions: asked(optional) }));
  expect(outcome.outcome).toBe('connected');
  await world.settle();
  const answer = ConnectionsAnswer.parse((await world.app.inject('/api/connections')).json());
  const [connection] = answer.connections;
  expect(connection?.permissions.find(({ slug }) => slug === 'rak_charge_read')?.isGranted).toBe(false);
  expect(connection?.backfill?.state).toBe('done');
  expect(connection?.backfill?.types.find(({ type }) => type === 'charges')?.state).toBe('not_permitted');
  expect(connection?.backfill?.types.find(({ type }) => type === 'invoices')?.state).toBe('done');
});

test.each([
  ['a secret test key', 'sk_test_simulator_company', 'may change everything'],
  ['a secret live key', 'sk_live_simulator_company', 'may change everything'],
  ['a publishable key', 'pk_test_123', 'publishable key'],
  ['a signing secret', 'whsec_123', 'signing secret'],
  ['rubbish', 'hello', 'no restricted key'],
  ['a key that Stripe does not know', 'rk_test_unknown', 'does not know this key'],
])('%s is refused with a sentence that says what to do', async (_what, key, words) => {
  const outcome = await add(key);
  expect(outcome.outcome === 'refused' && outcome.sentence).toContain(words);
  expect(await countRows(world.db, 'stripe_account')).toBe(0);
});

test('a key that may write billing is refused with a sentence that names what to untick, and nothing is written to find out', async () => {
  const everything = [...asked(), 'rak_balance_read', 'rak_payout_write', 'rak_file_write', 'rak_payment_link_write'];
  const key = world.sim.addRestrictedKey({ permissions: everything.map((slug) => slug.replace(/_read$/, '_write')) });
  const before = world.sim.requests().length;
  const outcome = await add(key);
  const sentence = outcome.outcome === 'refused' ? outcome.sentence : '';
  expect(sentence).toContain('it also opens Balance, Payouts, Files, Payment Links');
  expect(sentence).toContain(
    'set Balance, Payouts, Files, Payment Links to None, and every line that stands on Write to Read',
  );
  expect(
    new Set(
      world.sim
        .requests()
        .slice(before)
        .map(({ method }) => method),
    ),
  ).toEqual(new Set(['GET']));
  expect(await countRows(world.db, 'stripe_account')).toBe(0);
});

test('a key that may read one thing more than we ask for is refused by name', async () => {
  const key = world.sim.addRestrictedKey({ permissions: [...asked(), 'rak_transfer_read'] });
  const outcome = await add(key);
  expect(outcome.outcome === 'refused' && outcome.sentence).toContain('it also opens Transfers.');
});

test('a key that may write only where we ask to read connects, and still nothing can be written with it', async () => {
  const writing = asked().map((slug) => slug.replace(/_read$/, '_write'));
  const outcome = await add(world.sim.addRestrictedKey({ permissions: writing }));
  const id = outcome.outcome === 'connected' ? outcome.connection.id : '';
  await world.settle();
  const calls = new Set(
    world.sim
      .requests()
      .filter(({ method }) => method !== 'GET')
      .map(({ path }) => path),
  );
  expect(calls).toEqual(new Set(['/v1/webhook_endpoints']));
  expect((await world.stripe.view({ workspaceId: world.workspaceId, connectionId: id })).backfill?.state).toBe('done');
});

test('the key is sealed in the database, and taken out when the account is disconnected, with its endpoint', async () => {
  const key = world.sim.addRestrictedKey({ permissions: asked() });
  const outcome = await add(key);
  const id = outcome.outcome === 'connected' ? outcome.connection.id : '';
  const rows = () => many<{ row: string }>(world.db, { text: 'select a::text as row from stripe_account a' });
  expect(JSON.stringify(await rows())).not.toContain(key);
  const answer = await world.app.inject({ method: 'DELETE', url: `/api/connections/${id}` });
  expect(answer.json()).toMatchObject({ advice: expect.stringContaining(`ends in ${key.slice(-4)}`) });
  expect(await many(world.db, { text: 'select sealed_secret from stripe_account' })).toEqual([{ sealed_secret: null }]);
  const { host, port, keys } = world.sim;
  const company = new Stripe(keys.companyTest, { host, port, protocol: 'http', telemetry: false });
  expect((await company.webhookEndpoints.list()).data).toEqual([]);
});

test('a live key connects the live twin', async () => {
  const key = world.sim.addRestrictedKey({ key: 'rk_live_company', livemode: true, permissions: asked() });
  expect(await add(key)).toMatchObject({ outcome: 'connected', connection: { livemode: true } });
  expect(await many(world.db, { text: 'select workspace_id from stripe_account' })).toEqual([
    { workspace_id: world.live },
  ]);
});
