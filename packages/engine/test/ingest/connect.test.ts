import { ConnectionsAnswer } from '@growthos/contracts/http/connections.ts';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '#base/ids.ts';
import { many } from '#db/db.ts';
import { ASKED_PERMISSIONS } from '#ingest/stripe/permissions.ts';
import { closeIngestDb, countRows, secretBox, startIngestWorld, type IngestWorld } from './world.ts';

let world: IngestWorld;

beforeEach(async () => {
  world = await startIngestWorld({ hasApp: true });
});
afterEach(async () => {
  expect(world.sim.violations()).toEqual([]);
  await world.close();
});
afterAll(closeIngestDb);

const platform = () =>
  new Stripe(world.sim.keys.platformTest, {
    host: world.sim.host,
    port: world.sim.port,
    protocol: 'http',
    telemetry: false,
  });

test('pressing Connect ends with a connected account, a registered endpoint, a full backfill and live events', async () => {
  const { sim } = world;
  await sim.createCustomer({ email: 'ada@analytical.example', name: 'Ada Lovelace' });
  await sim.subscribe({ email: 'ada@analytical.example', price: 'team_monthly' });
  const connectionId = await world.connect();
  const answer = ConnectionsAnswer.parse((await world.app.inject('/api/connections')).json());
  expect(answer.connections).toMatchObject([
    {
      id: connectionId,
      account: sim.companyAccount,
      livemode: false,
      method: 'connect',
      status: 'active',
      displayName: 'Analytical Engines',
      delivery: 'platform_endpoint',
      backfill: { state: 'done', percent: 100 },
      endpoint: { status: 'enabled', url: `${world.config.baseUrl}/webhooks/stripe` },
    },
  ]);
  const types = new Set((await world.objects()).map((object) => object.type));
  for (const type of ['product', 'price', 'customer', 'subscription', 'invoice', 'charge', 'payment_method']) {
    expect(types).toContain(type);
  }
  const before = await world.ledger();
  await sim.updateCustomer({ email: 'ada@analytical.example', name: 'Ada King' });
  await sim.drainDeliveries();
  const fresh = (await world.ledger()).slice(before.length);
  expect(fresh).toMatchObject([{ type: 'customer.updated', via: 'webhook', workspaceId: world.workspaceId }]);
});

test('a callback that comes twice at once exchanges the code once, and both are told the same', async () => {
  const back = await world.authorize();
  const ends = await Promise.all([world.callback(back), world.callback(back), world.callback(back)]);
  expect(new Set(ends.map((end) => end.searchParams.get('connected'))).size).toBe(1);
  const later = await world.callback(back);
  expect(later.searchParams.get('connected')).toBe(ends[0]?.searchParams.get('connected'));
  expect(await countRows(world.db, 'stripe_account')).toBe(1);
  // Stripe, and the simulator, revoke the connection when a code is used a second time.
  const answer = await platform().customers.list({ limit: 1 }, { stripeAccount: world.sim.companyAccount });
  expect(answer.object).toBe('list');
});

const sentence = async (end: Promise<URL>): Promise<string | null> => (await end).searchParams.get('error');

test('a callback in somebody else’s browser connects nothing', async () => {
  const back = await world.authorize();
  expect(await sentence(world.callback(back, newId()))).toContain('Somebody else started this connection');
  expect(await countRows(world.db, 'stripe_account')).toBe(0);
  expect((await world.callback(back)).searchParams.get('connected')).not.toBeNull();
});

test('a state that we did not make, or that is older than ten minutes, connects nothing', async () => {
  const forged = new URL(await world.authorize());
  forged.searchParams.set('state', `v1.${'A'.repeat(16)}.${'A'.repeat(22)}.AAAA`);
  expect(await sentence(world.callback(forged))).toContain('not made by us');
  const back = await world.authorize();
  await world.advance({ minutes: 10 });
  expect(await sentence(world.callback(back))).toContain('longer than ten minutes');
  expect(await countRows(world.db, 'stripe_account')).toBe(0);
});

test('saying no at Stripe is a sentence, and pressing Connect again works', async () => {
  const back = await world.authorize({ decision: 'cancel' });
  expect(await sentence(world.callback(back))).toBe('You did not allow access at Stripe, so nothing was connected.');
  expect(await world.connect()).not.toContain('failed');
});

test('while Stripe is down nothing is connected, the code is not tried again, and the person is told', async () => {
  const back = await world.authorize();
  const offline = world.another({ config: { apiBase: 'http://127.0.0.1:9' } });
  const { state = '', code = '' } = Object.fromEntries(back.searchParams);
  const input = { state, code, error: null, errorDescription: null, personId: world.personId };
  const outcome = await offline.finish(input);
  expect(outcome).toMatchObject({ outcome: 'failed', sentence: expect.stringContaining('Stripe did not answer') });
  expect(await world.stripe.finish(input)).toEqual(outcome);
  expect(await countRows(world.db, 'stripe_account')).toBe(0);
  expect(await world.connect()).not.toContain('failed');
});

test('one account is never in two workspaces', async () => {
  await world.connect();
  const stranger = newId();
  await world.db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'Other', 'test', now())`,
    values: [stranger],
  });
  const url = new URL(await world.stripe.start({ workspaceId: stranger, personId: world.personId, method: 'connect' }));
  const back = await world.authorize();
  back.searchParams.set('state', url.searchParams.get('state') ?? '');
  expect(await sentence(world.callback(back))).toContain('is connected to another workspace');
  expect(await countRows(world.db, 'stripe_account')).toBe(1);
});

test('connecting the same account again renews it in place', async () => {
  const first = await world.connect();
  expect(await world.connect()).toBe(first);
});

test('what arrived before the account was connected is claimed', async () => {
  await world.settle();
  await world.sim.connectAccount({ account: world.sim.companyAccount });
  await world.sim.createCustomer({ email: 'grace@analytical.example' });
  await world.sim.drainDeliveries();
  expect(await countRows(world.db, 'inbox_unclaimed')).toBeGreaterThan(0);
  await world.connect();
  expect(await countRows(world.db, 'inbox_unclaimed')).toBe(0);
  expect((await world.ledger()).map((event) => event.type)).toContain('customer.created');
});

test('disconnecting ends it at Stripe and here, and later events are nobody’s', async () => {
  const id = await world.connect();
  const answer = await world.app.inject({ method: 'DELETE', url: `/api/connections/${id}` });
  expect(answer.json()).toMatchObject({
    advice: null,
    connection: { status: 'disconnected', disconnectReason: 'Disconnected here.' },
  });
  const read = platform().customers.list({ limit: 1 }, { stripeAccount: world.sim.companyAccount });
  await expect(read).rejects.toThrow(/does not have access/);
  await world.settle();
  const ledger = await world.ledger();
  await world.sim.createCustomer({ email: 'late@analytical.example' });
  await world.settle();
  expect(await world.ledger()).toEqual(ledger);
});

test('when the owner removes us at Stripe, the connection ends cleanly and can be made again', async () => {
  const id = await world.connect();
  await world.sim.disconnectAccount();
  await world.settle();
  const view = await world.stripe.view({ workspaceId: world.workspaceId, connectionId: id });
  expect(view).toMatchObject({ status: 'disconnected', health: { state: 'disconnected' } });
  await world.advance({ minutes: 1 });
  expect(await world.connect()).not.toBe(id);
});

test('when the event that says so is lost, Stripe’s own refusals end the connection, and one of them does not', async () => {
  const id = await world.connect();
  world.sim.setFaults({ dropNext: 100 });
  await world.sim.disconnectAccount();
  const status = async () => (await world.stripe.view({ workspaceId: world.workspaceId, connectionId: id })).status;
  await world.advance({ hours: 1 });
  await world.settle();
  expect(await status()).toBe('active');
  for (let minute = 0; minute < 5; minute++) {
    await world.advance({ minutes: 1 });
    await world.settle();
  }
  expect(await status()).toBe('disconnected');
  const asked = world.sim.requests().length;
  await world.advance({ days: 1 });
  await world.settle();
  const ofAccount = world.sim
    .requests()
    .slice(asked)
    .filter(({ path }) => path === '/v1/events');
  expect(ofAccount).toEqual([]);
});

test('while the platform’s own key is refused, no connection ends', async () => {
  const id = await world.connect();
  const platform = { secretKey: 'sk_test_rolled_meanwhile', clientId: world.sim.clientId };
  const rolled = world.another({ config: { platform } });
  for (let nth = 0; nth < 6; nth++) {
    await world.advance({ hours: 1 });
    for (const worker of rolled.workers) await worker.runOnce();
  }
  const view = await world.stripe.view({ workspaceId: world.workspaceId, connectionId: id });
  expect(view).toMatchObject({ status: 'active', health: { state: 'failing' } });
});

test('a code is exchanged once, although the callback comes to two processes at once', async () => {
  const back = await world.authorize();
  const { state = '', code = '' } = Object.fromEntries(back.searchParams);
  const input = { state, code, error: null, errorDescription: null, personId: world.personId };
  const processes = [world.stripe, world.another(), world.another()];
  const outcomes = await Promise.all(processes.map((process) => process.finish(input)));
  expect(world.sim.requests().filter(({ path }) => path === '/oauth/token').length).toBeLessThanOrEqual(1);
  expect(outcomes.filter(({ outcome }) => outcome === 'connected').length).toBeGreaterThan(0);
  expect(await countRows(world.db, 'stripe_account')).toBe(1);
  const answer = await platform().customers.list({ limit: 1 }, { stripeAccount: world.sim.companyAccount });
  expect(answer.object).toBe('list');
});

test('test and live of one account stand side by side, and neither hears of the other', async () => {
  const { sim } = world;
  const test = await world.connect();
  const key = sim.addRestrictedKey({
    key: 'rk_live_company',
    livemode: true,
    permissions: ASKED_PERMISSIONS.map(({ slug }) => slug),
  });
  const live = await world.stripe.addKey({ workspaceId: world.workspaceId, key });
  const liveId = live.outcome === 'connected' ? live.connectionId : '';
  await world.settle();
  const before = (await world.ledger()).length;
  await sim.createCustomer({ email: 'test@analytical.example', card: null });
  await sim.createCustomer({ email: 'live@analytical.example', card: null, livemode: true });
  await sim.drainDeliveries();
  const heard = (await world.ledger()).slice(before);
  expect(heard.map(({ type }) => type)).toEqual(['customer.created', 'customer.created']);
  expect(new Set(heard.map(({ workspaceId }) => workspaceId))).toEqual(new Set([world.workspaceId, world.live]));
  await world.stripe.disconnect({ workspaceId: world.live, connectionId: liveId });
  expect((await world.stripe.view({ workspaceId: world.workspaceId, connectionId: test })).status).toBe('active');
});

test('how often Stripe was asked this month is shown, beside what it allows', async () => {
  const connectionId = await world.connect();
  const view = await world.stripe.view({ workspaceId: world.workspaceId, connectionId });
  const asked = world.sim.requests().filter(({ method, path, account }) => {
    return method === 'GET' && account === world.sim.companyAccount && path !== '/v1/account';
  });
  expect(view.reads).toEqual({ thisMonth: asked.length, allowedAtLeast: 10_000 });
  expect(view.reads.thisMonth).toBeGreaterThan(10);
  await world.advance({ days: 7 });
  expect((await world.stripe.view({ workspaceId: world.workspaceId, connectionId })).reads.thisMonth).toBe(0);
});

test('an app whose owner is not our platform is asked for news, one request a minute, until it is uninstalled', async () => {
  const { sim } = world;
  const alone = world.another({ config: { platform: null } });
  const back = await world.authorize({ method: 'app' });
  const { state = '', code = '' } = Object.fromEntries(back.searchParams);
  const input = { state, code, error: null, errorDescription: null, personId: world.personId };
  const outcome = await alone.finish(input);
  const connectionId = outcome.outcome === 'connected' ? outcome.connectionId : '';
  const view = () => alone.view({ workspaceId: world.workspaceId, connectionId });
  await world.settle(alone);
  expect(await view()).toMatchObject({ method: 'app', delivery: 'polling', endpoint: null });
  await sim.createCustomer({ email: 'ada@analytical.example', card: null });
  const asked = sim.requests().filter(({ path }) => path === '/v1/events').length;
  await world.advance({ minutes: 1 });
  await world.settle(alone);
  expect(sim.requests().filter(({ path }) => path === '/v1/events').length).toBe(asked + 1);
  expect((await world.ledger()).at(-1)).toMatchObject({ type: 'customer.created', via: 'poll' });
  await sim.disconnectAccount();
  for (let minute = 0; minute < 70; minute++) {
    await world.advance({ minutes: 1 });
    await world.settle(alone);
  }
  expect(await view()).toMatchObject({ status: 'disconnected' });
});

test('a connection of another workspace can be neither seen nor ended', async () => {
  const id = await world.connect();
  const input = { workspaceId: world.live, connectionId: id };
  await expect(world.stripe.view(input)).rejects.toThrow('no such Stripe connection');
  await expect(world.stripe.disconnect(input)).rejects.toThrow('no such Stripe connection');
});

test('an app’s tokens are renewed before they end, kept sealed, and the new pair is used', async () => {
  const end = await world.callback(await world.authorize({ method: 'app' }));
  const connectionId = end.searchParams.get('connected') ?? '';
  await world.settle();
  const sealed = async () =>
    (await many<{ s: string }>(world.db, { text: 'select sealed_secret as s from stripe_account' }))[0]?.s ?? '';
  const seen = new Set([await sealed()]);
  for (let renewal = 1; renewal <= 3; renewal++) {
    await world.advance({ hours: 2 });
    const report = await world.stripe.reconcileNow({ workspaceId: world.workspaceId, connectionId });
    expect(report.kind).toBe('events');
    seen.add(await sealed());
    expect(seen.size).toBe(renewal + 1);
  }
  for (const one of seen) {
    const { accessToken, refreshToken } = JSON.parse(secretBox.open(one)) as Record<string, string>;
    expect([accessToken, refreshToken]).toEqual([expect.stringMatching(/^sk_test_/), expect.stringMatching(/^rt_/)]);
    for (const kept of seen) {
      expect(kept).not.toContain(accessToken);
      expect(kept).not.toContain(refreshToken);
    }
  }
});
