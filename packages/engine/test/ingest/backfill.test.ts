import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { CrashedError, ConflictError } from '#base/errors.ts';
import { BUS_CHANNEL } from '#bus/index.ts';
import { many } from '#db/db.ts';
import type { ApplyObjects } from '#ingest/index.ts';
import { closeIngestDb, startIngestWorld, type IngestWorld } from './world.ts';

let world: IngestWorld;

beforeEach(async () => {
  world = await startIngestWorld();
});
afterEach(async () => {
  expect(world.sim.violations()).toEqual([]);
  await world.close();
});
afterAll(closeIngestDb);

const connectOnly = async (): Promise<string> => {
  const end = await world.callback(await world.authorize());
  return end.searchParams.get('connected') ?? '';
};
const read = async (type: string): Promise<Map<string, number>> =>
  new Map((await world.objects()).filter((o) => o.type === type).map((o) => [o.id, o.times]));
const view = (connectionId: string) => world.stripe.view({ workspaceId: world.workspaceId, connectionId });
const record: ApplyObjects = async (tx, input) => {
  for (const { id, object } of input.objects as { id: string; object: string }[]) {
    await tx.query({ text: 'insert into read_object values ($1, $2)', values: [id, object] });
  }
};

test('every object of every list is read, over all pages, cancelled and inactive ones too', async () => {
  await world.sim.bulkLoad({ customers: 250 });
  await world.sim.createCustomer({ email: 'ada@analytical.example' });
  await world.sim.subscribe({ email: 'ada@analytical.example', price: 'pro_monthly' });
  await world.sim.cancel({ email: 'ada@analytical.example', when: 'now' });
  const id = await connectOnly();
  await world.settle();
  for (const type of ['customer', 'subscription', 'invoice', 'charge', 'product', 'price'] as const) {
    const there = world.sim.objects(type).map((object) => object['id']);
    expect(there.length, type).toBeGreaterThan(0);
    expect(new Set((await read(type)).keys()), type).toEqual(new Set(there));
  }
  const { backfill } = await view(id);
  expect(backfill).toMatchObject({ state: 'done', percent: 100, etaSeconds: null, error: null });
  expect(backfill?.types.find(({ type }) => type === 'customers')?.objectsDone).toBe(251);
});

test('a death in the middle costs one page at most: after it every object was applied exactly once', async () => {
  await world.sim.bulkLoad({ customers: 450 });
  const id = await connectOnly();
  let pages = 0;
  const dying = world.another({
    applyObjects: async (tx, input) => {
      await record(tx, input);
      pages += 1;
      if (pages % 3 === 0) throw new CrashedError('died between applying a page and its commit');
    },
  });
  for (let life = 0; life < 8; life++) {
    for (const worker of dying.workers) await worker.runOnce().catch(() => undefined);
    await world.advance({ seconds: 20 });
  }
  for (let n = 0; n < 5; n++) {
    await world.settle();
    await world.advance({ seconds: 20 });
  }
  const customers = await read('customer');
  expect(customers.size).toBe(world.sim.objects('customer').length);
  expect([...customers.values()].every((times) => times === 1)).toBe(true);
  expect((await view(id)).backfill?.state).toBe('done');
});

test('two processes share the lists without reading one twice', async () => {
  await world.sim.bulkLoad({ customers: 300 });
  await connectOnly();
  const other = world.another();
  for (let round = 0; round < 10; round++) {
    const workers = [...world.stripe.workers, ...other.workers].filter(({ name }) => name === 'stripe:backfill');
    await Promise.all(workers.map((worker) => worker.runOnce()));
  }
  const customers = await read('customer');
  expect(customers.size).toBe(world.sim.objects('customer').length);
  expect([...customers.values()].every((times) => times === 1)).toBe(true);
});

test('Stripe’s troubles are waited out, and the cursor goes on where it stood', async () => {
  await world.sim.bulkLoad({ customers: 250 });
  const id = await connectOnly();
  world.sim.setFaults({ api500Next: 6 });
  for (let n = 0; n < 12; n++) {
    await world.settle();
    await world.advance({ seconds: 30 });
  }
  expect((await view(id)).backfill).toMatchObject({ state: 'done', error: null });
  expect((await read('customer')).size).toBe(250);
});

test('a list whose cursor was deleted meanwhile goes on by time', async () => {
  await world.sim.bulkLoad({ customers: 150 });
  await connectOnly();
  let isFirst = true;
  const slow = world.another({
    applyObjects: async (tx, input) => {
      await record(tx, input);
      const [first] = input.objects as { object: string }[];
      if (first?.object !== 'customer') return;
      if (!isFirst) throw new ConflictError('stop here');
      isFirst = false;
    },
  });
  for (const worker of slow.workers) await worker.runOnce();
  const [row] = await many<{ cursor: string }>(world.db, {
    text: `select cursor from backfill_list where type = 'customers'`,
  });
  await world.sim.deleteCustomer({ customer: row?.cursor ?? '' });
  for (let n = 0; n < 3; n++) {
    await world.advance({ seconds: 20 });
    await world.settle();
  }
  expect((await read('customer')).size).toBe(150);
});

test('when the account is removed in the middle the run stops', async () => {
  await world.sim.bulkLoad({ customers: 10 });
  const id = await connectOnly();
  await world.stripe.disconnect({ workspaceId: world.workspaceId, connectionId: id });
  await world.settle();
  expect((await view(id)).backfill?.state).toBe('stopped');
  expect((await read('customer')).size).toBe(0);
});

test('all processes together ask one endpoint at most 25 times a second, and wait when Stripe says so', async () => {
  await world.sim.bulkLoad({ customers: 3_000, invoicesPerSubscription: 1 });
  const id = await connectOnly();
  const processes = [1, 2].map(() => world.another({ requestsPerSecond: 25 }));
  const asked = () => world.sim.requests().filter(({ path }) => path.startsWith('/v1/customers')).length;
  const before = asked();
  const perSecond: number[] = [];
  for (let second = 0; second < 4; second++) {
    const start = asked();
    // The clock stands still for a tenth of a second at a time: whoever may not ask yet must not.
    for (let tenth = 0; tenth < 10; tenth++) {
      const workers = processes.flatMap(({ workers: all }) => all.filter(({ name }) => name === 'stripe:backfill'));
      await Promise.all(workers.map((worker) => worker.runOnce()));
      await world.advance({ seconds: 0.1 });
    }
    perSecond.push(asked() - start);
  }
  expect(Math.max(...perSecond)).toBeLessThanOrEqual(25);
  expect(asked() - before).toBe(30);
  expect((await view(id)).backfill?.types.find(({ type }) => type === 'customers')?.state).toBe('done');
});

test('a reading that is asked for wakes the workers, who else look every few seconds', async () => {
  const connectionId = await connectOnly();
  await world.settle();
  let wakes = 0;
  const stop = await world.db.listen(BUS_CHANNEL, () => (wakes += 1));
  await world.stripe.restartBackfill({ workspaceId: world.workspaceId, connectionId });
  await expect.poll(() => wakes).toBeGreaterThan(0);
  await stop();
});

test('a 429 is waited out for as long as Stripe says, and shown', async () => {
  await world.sim.bulkLoad({ customers: 700 });
  const id = await connectOnly();
  world.sim.setFaults({ rateLimitPerSecond: 2 });
  for (const worker of world.stripe.workers) await worker.runOnce();
  const paused = (await view(id)).backfill;
  expect(paused).toMatchObject({ state: 'running', error: null });
  const limited = await many<{ limited_reason: string }>(world.db, {
    text: `select limited_reason from stripe_limit where limited_at is not null`,
  });
  expect(limited[0]?.limited_reason).toBe('endpoint-rate');
  world.sim.setFaults({ rateLimitPerSecond: 0 });
  const atOnce = world.sim.requests().filter(({ status }) => status === 429).length;
  await world.settle();
  expect((await view(id)).backfill?.state).toBe('running');
  await world.advance({ seconds: 2 });
  await world.settle();
  expect((await view(id)).backfill?.state).toBe('done');
  expect(world.sim.requests().filter(({ status }) => status === 429).length).toBe(atOnce);
});
