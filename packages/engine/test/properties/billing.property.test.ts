/** Laws that billing figures keep whatever the subscription: they are stated over raw Stripe objects. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add, compare, fraction, roundHalfUp, ZERO } from '#base/fraction.ts';
import { currencyExponent } from '#base/money.ts';
import type { BillingInput } from '#project/billing/billing-summary.ts';
import { billingContext } from '#project/billing/context.ts';
import { explainBilling } from '#project/billing/explain.ts';
import { planChange } from '#project/billing/plan-change.ts';
import { subscriptionMrr } from '#project/billing/mrr.ts';
import { summarizeBilling } from '#project/billing/summary.ts';
import { readCharge } from '#project/stripe/charge.ts';
import { readCustomer } from '#project/stripe/customer.ts';
import { readDispute } from '#project/stripe/dispute.ts';
import { readSubscription } from '#project/stripe/subscription.ts';
import {
  AS_OF,
  known,
  type Raw,
  rawDiscount,
  rawItem,
  rawPrice,
  rawSubscription,
  settings,
  summarize,
} from '../cases/raw-billing.ts';

const anyInterval = fc.constantFrom(
  ['day', 1],
  ['day', 30],
  ['week', 1],
  ['week', 2],
  ['month', 1],
  ['month', 3],
  ['year', 1],
);
const anyUnitAmount = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000 }).map((amount) => ({ unit_amount: amount, unit_amount_decimal: `${amount}` })),
  fc
    .integer({ min: 1, max: 99_999 })
    .map((part) => ({ unit_amount: null, unit_amount_decimal: `0.${`${part}`.padStart(5, '0')}` })),
);
const anyTiers = fc
  .tuple(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 0, max: 5000 }),
    fc.integer({ min: 0, max: 5000 }),
    fc.boolean(),
  )
  .map(([upTo, first, second, isVolume]) => ({
    billing_scheme: 'tiered',
    tiers_mode: isVolume ? 'volume' : 'graduated',
    tiers: [
      { up_to: upTo, unit_amount: first, flat_amount: null },
      { up_to: null, unit_amount: second, flat_amount: 300 },
    ],
    unit_amount: null,
  }));
const anyPrice = fc
  .tuple(
    anyInterval,
    fc.oneof({ weight: 3, arbitrary: anyUnitAmount }, { weight: 1, arbitrary: anyTiers }),
    fc.nat({ max: 3 }),
  )
  .map(([[interval, count], amount, n]) =>
    rawPrice({ id: `price_${n}`, product: `prod_${n}`, interval: `${interval}`, count: Number(count), ...amount }),
  );
const anyCoupon = fc.oneof(
  fc.integer({ min: 1, max: 10_000 }).map((percent) => ({ percent_off: percent / 100 })),
  fc.integer({ min: 1, max: 5000 }).map((amount) => ({ amount_off: amount, currency: 'usd' })),
);
const anyDiscounts = fc.array(
  anyCoupon.map((coupon) => rawDiscount(coupon)),
  { maxLength: 3 },
);
const anyItem = fc
  .record({ price: anyPrice, quantity: fc.integer({ min: 0, max: 500 }), discounts: anyDiscounts })
  .map((over) => rawItem(over));
const anyTax = fc.option(
  fc
    .integer({ min: 1, max: 30 })
    .map((percentage) => [{ id: 'txr_1', object: 'tax_rate', inclusive: true, percentage }]),
  { nil: [] },
);
const anySubscription = fc
  .record({
    id: fc.integer({ min: 1, max: 1_000_000 }).map((n) => `sub_${n}`),
    items: fc.array(anyItem, { minLength: 1, maxLength: 4 }),
    discounts: anyDiscounts,
    default_tax_rates: anyTax,
    status: fc.constantFrom(
      'active',
      'past_due',
      'trialing',
      'unpaid',
      'paused',
      'canceled',
      'incomplete',
      'incomplete_expired',
    ),
    created: fc.integer({ min: 1_700_000_000, max: 1_795_000_000 }),
    cancel_at_period_end: fc.boolean(),
  })
  .map((over) => rawSubscription({ ...over, start_date: over.created }));
const anySubscriptions = fc.uniqueArray(anySubscription, { selector: (raw) => raw['id'], maxLength: 4 });

const items = (raw: Raw): readonly Raw[] => (raw['items'] as { readonly data: readonly Raw[] }).data;
const mrrOf = (raw: Raw) => summarize([raw]).mrrMinor;
const plain = (item: Raw, over: Raw = {}) => rawSubscription({ items: [item], ...over });

function inputOf(subscriptions: readonly Raw[]): BillingInput {
  return {
    customers: [known(readCustomer({ id: 'cus_1', object: 'customer', currency: 'usd' }).fact)],
    subscriptions: subscriptions.map((raw) => known(readSubscription(raw).fact)),
    settings: settings(),
    asOf: AS_OF,
  };
}

describe('monthly recurring revenue', () => {
  test('the figure is the sum of its explained lines, and each line after the items only lowers or rounds it', () => {
    fc.assert(
      fc.property(anySubscriptions, (raws) => {
        const input = inputOf(raws);
        const context = billingContext(input);
        for (const subscription of input.subscriptions) {
          const mrr = subscriptionMrr(context, { subscription });
          const sum = mrr.lines.reduce((total, line) => add(total, line.amount), ZERO);
          expect(compare(sum, fraction(mrr.amountMinor ?? -1n))).toBe(0);
          const exact = mrr.lines
            .filter((line) => line.kind !== 'rounding')
            .reduce((total, line) => add(total, line.amount), ZERO);
          expect(roundHalfUp(exact)).toBe(mrr.amountMinor);
          for (const line of mrr.lines) {
            if (line.kind === 'discount' || line.kind === 'tax')
              expect(compare(line.amount, ZERO)).toBeLessThanOrEqual(0);
            if (line.kind === 'item') expect(compare(line.amount, ZERO)).toBeGreaterThanOrEqual(0);
          }
        }
        const { mrr } = explainBilling(input);
        const total = mrr.subscriptions.reduce((sum, one) => sum + (one.amountMinor ?? Number.NaN), 0);
        expect(mrr.totalMinor).toBe(total);
        expect(mrr.totalMinor).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('n times the quantity of a whole unit price is n times the amount, for every interval that divides evenly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 50 }),
        (unit, quantity, n) => {
          const price = rawPrice({ unit_amount: unit * 12, interval: 'year' });
          const once = mrrOf(plain(rawItem({ price, quantity }))) ?? Number.NaN;
          expect(mrrOf(plain(rawItem({ price, quantity: quantity * n })))).toBe(once * n);
        },
      ),
    );
  });

  test('an item split in two with the same price and whole amounts counts the same', () => {
    fc.assert(
      fc.property(
        anyInterval,
        fc.integer({ min: 0, max: 100_000 }),
        fc.nat({ max: 100 }),
        fc.nat({ max: 100 }),
        anyDiscounts,
        anyTax,
        (every, unit, left, right, discounts, tax) => {
          const price = rawPrice({ unit_amount: unit, interval: `${every[0]}`, count: Number(every[1]) });
          const over = { discounts, default_tax_rates: tax };
          const whole = plain(rawItem({ price, quantity: left + right }), over);
          const split = rawSubscription({
            items: [rawItem({ price, quantity: left }), rawItem({ id: 'si_2', price, quantity: right })],
            ...over,
          });
          expect(mrrOf(split)).toBe(mrrOf(whole));
        },
      ),
    );
  });

  test('the order of subscriptions changes nothing, and the order of items changes no money', () => {
    fc.assert(
      fc.property(anySubscriptions, (raws) => {
        expect(summarize([...raws].reverse())).toEqual(summarize(raws));
        const turned = raws.map((raw) => ({
          ...raw,
          items: { object: 'list', has_more: false, data: [...items(raw)].reverse() },
        }));
        const [there, back] = [summarize(raws), summarize(turned)];
        expect([back.mrrMinor, back.billingStatus, back.warnings]).toEqual([
          there.mrrMinor,
          there.billingStatus,
          there.warnings,
        ]);
      }),
    );
  });

  test('twelve months paid yearly count as one month paid monthly, with or without a percentage off', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), fc.integer({ min: 1, max: 99 }), anyTax, (amount, percent, tax) => {
        const over = { discounts: [rawDiscount({ percent_off: percent })], default_tax_rates: tax };
        const monthly = plain(rawItem({ price: rawPrice({ unit_amount: amount }) }), over);
        const yearly = plain(rawItem({ price: rawPrice({ unit_amount: amount * 12, interval: 'year' }) }), over);
        expect(mrrOf(yearly)).toBe(mrrOf(monthly));
      }),
    );
  });

  test('a monthly subscription counts what its invoice says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 100_000 }), fc.nat({ max: 50 })), { minLength: 1, maxLength: 5 }),
        (lines) => {
          const all = lines.map(([unit, quantity], n) =>
            rawItem({ id: `si_${n}`, quantity, price: rawPrice({ id: `price_${n}`, unit_amount: unit }) }),
          );
          const invoice = lines.reduce((sum, [unit, quantity]) => sum + unit * quantity, 0);
          expect(mrrOf(rawSubscription({ items: all }))).toBe(invoice);
        },
      ),
    );
  });

  test('minor units stay minor units in every currency; only conversion looks at decimals', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('usd', 'jpy', 'kwd', 'isk', 'krw', 'tnd'),
        fc.nat({ max: 10_000_000 }),
        (currency, amount) => {
          const raw = plain(rawItem({ price: rawPrice({ currency, unit_amount: amount }) }), { currency });
          const kept = summarize([raw]);
          expect([kept.mrrMinor, kept.mrrCurrency, kept.mrrByCurrency]).toEqual([
            amount,
            currency,
            { [currency]: amount },
          ]);
          // At a rate of 1 per major unit, only the decimals differ.
          const target = currency === 'usd' ? 'eur' : 'usd';
          const exponent = currencyExponent(currency) ?? Number.NaN;
          const inReport = summarize([raw], {
            settings: settings({ reportCurrency: target, rates: { [currency]: '1' } }),
          });
          expect(inReport.mrrMinor).toBe(Math.floor((amount * 100) / 10 ** exponent + 0.5));
        },
      ),
    );
  });

  test('adding a discount never raises the figure, and the figure is never below zero', () => {
    fc.assert(
      fc.property(anySubscription, anyCoupon, (raw, coupon) => {
        const discounts = [...(raw['discounts'] as readonly Raw[]), rawDiscount(coupon)];
        const before = mrrOf(raw) ?? Number.NaN;
        const after = mrrOf({ ...raw, discounts }) ?? Number.NaN;
        expect(after).toBeLessThanOrEqual(before);
        expect(after).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('contacts with several subscriptions', () => {
  test('the plan, the status and the start always belong to subscriptions that are there', () => {
    fc.assert(
      fc.property(anySubscriptions, (raws) => {
        const summary = summarize(raws);
        const prices = raws.flatMap((raw) => items(raw).map((item) => (item['price'] as Raw)['id']));
        expect([null, ...prices]).toContain(summary.plan);
        expect([null, ...prices]).toContain(summary.lastPlan);
        expect(['none', ...raws.map((raw) => raw['status'])]).toContain(summary.billingStatus);
        expect(summary.plan === null || summary.lastPlan === null).toBe(true);
        expect(summary.plans.filter(({ isPrimary }) => isPrimary).length).toBe(summary.plan === null ? 0 : 1);
      }),
    );
  });
});

describe('movements', () => {
  test('a chain of changes adds up: the deltas sum to the difference, and each movement fits its delta', () => {
    fc.assert(
      fc.property(fc.array(anySubscriptions, { minLength: 2, maxLength: 5 }), (moments) => {
        let sum = 0;
        for (let n = 1; n < moments.length; n += 1) {
          const [before, after] = [inputOf(moments[n - 1] ?? []), inputOf(moments[n] ?? [])];
          const change = planChange({ before, after, hadPositiveMrrBefore: n > 1 });
          sum += change.deltaMinor ?? Number.NaN;
          const { movement, mrrBeforeMinor: was, mrrAfterMinor: is } = change;
          if (movement === 'churn') expect([is, (was ?? 0) > 0]).toEqual([0, true]);
          if (movement === 'new' || movement === 'reactivation') expect([was, (is ?? 0) > 0]).toEqual([0, true]);
          if (movement === 'none') expect(was).toBe(is);
          expect(change.planEvent === null || change.kind === 'plan_change').toBe(true);
        }
        const [first, last] = [
          summarizeBilling(inputOf(moments[0] ?? [])),
          summarizeBilling(inputOf(moments.at(-1) ?? [])),
        ];
        expect(sum).toBe((last.mrrMinor ?? Number.NaN) - (first.mrrMinor ?? Number.NaN));
      }),
    );
  });

  test('nothing changed is no change, and there and back are opposite movements', () => {
    fc.assert(
      fc.property(anySubscriptions, anySubscriptions, (left, right) => {
        const same = planChange({ before: inputOf(left), after: inputOf(left), hadPositiveMrrBefore: true });
        expect([same.movement, same.kind, same.deltaMinor]).toEqual(['none', 'none', 0]);
        const there = planChange({ before: inputOf(left), after: inputOf(right), hadPositiveMrrBefore: true });
        const back = planChange({ before: inputOf(right), after: inputOf(left), hadPositiveMrrBefore: true });
        const opposite = {
          expansion: 'contraction',
          contraction: 'expansion',
          churn: 'reactivation',
          reactivation: 'churn',
          none: 'none',
          new: 'churn',
        };
        expect(back.movement).toBe(there.movement === null ? null : opposite[there.movement]);
        expect(there.deltaMinor).toBe(0 - (back.deltaMinor ?? Number.NaN) + 0);
      }),
    );
  });
});

describe('lifetime value', () => {
  const anyCharge = fc
    .record({
      n: fc.nat({ max: 1_000_000 }),
      captured: fc.nat({ max: 100_000 }),
      refundedShare: fc.nat({ max: 100 }),
      currency: fc.constantFrom('usd', 'eur', 'jpy'),
      status: fc.constantFrom('succeeded', 'succeeded', 'failed', 'pending'),
    })
    .map(({ n, captured, refundedShare, currency, status }) => ({
      id: `ch_${n}`,
      object: 'charge',
      amount: captured + 7,
      amount_captured: captured,
      amount_refunded: Math.floor((captured * refundedShare) / 100),
      captured: true,
      currency,
      status,
      created: 1_769_904_000 + n,
    }));

  test('the figure per currency is the sum of its lines: what came in less what went back', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyCharge, { selector: ({ id }) => id, maxLength: 12 }),
        fc.nat({ max: 5000 }),
        (raws, disputed) => {
          const charges = raws.map((raw) => known(readCharge(raw).fact));
          const dispute = {
            id: 'dp_1',
            object: 'dispute',
            amount: disputed,
            currency: 'usd',
            status: 'lost',
            charge: 'ch_0',
          };
          const input = { ...inputOf([]), charges, disputes: [known(readDispute(dispute).fact)] };
          const { ltv } = explainBilling(input);
          const expected: Record<string, number> = { usd: -disputed };
          for (const raw of raws) {
            if (raw.status === 'succeeded')
              expected[raw.currency] = (expected[raw.currency] ?? 0) + raw.amount_captured - raw.amount_refunded;
          }
          expect(ltv.byCurrency).toEqual(
            Object.fromEntries(Object.entries(expected).map(([currency, value]) => [currency, value + 0])),
          );
          for (const [currency, total] of Object.entries(ltv.byCurrency)) {
            const own = ltv.lines.filter((line) => line.currency === currency);
            expect(own.reduce((sum, line) => sum + line.amountMinor, 0)).toBe(total);
          }
        },
      ),
    );
  });
});
