import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { closeIngestDb, countRows, startIngestWorld, type IngestWorld } from './world.ts';

let world: IngestWorld;

beforeEach(async () => {
  world = await startIngestWorld();
  await world.connect();
});
afterEach(async () => {
  expect(world.sim.violations()).toEqual([]);
  await world.close();
});
afterAll(closeIngestDb);

const PEOPLE = 20;

async function makePeople(): Promise<void> {
  for (let nth = 0; nth < PEOPLE; nth++) {
    await world.sim.createCustomer({ email: `person${nth}@analytical.example`, card: null });
  }
}

const heard = async (): Promise<string[]> => {
  const ledger = await world.ledger();
  return ledger.filter(({ type }) => type === 'customer.created').map(({ eventId }) => eventId);
};
const happened = (): string[] => world.sim.events({ type: 'customer.created' }).map(({ id }) => id);

test('webhooks that come twice, late and in any order are each in the ledger once', async () => {
  world.sim.setFaults({ duplicateNext: PEOPLE, reorder: true, delayS: 90 });
  await makePeople();
  await world.sim.drainDeliveries();
  expect(await heard()).toEqual([]);
  await world.advance({ minutes: 2 });
  await world.settle();
  expect((await heard()).toSorted()).toEqual(happened().toSorted());
  expect(await countRows(world.db, 'inbox_event')).toBe(PEOPLE);
});

test('a body that was cut off on its way is refused, and comes whole with Stripe’s next try', async () => {
  world.sim.setFaults({ truncateWebhookNext: 5 });
  await makePeople();
  await world.sim.drainDeliveries();
  expect(await heard()).toHaveLength(PEOPLE - 5);
  const refused = world.sim.deliveries().flatMap(({ attempts }) => attempts.filter(({ status }) => status !== 200));
  expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
  await world.advance({ days: 1 });
  await world.settle();
  expect((await heard()).toSorted()).toEqual(happened().toSorted());
});

test('answers of Stripe that break off in the middle are asked for again, and nothing is missing after a backfill', async () => {
  await world.sim.bulkLoad({ customers: 350 });
  world.sim.setFaults({ apiTruncateNext: 4 });
  const [connection] = (await world.stripe.list({ workspaceId: world.workspaceId })).connections;
  const connectionId = connection?.id ?? '';
  await world.stripe.restartBackfill({ workspaceId: world.workspaceId, connectionId });
  for (let nth = 0; nth < 6; nth++) {
    await world.settle();
    await world.advance({ minutes: 2 });
  }
  const view = await world.stripe.view({ workspaceId: world.workspaceId, connectionId });
  expect(view.backfill).toMatchObject({ state: 'done', error: null });
  const read = new Set((await world.objects()).filter(({ type }) => type === 'customer').map(({ id }) => id));
  expect(read).toEqual(new Set(world.sim.objects('customer').map((object) => object['id'])));
});
