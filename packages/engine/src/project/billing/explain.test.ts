import { expect, test } from 'vitest';
import {
  AS_OF,
  known,
  rawDiscount,
  rawItem,
  rawPrice,
  rawSubscription,
  settings,
} from '../../../test/cases/raw-billing.ts';
import { readCharge } from '../stripe/charge.ts';
import { readSubscription } from '../stripe/subscription.ts';
import { explainBilling } from './explain.ts';

function explain(raws: readonly ReturnType<typeof rawSubscription>[], over = {}) {
  return explainBilling({
    customers: [],
    subscriptions: raws.map((raw) => known(readSubscription(raw).fact)),
    settings: settings(),
    asOf: AS_OF,
    ...over,
  });
}

test('a yearly plan with tiers, a coupon and included tax is explained step by step, down to the rounding', () => {
  const tiers = [
    { up_to: 5, unit_amount: 700 },
    { up_to: null, unit_amount: 650, flat_amount: 100 },
  ];
  const price = rawPrice({
    interval: 'year',
    billing_scheme: 'tiered',
    tiers_mode: 'graduated',
    tiers,
    unit_amount: null,
    nickname: 'Team',
  });
  const raw = rawSubscription({
    items: [rawItem({ price, quantity: 7 })],
    discounts: [rawDiscount({ id: 'TEN', name: 'Ten off', percent_off: 10 })],
    default_tax_rates: [{ id: 'txr', inclusive: true, percentage: 20 }],
  });
  const [subscription] = explain([raw]).mrr.subscriptions;
  expect(subscription).toMatchObject({
    amountMinor: 306,
    reason: 'counted',
    reasonText: 'Counts in MRR.',
    warnings: [],
  });
  expect(subscription?.lines.map(({ kind, label, exactMinor }) => [kind, label, exactMinor])).toEqual([
    ['item', 'Team', '1225/3'],
    ['discount', 'Ten off: 10 % off on Team', '-245/6'],
    ['tax', 'Tax included in Team: 20 %', '-245/4'],
    ['rounding', 'Rounded once, half up, for the whole subscription', '-1/4'],
  ]);
  expect(subscription?.lines[0]).toMatchObject({
    quantity: 7,
    perPeriodMinor: 4900,
    factor: '1/12',
    interval: '1 year',
    approximateMinor: '408.3333',
  });
  expect(subscription?.lines[0]?.steps).toEqual([
    { units: '5', unitAmountMinor: '700', flatAmountMinor: '0', amountMinor: '3500', upTo: 5 },
    { units: '2', unitAmountMinor: '650', flatAmountMinor: '100', amountMinor: '1400', upTo: null },
  ]);
});

test('what does not count says why, in one sentence', () => {
  const reasons = [
    { status: 'trialing' },
    { pause_collection: { behavior: 'void' } },
    { cancel_at_period_end: true },
    { discounts: ['di_bare'] },
  ].map((over) => explain([rawSubscription(over)]).mrr.subscriptions[0]?.reasonText);
  expect(reasons).toEqual([
    'Only active and past due subscriptions count in MRR.',
    'Collection is paused, so nothing is earned.',
    'It is set to cancel at the end of the period, so it has left MRR.',
    'It is unknown; the warnings say why.',
  ]);
});

test('a conversion shows its rate and where it came from', () => {
  const euro = rawSubscription({ currency: 'eur', items: [rawItem({ price: rawPrice({ currency: 'eur' }) })] });
  const { mrr } = explain([euro], { settings: settings({ reportCurrency: 'usd', rates: { eur: '1.10' } }) });
  expect(mrr).toMatchObject({ totalMinor: 3190, currency: 'usd', byCurrency: { eur: 2900 } });
  expect(mrr.conversions).toEqual([
    { currency: 'eur', amountMinor: 2900, convertedMinor: 3190, source: 'tenant_rate', rateText: '1.10' },
  ]);
});

test('lifetime value lists each payment and what went back', () => {
  const charge = {
    id: 'ch_1',
    object: 'charge',
    status: 'succeeded',
    captured: true,
    amount: 10_000,
    amount_captured: 10_000,
    amount_refunded: 2500,
    currency: 'usd',
    created: 1_769_904_000,
  };
  const { ltv } = explain([], { charges: [known(readCharge(charge).fact)] });
  expect(ltv.totalMinor).toBe(7500);
  expect(ltv.lines.map(({ label, amountMinor, subjectId }) => [label, amountMinor, subjectId])).toEqual([
    ['Payment captured', 10_000, 'ch_1'],
    ['Refunded', -2500, 'ch_1'],
  ]);
});
