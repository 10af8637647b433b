import Stripe from 'stripe';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { many } from '#db/db.ts';
import { closeIngestDb, startIngestWorld, type IngestWorld } from './world.ts';

let world: IngestWorld;
let platform: Stripe;

beforeEach(async () => {
  world = await startIngestWorld();
  const { host, port, keys } = world.sim;
  platform = new Stripe(keys.platformTest, { host, port, protocol: 'http', telemetry: false });
});
afterEach(async () => {
  expect(world.sim.violations()).toEqual([]);
  await world.close();
});
afterAll(closeIngestDb);

const endpoints = async () => (await platform.webhookEndpoints.list({ limit: 100 })).data;

test('several processes that start together register one endpoint', async () => {
  const processes = [world.stripe, world.another(), world.another()];
  await Promise.all(processes.flatMap(({ workers }) => workers.map((worker) => worker.runOnce())));
  expect(await endpoints()).toHaveLength(1);
});

test('it hears exactly the events that we use, in the version that we read', async () => {
  await world.settle();
  const [endpoint] = await endpoints();
  expect(endpoint).toMatchObject({ status: 'enabled', api_version: Stripe.API_VERSION });
  expect(endpoint?.enabled_events).toContain('account.application.deauthorized');
  for (const never of ['*', 'invoice.created', 'checkout.session.completed']) {
    expect(endpoint?.enabled_events).not.toContain(never);
  }
});

test.each([
  ['disabled', async (id: string) => void (await platform.webhookEndpoints.update(id, { disabled: true }))],
  ['deleted', async (id: string) => void (await platform.webhookEndpoints.del(id))],
  [
    'given other events',
    async (id: string) => void (await platform.webhookEndpoints.update(id, { enabled_events: ['invoice.paid'] })),
  ],
])('an endpoint that somebody has %s is put right at the next look, and events come again', async (_what, harm) => {
  const connectionId = await world.connect();
  const [before] = await endpoints();
  await harm(before?.id ?? '');
  await world.advance({ minutes: 10 });
  await world.settle();
  const after = await endpoints();
  expect(after).toHaveLength(1);
  expect(after[0]).toMatchObject({ status: 'enabled', enabled_events: before?.enabled_events });
  const view = await world.stripe.view({ workspaceId: world.workspaceId, connectionId });
  expect(view.endpoint).toMatchObject({ status: 'enabled', timesHealed: 1, error: null });
  await world.sim.createCustomer({ email: 'ada@analytical.example', card: null });
  await world.sim.drainDeliveries();
  expect(await world.ledger()).toMatchObject([{ type: 'customer.created', via: 'webhook' }]);
});

test('an endpoint with our address whose secret we lost is replaced', async () => {
  await world.settle();
  await world.db.execute('delete from stripe_endpoint');
  const [lost] = await endpoints();
  await world.advance({ minutes: 10 });
  await world.settle();
  const after = await endpoints();
  expect(after).toHaveLength(1);
  expect(after[0]?.id).not.toBe(lost?.id);
});

test('one pinned to another version is replaced by a second, and goes a day later', async () => {
  await world.settle();
  const [old] = await endpoints();
  await platform.webhookEndpoints.del(old?.id ?? '');
  const unpinned = await platform.webhookEndpoints.create({
    url: old?.url ?? '',
    enabled_events: ['invoice.paid'],
    api_version: '2024-09-30.acacia',
    connect: true,
    metadata: { managed_by: 'growthos' },
  });
  await world.db.query({ text: 'update stripe_endpoint set stripe_id = $1', values: [unpinned.id] });
  await world.advance({ minutes: 10 });
  await world.settle();
  expect(await endpoints()).toHaveLength(2);
  await world.advance({ days: 1 });
  await world.settle();
  expect(await endpoints()).toMatchObject([{ api_version: Stripe.API_VERSION }]);
  expect(await many(world.db, { text: `select status from stripe_endpoint order by status` })).toEqual([
    { status: 'gone' },
    { status: 'live' },
  ]);
});

test('while Stripe is down the trouble is shown, and put right by itself', async () => {
  world.sim.setFaults({ api500Next: 1 });
  await world.settle();
  expect(await endpoints()).toEqual([]);
  await world.advance({ minutes: 1 });
  await world.settle();
  expect(await endpoints()).toHaveLength(1);
});
