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
  // The recorded lines of 2024 are those of an invoice item, ours of a subscription: each has its own reference.
  line_item: ['invoice_item'],
};

/** Keys that we render and a recording of the same version may lack: Stripe added them without a new version. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  invoice: ['quote', 'automatic_tax', 'from_invoice'],
  subscription: ['automatic_tax', 'payment_settings'],
  price: ['tax_behavior', 'meter'],
  charge: ['failure_balance_transaction'],
  customer: ['test_clock'],
  line_item: ['subscription_item'],
  // Scrubbed out of the recordings, key and all.
  payment_intent: ['client_secret'],
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
  'payment_intent',
  'line_item',
  'subscription_item',
] as const;

/** Every object of a kind in a JSON value, however deep it lies. */
function within(value: unknown, kind: string, found: Record<string, unknown>[] = []): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return found;
  if ('object' in value && value.object === kind && !('deleted' in value)) found.push({ ...value });
  for (const part of Object.values(value)) within(part, kind, found);
  return found;
}

function recordedOf(kind: string): Recorded[] {
  const files = [
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
  ];
  return files.flatMap((file) =>
    readFileSync(new URL(`objects.${file}.jsonl`, FIXTURES), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Recorded)
      .filter((row) => row.api_version !== null)
      .flatMap((row) => within(row.body, kind).map((body) => ({ api_version: row.api_version, body }))),
  );
}

function ourKeys(sim: Simulator, kind: string): Set<string> {
  const holder = kind === 'line_item' ? 'invoice' : kind === 'subscription_item' ? 'subscription' : kind;
  const [row] = sim.objects(holder).flatMap((candidate) => within(candidate, kind));
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
