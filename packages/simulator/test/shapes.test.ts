import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from '#simulator.ts';
import { NOW, startBench } from './world.ts';

/** Recorded Stripe answers beside the repository; they are not part of it. */
const FIXTURES = new URL('../../../../shared/fixtures/', import.meta.url);
const isPresent = existsSync(FIXTURES);

if (!isPresent) {
  process.stderr.write('Shapes are NOT compared with recorded Stripe objects: ../shared/fixtures is not there.\n');
}

interface Recorded {
  readonly api_version: string | null;
  readonly body: Record<string, unknown>;
}

/** Keys that the recordings have and this simulator leaves out on purpose, with the reason. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  // Only for accounts with Stripe Tax or customer balances switched on: some recordings of a version have them, others not.
  customer: ['tax', 'invoice_credit_balance', 'sources', 'subscriptions', 'tax_ids'],
  // Only when the call expands them; the recorded key is mangled by its scrubbing.
  invoice: ['payments', 'confirmation_secret', 'client_secret'],
  // The recordings were made with `expand[]=refunds`.
  charge: ['refunds'],
};

/** Keys that we render and a recording of the same version may lack: Stripe added them without a new version. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  invoice: ['quote', 'automatic_tax', 'from_invoice'],
  subscription: ['automatic_tax', 'payment_settings'],
  price: ['tax_behavior', 'meter'],
  charge: ['failure_balance_transaction'],
  customer: ['test_clock'],
};

const KINDS = [
  'customer',
  'price',
  'plan',
  'coupon',
  'discount',
  'subscription',
  'invoice',
  'invoice_payment',
  'charge',
  'payment_method',
  'refund',
] as const;

function recordedOf(kind: string): Recorded[] {
  const text = readFileSync(new URL(`objects.${kind}.jsonl`, FIXTURES), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Recorded)
    .filter((row) => row.api_version !== null && row.body['object'] === kind && row.body['deleted'] !== true);
}

function ourKeys(sim: Simulator, kind: string): Set<string> {
  const [row] = sim.objects(kind).filter((candidate) => candidate['deleted'] !== true);
  if (!row) throw new Error(`no ${kind} to compare`);
  return new Set(Object.keys(row));
}

describe.skipIf(!isPresent)('rendered objects have the keys of recorded ones', () => {
  const versions = [
    '2020-08-27',
    '2022-11-15',
    '2024-06-20',
    '2024-12-18.acacia',
    '2025-10-29.clover',
    '2026-03-25.dahlia',
  ];
  const worlds = new Map<string, Simulator>();

  beforeAll(async () => {
    for (const apiVersion of versions) {
      const { sim } = await startBench({ apiVersion, now: NOW });
      await sim.createCustomer({ email: 'shape@shapes.example' });
      await sim.subscribe({ email: 'shape@shapes.example', price: 'pro_monthly', coupon: 'LAUNCH20' });
      await sim.refund({ email: 'shape@shapes.example', amountMinor: 100 });
      worlds.set(apiVersion, sim);
    }
  });

  afterAll(async () => {
    for (const sim of worlds.values()) await sim.close();
  });

  for (const kind of KINDS) {
    for (const version of versions) {
      const rows = isPresent
        ? recordedOf(kind).filter(
            (row) => row.api_version === version && (kind !== 'payment_method' || row.body['type'] === 'card'),
          )
        : [];
      if (rows.length === 0 && isPresent) continue;
      test(`${kind} in ${version} (${rows.length} recorded)`, () => {
        const sim = worlds.get(version);
        if (!sim) throw new Error('no simulator');
        const ours = ourKeys(sim, kind);
        const always = rows
          .map((row) => Object.keys(row.body))
          .reduce((common, keys) => common.filter((key) => keys.includes(key)));
        const ever = new Set(rows.flatMap((row) => Object.keys(row.body)));
        const leftOut = new Set(LEFT_OUT[kind] ?? []);
        const added = new Set(ADDED[kind] ?? []);
        expect(
          always.filter((key) => !ours.has(key) && !leftOut.has(key) && !key.includes('PADDLE')),
          'missing in ours',
        ).toEqual([]);
        expect(
          [...ours].filter((key) => !ever.has(key) && !added.has(key)),
          'unknown to Stripe',
        ).toEqual([]);
      });
    }
  }
});
