import { Connection } from '@growthos/contracts/http/connections.ts';
import { createServer, request, type Server } from 'node:http';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Access } from '#access/index.ts';
import { createSecretBox } from '#access/secrets.ts';
import { many } from '#db/db.ts';
import { ASKED_PERMISSIONS } from '#ingest/stripe/permissions.ts';
import { freePort } from '../world/free-port.ts';
import { closeIngestDb, startIngestWorld, type IngestWorld } from './world.ts';

let world: IngestWorld;
const open: Server[] = [];

beforeEach(async () => {
  world = await startIngestWorld();
});
afterEach(async () => {
  expect(world.sim.violations()).toEqual([]);
  for (const server of open.splice(0)) server.close();
  await world.close();
});
afterAll(closeIngestDb);

const stripeAs = (key: string) => {
  const { host, port } = world.sim;
  return new Stripe(key, { host, port, protocol: 'http', telemetry: false });
};
/** Our endpoints at Stripe, the oldest first. */
const endpoints = async (key: string) => (await stripeAs(key).webhookEndpoints.list({ limit: 100 })).data.reverse();
const rotate = async (id: string) => {
  const answer = await world.app.inject({ method: 'POST', url: `/api/connections/${id}/signing-secret`, payload: {} });
  return { status: answer.statusCode, body: answer.json() as unknown };
};
/** Of the rows about the platform's endpoint, or about those in accounts of their own, the oldest first. */
const statuses = async (isPlatform: boolean) =>
  (
    await many<{ status: string }>(world.db, {
      text: `select status from stripe_endpoint where (stripe_account_id is null) = $1 order by created_at, id`,
      values: [isPlatform],
    })
  ).map(({ status }) => status);
const asOwner = (): Access => ({
  workspaceId: world.workspaceId,
  personId: world.personId,
  role: 'owner',
  via: 'session',
});

/** Ways in whose endpoint is ours to change: the platform's for all accounts, and one in an account of its own. */
const WAYS = [
  ['the platform’s endpoint', true, () => world.connect(), () => world.sim.keys.platformTest],
  ['an endpoint in the account', false, () => connectByKey(), () => world.sim.keys.companyTest],
] as const;

async function connectByKey(): Promise<string> {
  const key = world.sim.addRestrictedKey({ permissions: ASKED_PERMISSIONS.map(({ slug }) => slug) });
  const outcome = await world.stripe.addKey({ workspaceId: world.workspaceId, key });
  await world.settle();
  return outcome.outcome === 'connected' ? outcome.connectionId : outcome.sentence;
}

describe.each(WAYS)('a new signing secret for %s', (_what, isPlatform, connect, key) => {
  test('loses no event and takes none twice, and the old endpoint is deleted a day later', async () => {
    const id = await connect();
    const [old] = await endpoints(key());
    // On its way before the change, signed with the old secret, and delivered after it.
    await world.sim.createCustomer({ email: 'before@analytical.example', card: null });
    const { status, body } = await rotate(id);
    expect(status).toBe(200);
    expect(Connection.parse(body).endpoint).toMatchObject({
      status: 'enabled',
      timesHealed: 0,
      secretChange: { state: 'both_accepted', oldEndsAt: '2026-11-25T09:00:00.000Z' },
    });
    await world.sim.drainDeliveries();
    // Both endpoints hear this one, each with its own secret.
    await world.sim.createCustomer({ email: 'during@analytical.example', card: null });
    await world.sim.drainDeliveries();
    expect((await endpoints(key())).map((endpoint) => endpoint.id)).toEqual([old?.id, expect.any(String)]);
    await world.advance({ days: 1 });
    await world.settle();
    const after = await endpoints(key());
    expect(after).toHaveLength(1);
    expect(after[0]?.id).not.toBe(old?.id);
    expect(await statuses(isPlatform)).toEqual(['gone', 'live']);
    await world.sim.createCustomer({ email: 'after@analytical.example', card: null });
    await world.sim.drainDeliveries();
    const created = (await world.ledger()).filter(({ type }) => type === 'customer.created');
    expect(created.map(({ via }) => via)).toEqual(['webhook', 'webhook', 'webhook']);
    const refused = world.sim.deliveries().filter((delivery) => delivery.status !== 'delivered');
    expect(refused).toEqual([]);
    const view = await world.stripe.view({ workspaceId: world.workspaceId, connectionId: id });
    expect(view.endpoint?.secretChange).toBeNull();
  });

  test('is made once, however many processes and people ask at once', async () => {
    const id = await connect();
    const input = { workspaceId: world.workspaceId, connectionId: id, access: asOwner() };
    const processes = [world.stripe, world.another(), world.another(), world.stripe];
    const asked = await Promise.allSettled(processes.map((process) => process.rotateSecretNow(input)));
    for (const { workers } of processes) for (const worker of workers) await worker.runOnce();
    expect(await endpoints(key())).toHaveLength(2);
    expect(await statuses(isPlatform)).toEqual(['retiring', 'live']);
    expect(asked.some(({ status }) => status === 'fulfilled')).toBe(true);
    // Who came too late is told so, and nobody is told anything else.
    for (const one of asked) {
      if (one.status === 'rejected') expect(String(one.reason)).toContain('was changed a short while ago');
    }
    expect(await rotate(id)).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('Wed, 25 Nov 2026') } },
    });
    expect(await endpoints(key())).toHaveLength(2);
  });

  test('a death between Stripe’s answer and our commit is healed by the next look, and no event is lost', async () => {
    const id = await connect();
    const [old] = await endpoints(key());
    const dying = world.another({ config: { apiBase: await diesAfter('POST /v1/webhook_endpoints') } });
    const input = { workspaceId: world.workspaceId, connectionId: id, access: asOwner() };
    await expect(dying.rotateSecretNow(input)).rejects.toThrow('stripe did not answer');
    // As kill -9 leaves it: the duty is leased, and nobody wrote down that it failed.
    await world.db.query({
      text: `update stripe_duty set leased_until = $1, error = null, next_at = $2 where name like 'endpoint:%'`,
      values: [new Date('2026-11-24T09:03:00Z'), new Date('2026-11-24T09:00:00Z')],
    });
    expect(await endpoints(key())).toHaveLength(2);
    expect(await statuses(isPlatform)).toEqual(['live']);
    // The second endpoint's secret is known to nobody; the first has heard the same event.
    await world.sim.createCustomer({ email: 'meanwhile@analytical.example', card: null });
    await world.sim.drainDeliveries();
    await world.advance({ minutes: 3 });
    await world.settle();
    const after = await endpoints(key());
    expect(after).toHaveLength(2);
    expect(after[0]?.id).toBe(old?.id);
    expect(await statuses(isPlatform)).toEqual(['retiring', 'live']);
    await world.sim.createCustomer({ email: 'later@analytical.example', card: null });
    await world.settle();
    expect((await world.ledger()).filter(({ type }) => type === 'customer.created')).toHaveLength(2);
    await world.advance({ days: 1 });
    await world.settle();
    expect(await endpoints(key())).toMatchObject([{ id: after[1]?.id }]);
  });

  test('Stripe’s limit of 16 endpoints is explained, the old secret stays, and a free place is enough', async () => {
    const id = await connect();
    const [old] = await endpoints(key());
    const foreign: string[] = [];
    for (let nth = 0; nth < 15; nth++) {
      const url = `https://other.example/hooks/${nth}`;
      foreign.push((await stripeAs(key()).webhookEndpoints.create({ url, enabled_events: ['invoice.paid'] })).id);
    }
    expect(await rotate(id)).toMatchObject({
      status: 400,
      body: {
        error: { message: expect.stringMatching(/16 at most.*Delete one that is not used.*Developers, Webhooks/) },
      },
    });
    expect(await statuses(isPlatform)).toEqual(['live']);
    await world.sim.createCustomer({ email: 'full@analytical.example', card: null });
    await world.sim.drainDeliveries();
    expect((await world.ledger()).at(-1)).toMatchObject({ type: 'customer.created', via: 'webhook' });
    const view = await world.stripe.view({ workspaceId: world.workspaceId, connectionId: id });
    expect(view.endpoint).toMatchObject({
      error: expect.stringContaining('16 at most'),
      secretChange: { state: 'asked' },
    });
    await stripeAs(key()).webhookEndpoints.del(foreign[0] ?? '');
    await world.advance({ minutes: 10 });
    await world.settle();
    expect(await statuses(isPlatform)).toEqual(['retiring', 'live']);
    expect((await endpoints(key())).map((endpoint) => endpoint.id)).toContain(old?.id);
  });

  test('deleting the old endpoint at Stripe ends its secret at the next check', async () => {
    const id = await connect();
    const [old] = await endpoints(key());
    await rotate(id);
    await stripeAs(key()).webhookEndpoints.del(old?.id ?? '');
    await world.stripe.checkEndpointNow({ workspaceId: world.workspaceId, connectionId: id });
    expect(await statuses(isPlatform)).toEqual(['gone', 'live']);
    expect(await many(world.db, { text: `select sealed_secret from stripe_endpoint where status = 'gone'` })).toEqual([
      { sealed_secret: '' },
    ]);
    expect(await rotate(id)).toMatchObject({ status: 200 });
  });
});

test('who asked is in the audit log, once', async () => {
  const id = await world.connect();
  await rotate(id);
  await rotate(id);
  const entries = await many<{ action: string; who: string; text: string }>(world.db, {
    text: `select action, actor_kind as "who", text from audit_entry where workspace_id = $1`,
    values: [world.workspaceId],
  });
  expect(entries).toEqual([
    {
      action: 'endpoint.secret_changed',
      who: 'person',
      text: 'Asked for a new signing secret for the webhook endpoint of all connected accounts; the old one ends a day after the change',
    },
  ]);
});

test('an account that is only asked for news has no secret to change', async () => {
  const outcome = await world.stripe.addKey({ workspaceId: world.workspaceId, key: world.sim.keys.companyRestricted });
  const id = outcome.outcome === 'connected' ? outcome.connectionId : '';
  expect(await rotate(id)).toMatchObject({
    status: 404,
    body: { error: { message: expect.stringContaining('no endpoint') } },
  });
});

test('a secret that cannot be opened any more is replaced by itself, and harms no other endpoint meanwhile', async () => {
  await world.connect();
  const byKey = await connectOther();
  const [lost] = await endpoints(world.sim.keys.platformTest);
  const elsewhere = createSecretBox(Buffer.alloc(32, 9).toString('base64'));
  await world.db.query({
    text: 'update stripe_endpoint set sealed_secret = $1 where stripe_account_id is null',
    values: [elsewhere.seal('whsec_lost')],
  });
  const restarted = world.another();
  const before = (await world.ledger()).length;
  await world.sim.createCustomer({ email: 'other@analytical.example', card: null, account: world.sim.otherAccount });
  await world.sim.drainDeliveries();
  expect((await world.ledger()).slice(before)).toMatchObject([{ type: 'customer.created' }]);
  await world.advance({ minutes: 10 });
  await world.settle(restarted);
  const after = await endpoints(world.sim.keys.platformTest);
  expect(after).toHaveLength(1);
  expect(after[0]?.id).not.toBe(lost?.id);
  await world.sim.createCustomer({ email: 'again@analytical.example', card: null });
  await world.sim.drainDeliveries();
  expect((await world.ledger()).at(-1)).toMatchObject({ type: 'customer.created', via: 'webhook' });
  expect(byKey).not.toContain(' ');
});

async function connectOther(): Promise<string> {
  const permissions = ASKED_PERMISSIONS.map(({ slug }) => slug);
  const key = world.sim.addRestrictedKey({ permissions, account: world.sim.otherAccount });
  const outcome = await world.stripe.addKey({ workspaceId: world.workspaceId, key });
  await world.settle();
  return outcome.outcome === 'connected' ? outcome.connectionId : outcome.sentence;
}

test('where one Stripe account is both the platform and, by a key, connected, neither endpoint is taken for a stray', async () => {
  const permissions = ASKED_PERMISSIONS.map(({ slug }) => slug);
  const key = world.sim.addRestrictedKey({ permissions, account: world.sim.platformAccount });
  expect(await world.stripe.addKey({ workspaceId: world.workspaceId, key })).toMatchObject({ outcome: 'connected' });
  await world.settle();
  const before = (await endpoints(world.sim.keys.platformTest)).map(({ id }) => id);
  expect(before).toHaveLength(2);
  for (let look = 0; look < 3; look++) {
    await world.advance({ minutes: 10 });
    await world.settle();
  }
  expect((await endpoints(world.sim.keys.platformTest)).map(({ id }) => id)).toEqual(before);
});

/** A line to Stripe that goes dead once this call has reached Stripe and was carried out there. */
async function diesAfter(call: string): Promise<string> {
  const { host, port: stripePort } = world.sim;
  const server = createServer((incoming, answer) => {
    const { method, url: path, headers } = incoming;
    const onward = request({ host, port: stripePort, method, path, headers }, (from) => {
      if (`${method} ${path}` === call) {
        from.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      answer.writeHead(from.statusCode ?? 500, from.headers);
      from.pipe(answer);
    });
    incoming.pipe(onward);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  open.push(server);
  return `http://127.0.0.1:${port}`;
}
