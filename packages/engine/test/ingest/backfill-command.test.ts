import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { backfill, progressLine } from '#cli/backfill.ts';
import { closeIngestDb, startIngestWorld, type IngestWorld } from './world.ts';

let world: IngestWorld;

beforeEach(async () => {
  world = await startIngestWorld();
});
afterEach(() => world.close());
afterAll(closeIngestDb);

test('the command reads the account again and shows a bar that ends at 100 %', async () => {
  await world.sim.bulkLoad({ customers: 20 });
  await world.connect();
  const server = { url: world.config.baseUrl, key: 'gos_test' };
  let out = '';
  const running = backfill(server, { account: undefined, isWatching: false }, (text) => {
    out += text;
  });
  let isOver = false;
  void running.finally(() => {
    isOver = true;
  });
  while (!isOver) await world.settle();
  expect(await running).toBe(0);
  expect(out).toMatch(/\[#{30}\] 100 %, \d+ objects, \d+ reads, done/);
});

test('an account that is not connected, and a choice that is missing, are said', async () => {
  const server = { url: world.config.baseUrl, key: 'gos_test' };
  const run = (account?: string) => backfill(server, { account, isWatching: true }, () => undefined);
  await expect(run()).rejects.toThrow('No Stripe account is connected.');
  await expect(run('acct_9')).rejects.toThrow('acct_9 is not connected here');
});

test('the line says how far, how long and what', () => {
  const type = { type: 'invoices', label: 'Invoices', state: 'running', objectsDone: 1, error: null } as const;
  const line = progressLine({
    id: '1',
    state: 'running',
    startedAt: '',
    finishedAt: null,
    objectsDone: 1234,
    percent: 50,
    etaSeconds: 90,
    objectsPerSecond: 10,
    requestsUsed: 13,
    pausedUntil: null,
    error: null,
    types: [type],
  });
  expect(line.trim()).toBe(
    `[${'#'.repeat(15)}${'-'.repeat(15)}] 50 %, 1234 objects, 13 reads, about 2 min left, reading invoices`,
  );
});
