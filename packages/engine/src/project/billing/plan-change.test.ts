import { describe, expect, test } from 'vitest';
import {
  AS_OF,
  type Raw,
  rawDiscount,
  rawItem,
  rawPrice,
  rawSubscription,
  settings,
} from '../../../test/cases/raw-billing.ts';
import { readSubscription } from '../stripe/subscription.ts';
import type { BillingMoment } from './plan-change.ts';
import { planChange } from './plan-change.ts';

const moment = (raws: readonly Raw[], over: Partial<BillingMoment> = {}): BillingMoment => ({
  customers: [],
  subscriptions: raws.flatMap((raw) => readSubscription(raw).fact ?? []),
  settings: settings(),
  asOf: AS_OF,
  ...over,
});
const change = (before: readonly Raw[], after: readonly Raw[], hadPositiveMrrBefore = true) =>
  planChange({ before: moment(before), after: moment(after), hadPositiveMrrBefore });
const what = (before: readonly Raw[], after: readonly Raw[]) => {
  const { movement, kind, planEvent, deltaMinor } = change(before, after);
  return [movement, kind, planEvent, deltaMinor];
};

const basic = rawItem();
const pro = rawItem({ price: rawPrice({ id: 'price_pro', product: 'prod_pro', unit_amount: 9900 }) });
const addon = rawItem({ id: 'si_2', price: rawPrice({ id: 'price_addon', product: 'prod_addon', unit_amount: 500 }) });
const yearly = rawItem({ price: rawPrice({ id: 'price_y', interval: 'year', unit_amount: 29_000 }) });
const on = (item: Raw | readonly Raw[], over: Raw = {}) =>
  rawSubscription({ items: Array.isArray(item) ? item : [item as Raw], ...over });

describe('upgrades and downgrades', () => {
  test('only another product is one, by the sign of the money', () => {
    expect(what([on(basic)], [on(pro)])).toEqual(['expansion', 'plan_change', 'upgrade', 7000]);
    expect(what([on(pro)], [on(basic)])).toEqual(['contraction', 'plan_change', 'downgrade', -7000]);
    const twin = rawItem({ price: rawPrice({ id: 'price_twin', product: 'prod_twin' }) });
    expect(what([on(basic)], [on(twin)])).toEqual(['none', 'plan_change', 'lateral', 0]);
  });

  test('monthly to yearly lowers MRR and is no downgrade; back raises it and is no upgrade', () => {
    expect(what([on(basic)], [on(yearly)])).toEqual(['contraction', 'interval_change', null, -483]);
    expect(what([on(yearly)], [on(basic)])).toEqual(['expansion', 'interval_change', null, 483]);
  });

  test('a trial that moves to a dearer plan is upgraded although neither counts yet', () => {
    const trial = { status: 'trialing', trial_end: 1_796_342_400 };
    expect(what([on(basic, trial)], [on(pro, trial)])).toEqual(['none', 'plan_change', 'upgrade', 0]);
  });

  test('cancelling one and starting another in the same window is one change, whatever their ids', () => {
    const ended = on(basic, { status: 'canceled', ended_at: 1_795_000_000 });
    const next = on(pro, { id: 'sub_2' });
    expect(what([on(basic)], [ended, next])).toEqual(['expansion', 'plan_change', 'upgrade', 7000]);
    expect(change([on(basic)], [next])).toMatchObject({
      kind: 'plan_change',
      planBefore: 'price_m',
      planAfter: 'price_pro',
      subscriptionId: 'sub_2',
    });
    expect(what([on(basic)], [ended, on(basic, { id: 'sub_2' })])).toEqual(['none', 'subscription_started', null, 0]);
  });

  test('an upgrade together with a longer interval is an upgrade that says so', () => {
    const proYearly = rawItem({
      price: rawPrice({ id: 'price_pro_y', product: 'prod_pro', interval: 'year', unit_amount: 99_000 }),
    });
    expect(change([on(basic)], [on(proYearly)])).toMatchObject({
      kind: 'plan_change',
      planEvent: 'upgrade',
      isIntervalChanged: true,
    });
  });
});

describe('what else can change', () => {
  test('an add-on comes and goes', () => {
    expect(what([on(basic)], [on([basic, addon])])).toEqual(['expansion', 'item_added', null, 500]);
    expect(what([on([basic, addon])], [on(basic)])).toEqual(['contraction', 'item_removed', null, -500]);
  });

  test('seats, a new price of the same product, a coupon that starts or ends', () => {
    expect(what([on(basic)], [on(rawItem({ quantity: 3 }))])).toEqual(['expansion', 'quantity_change', null, 5800]);
    const dearer = rawItem({ price: rawPrice({ id: 'price_v2', unit_amount: 3900 }) });
    expect(what([on(basic)], [on(dearer)])).toEqual(['expansion', 'price_change', null, 1000]);
    const half = on(basic, { discounts: [rawDiscount({ percent_off: 50 })] });
    expect(what([on(basic)], [half])).toEqual(['contraction', 'discount_change', null, -1450]);
    expect(what([half], [on(basic)])).toEqual(['expansion', 'discount_change', null, 1450]);
  });

  test('a coupon that ends by time alone is a change between two moments of the same facts', () => {
    const end = AS_OF.getTime() / 1000 + 86_400;
    const running = on(basic, { discounts: [rawDiscount({ percent_off: 50 }, { end })] });
    const later = moment([running], { asOf: new Date(AS_OF.getTime() + 2 * 86_400_000) });
    const result = planChange({ before: moment([running]), after: later, hadPositiveMrrBefore: true });
    expect(result).toMatchObject({ kind: 'discount_change', movement: 'expansion', deltaMinor: 1450 });
  });

  test('one item split in two, or a plain renewal, is no change', () => {
    const [left, right] = [rawItem({ quantity: 1 }), rawItem({ id: 'si_2', quantity: 2 })];
    expect(what([on(rawItem({ quantity: 3 }))], [on([left, right])])).toEqual(['none', 'none', null, 0]);
    const renewed = rawItem({ current_period_start: 1_796_083_200, current_period_end: 1_798_761_600 });
    expect(what([on(basic)], [on(renewed)])).toEqual(['none', 'none', null, 0]);
  });

  test.each([
    ['trialing', 'active', 'trial_converted'],
    ['trialing', 'canceled', 'trial_canceled'],
    ['trialing', 'paused', 'trial_canceled'],
    ['trialing', 'past_due', 'payment_failed'],
    ['active', 'past_due', 'payment_failed'],
    ['past_due', 'unpaid', 'payment_failed'],
    ['incomplete', 'incomplete_expired', 'payment_failed'],
    ['past_due', 'active', 'payment_recovered'],
    ['unpaid', 'active', 'payment_recovered'],
    ['active', 'canceled', 'subscription_ended'],
    ['past_due', 'canceled', 'subscription_ended'],
    ['incomplete', 'active', 'subscription_started'],
    ['active', 'paused', 'collection_paused'],
    ['paused', 'active', 'collection_resumed'],
  ])('from %s to %s: %s', (before, after, kind) => {
    expect(change([on(basic, { status: before })], [on(basic, { status: after })]).kind).toBe(kind);
  });

  test('a second subscription is added, the first one is started, a comeback is a reactivation', () => {
    const second = on(addon, { id: 'sub_2' });
    expect(what([on(basic)], [on(basic), second])).toEqual(['expansion', 'subscription_added', null, 500]);
    expect(change([], [on(basic)], false)).toMatchObject({ movement: 'new', kind: 'subscription_started' });
    const ended = on(basic, { status: 'canceled' });
    expect(what([ended], [ended, second])).toEqual(['reactivation', 'subscription_started', null, 500]);
  });

  test("the portal's way of cancelling and its undoing", () => {
    const leaving = on(basic, { cancel_at: 1_796_083_200 });
    expect(what([on(basic)], [leaving])).toEqual(['churn', 'cancel_scheduled', null, -2900]);
    expect(what([leaving], [on(basic)])).toEqual(['reactivation', 'cancel_reverted', null, 2900]);
  });

  test('a planned cancellation comes before what else changed; a payment failure before that', () => {
    expect(change([on(basic)], [on(pro, { cancel_at_period_end: true })]).kind).toBe('cancel_scheduled');
    expect(change([on(basic)], [on(pro, { status: 'past_due', cancel_at_period_end: true })]).kind).toBe(
      'payment_failed',
    );
  });
});

describe('several currencies', () => {
  const euro = on(rawItem({ price: rawPrice({ currency: 'eur', unit_amount: 2000 }) }), {
    id: 'sub_2',
    currency: 'eur',
  });
  const dearerEuro = on(rawItem({ quantity: 2, price: rawPrice({ currency: 'eur', unit_amount: 2000 }) }), {
    id: 'sub_2',
    currency: 'eur',
  });

  test('a rate alone moves the total and nobody: fx, and no movement', () => {
    const at = (rate: string) =>
      moment([on(basic), euro], { settings: settings({ reportCurrency: 'usd', rates: { eur: rate } }) });
    const result = planChange({ before: at('1.10'), after: at('1.20'), hadPositiveMrrBefore: true });
    expect(result).toMatchObject({ kind: 'fx', movement: 'none', deltaMinor: 200, currency: 'usd' });
  });

  test('without rates there is a movement if no currency goes the other way, and no delta', () => {
    const result = change([on(basic), euro], [on(basic), dearerEuro]);
    expect(result).toMatchObject({ movement: 'expansion', kind: 'quantity_change', deltaMinor: null, currency: null });
    expect(result.byCurrency).toEqual({
      usd: { beforeMinor: 2900, afterMinor: 2900 },
      eur: { beforeMinor: 2000, afterMinor: 4000 },
    });
    const opposite = change([on(rawItem({ quantity: 2 })), euro], [on(basic), dearerEuro]);
    expect([opposite.movement, opposite.kind]).toEqual([null, 'quantity_change']);
  });

  test('an unknown figure has no movement', () => {
    const unknown = on(rawItem({ price: rawPrice({ unit_amount: null }) }));
    expect(change([on(basic)], [unknown])).toMatchObject({ movement: null, deltaMinor: null });
  });
});
