import { DriftReport } from '@growthos/contracts/http/connections.ts';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
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

const compare = async (id: string): Promise<DriftReport> => {
  const answer = await world.app.inject({ method: 'POST', url: `/api/connections/${id}/reconcile` });
  return DriftReport.parse(answer.json());
};
const typesInLedger = async (): Promise<string[]> => (await world.ledger()).map(({ type }) => type).sort();
const typesAtStripe = (): string[] => world.sim.events().map(({ type }) => type);

test('webhooks that never came are found and added, and a second comparison finds nothing', async () => {
  const id = await world.connect();
  await world.advance({ hours: 1 });
  world.sim.setFaults({ dropNext: 1_000 });
  await world.sim.createCustomer({ email: 'ada@analytical.example' });
  await world.sim.subscribe({ email: 'ada@analytical.example', price: 'pro_monthly' });
  await world.sim.drainDeliveries();
  expect(await world.ledger()).toEqual([]);
  await world.advance({ days: 3 });
  const report = await compare(id);
  const ledger = await world.ledger();
  expect(ledger.every(({ via }) => via === 'reconcile')).toBe(true);
  expect(ledger.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['customer.created', 'customer.subscription.created', 'invoice.paid']),
  );
  expect(report).toMatchObject({ kind: 'events', eventsMissing: ledger.length });
  expect(report.sentence).toContain('were missing and were added');
  const again = await compare(id);
  expect(again).toMatchObject({ eventsMissing: 0, sentence: expect.stringContaining('nothing was missing') });
  expect(await world.ledger()).toEqual(ledger);
});

test('an event that appears late, with an older time, is still found', async () => {
  const id = await world.connect();
  world.sim.setFaults({ dropNext: 100 });
  await world.advance({ minutes: 30 });
  await world.sim.createCustomer({ email: 'ada@analytical.example', card: null });
  await world.advance({ minutes: 5 });
  await compare(id);
  const [late] = await world.ledger();
  await world.db.query({ text: 'delete from inbox_event where event_id = $1', values: [late?.eventId] });
  await world.advance({ minutes: 5 });
  expect((await compare(id)).eventsMissing).toBe(1);
});

test('after downtime a process that starts compares at once', async () => {
  await world.connect();
  await world.advance({ minutes: 20 });
  world.sim.setFaults({ dropNext: 100 });
  await world.sim.createCustomer({ email: 'ada@analytical.example', card: null });
  await world.advance({ minutes: 20 });
  await world.settle();
  expect(await world.ledger()).toEqual([]);
  await world.settle(world.another());
  expect(await typesInLedger()).toEqual(['customer.created']);
});

test('a gap longer than Stripe’s 30 days of events is read again whole', async () => {
  const id = await world.connect();
  world.sim.setFaults({ dropNext: 10_000 });
  await world.advance({ hours: 1 });
  await world.sim.createCustomer({ email: 'ada@analytical.example', card: null });
  await world.advance({ days: 40 });
  const report = await compare(id);
  expect(report.kind).toBe('full');
  await world.settle();
  expect(typesAtStripe()).not.toContain('customer.created');
  expect((await world.objects()).filter(({ type }) => type === 'customer')).toHaveLength(1);
});

test('what vanished during such a gap gets a tombstone, and what is still there does not', async () => {
  const id = await world.connect();
  await world.sim.createCustomer({ email: 'stays@analytical.example', card: null });
  const gone = await world.sim.createCustomer({ email: 'goes@analytical.example', card: null });
  await world.settle();
  for (const customer of world.sim.objects('customer')) {
    await world.db.query({
      text: `insert into stripe_object (workspace_id, stripe_account, livemode, type, id, fact, as_of_s, told_by, updated_at)
             values ($1, $2, false, 'customer', $3, '{}', $4, 'read', now())`,
      values: [world.workspaceId, world.sim.companyAccount, customer['id'], world.clock.now().getTime() / 1000],
    });
  }
  world.sim.setFaults({ dropNext: 10_000 });
  await world.sim.deleteCustomer({ email: 'goes@analytical.example' });
  await world.advance({ days: 40 });
  await compare(id);
  await world.settle(
    world.another({
      applyObjects: async (tx, { objects }) => {
        for (const object of objects as { id: string; object: string; deleted?: boolean }[]) {
          if (object.deleted !== true) continue;
          await tx.query({
            text: 'insert into read_object values ($1, $2)',
            values: [object.id, `gone ${object.object}`],
          });
        }
      },
    }),
  );
  expect((await world.objects()).filter(({ type }) => type.startsWith('gone'))).toEqual([
    { id: gone['id'], type: 'gone customer', times: 1 },
  ]);
});
