/** Whatever JSON arrives, a reader gives a fact or a named refusal, and billing gives figures or named warnings. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BILLING_WARNINGS } from '#project/billing/warning.ts';
import { explainBilling } from '#project/billing/explain.ts';
import { planChange } from '#project/billing/plan-change.ts';
import { summarizeBilling } from '#project/billing/summary.ts';
import { readSubscriptionChange } from '../world/subscription-change.ts';
import { readers, readStripeObject, type StripeObjectType } from '#project/stripe/read.ts';
import {
  AS_OF,
  type Raw,
  rawDiscount,
  rawItem,
  rawPrice,
  rawSubscription,
  settings,
  subscription,
} from '../cases/raw-billing.ts';

const TYPES = Object.keys(readers).filter((type): type is StripeObjectType => type in readers);

/** Values that break naive readers, beside any JSON at all. */
const hostile = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    -1,
    1.5,
    1e300,
    -0,
    Number.MAX_SAFE_INTEGER,
    '',
    'inf',
    '\u0000',
    '__proto__',
    [],
    {},
    [null],
    { data: 1 },
    { data: [1], has_more: true },
    { id: 7 },
  ),
);

const FIELDS = [
  'object',
  'id',
  'customer',
  'currency',
  'status',
  'amount',
  'amount_captured',
  'amount_refunded',
  'amount_paid',
  'amount_due',
  'items',
  'data',
  'price',
  'plan',
  'recurring',
  'interval',
  'interval_count',
  'quantity',
  'unit_amount',
  'unit_amount_decimal',
  'tiers',
  'tiers_mode',
  'up_to',
  'billing_scheme',
  'transform_quantity',
  'currency_options',
  'discounts',
  'discount',
  'source',
  'coupon',
  'percent_off',
  'amount_off',
  'duration',
  'applies_to',
  'default_tax_rates',
  'tax_rates',
  'percentage',
  'inclusive',
  'pause_collection',
  'behavior',
  'cancel_at',
  'trial_end',
  'created',
  'payments',
  'payment',
  'parent',
  'subscription_details',
  'lines',
  'metadata',
  'outcome',
  'balance_transaction',
  'payment_method_details',
  'card',
  'invoice_settings',
  '__proto__',
];
const anyTree: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    hostile,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('tree'), { maxKeys: 8 }),
  ),
})).tree;
const anyObject = fc
  .tuple(
    fc.constantFrom(...TYPES),
    fc.dictionary(fc.constantFrom(...FIELDS), anyTree, { maxKeys: 14 }),
    fc.nat({ max: 9 }),
  )
  .map(([object, fields, n]): Raw => ({ ...fields, id: `x_${n}`, object }));

/** A sound subscription with a few of its fields, at any depth, replaced by something else. */
const anyBrokenSubscription = fc
  .array(fc.tuple(fc.constantFrom(...FIELDS), hostile), { minLength: 1, maxLength: 4 })
  .map((breaks) => {
    const coupon = { percent_off: 10, applies_to: { products: ['prod_m'] } };
    const tiers = [
      { up_to: 5, unit_amount: 100 },
      { up_to: null, unit_amount: 50 },
    ];
    const sound = rawSubscription({
      items: [
        rawItem({ discounts: [rawDiscount(coupon)] }),
        rawItem({ price: rawPrice({ billing_scheme: 'tiered', tiers_mode: 'volume', tiers }) }),
      ],
      discounts: [rawDiscount({ amount_off: 5, currency: 'usd' })],
      default_tax_rates: [{ id: 'txr', inclusive: true, percentage: 20 }],
      pause_collection: { behavior: 'keep_as_draft' },
    });
    return breaks.reduce<unknown>((whole, [field, value]) => replaceField(whole, field, value), sound);
  });

function replaceField(value: unknown, field: string, by: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => replaceField(entry, field, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === field ? by : replaceField(inner, field, by)]),
  );
}

const RUNS = { numRuns: 400 };

describe('any JSON at all', () => {
  test('no reader throws, and a fact it gives can be stored and read again', () => {
    fc.assert(
      fc.property(fc.oneof(anyTree, anyObject), (raw) => {
        for (const type of TYPES) {
          const { fact, warnings } = readers[type](raw);
          if (fact === null) expect(warnings.length).toBeGreaterThan(0);
          else expect(JSON.parse(JSON.stringify(fact))).toEqual(fact);
        }
        expect(() => readStripeObject(raw)).not.toThrow();
        expect(() => readSubscriptionChange({ data: { object: raw, previous_attributes: raw } })).not.toThrow();
        expect(() =>
          readSubscriptionChange({ data: { object: rawSubscription(), previous_attributes: raw } }),
        ).not.toThrow();
      }),
      RUNS,
    );
  });

  test('the summary, its explanation and a change never throw, and what they say is sound JSON', () => {
    fc.assert(
      fc.property(fc.array(anyObject, { maxLength: 8 }), fc.boolean(), (raws, isReported) => {
        const of = <T extends StripeObjectType>(type: T) =>
          raws.flatMap((raw) => (raw['object'] === type ? (readers[type](raw).fact ?? []) : []));
        const input = {
          customers: of('customer'),
          subscriptions: of('subscription'),
          charges: of('charge'),
          invoices: of('invoice'),
          invoicePayments: of('invoice_payment'),
          refunds: of('refund'),
          disputes: of('dispute'),
          creditNotes: of('credit_note'),
          paymentMethods: of('payment_method'),
          prices: of('price'),
          products: of('product'),
          coupons: of('coupon'),
          discounts: of('discount'),
          settings: settings(
            isReported ? { reportCurrency: 'usd', rates: { eur: '1.1' }, meteredBaseFee: 'include' } : {},
          ),
          asOf: AS_OF,
        };
        const summary = summarizeBilling(input);
        expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
        for (const warning of summary.warnings) expect(BILLING_WARNINGS).toHaveProperty(warning);
        if (summary.mrrMinor === null) expect(summary.warnings.length).toBeGreaterThan(0);
        else expect(summary.mrrMinor).toBeGreaterThanOrEqual(0);
        const explained = explainBilling(input);
        expect(JSON.parse(JSON.stringify(explained))).toEqual(explained);
        const before = { ...input, subscriptions: [subscription()] };
        expect(() => planChange({ before, after: input, hadPositiveMrrBefore: true })).not.toThrow();
      }),
      RUNS,
    );
  });

  test('a sound subscription with broken fields gives a figure or a reason, never a figure that is no number', () => {
    fc.assert(
      fc.property(anyBrokenSubscription, (raw) => {
        const { fact } = readers.subscription(raw);
        if (fact === null) return;
        const summary = summarizeBilling({ customers: [], subscriptions: [fact], settings: settings(), asOf: AS_OF });
        if (summary.mrrMinor === null) expect(summary.warnings.length).toBeGreaterThan(0);
        else expect(Number.isSafeInteger(summary.mrrMinor) && summary.mrrMinor >= 0).toBe(true);
      }),
      RUNS,
    );
  });
});
