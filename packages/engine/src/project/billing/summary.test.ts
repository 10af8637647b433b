import { describe, expect, test } from 'vitest';
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
} from '../../../test/cases/raw-billing.ts';
import { readCharge } from '../stripe/charge.ts';
import { readCoupon } from '../stripe/coupon.ts';
import { readCreditNote } from '../stripe/credit-note.ts';
import { readDiscount } from '../stripe/discount.ts';
import { readDispute } from '../stripe/dispute.ts';
import { readInvoice } from '../stripe/invoice.ts';
import { readInvoicePayment } from '../stripe/invoice-payment.ts';
import { readPaymentMethod } from '../stripe/payment-method.ts';
import { readPrice } from '../stripe/price.ts';
import { readProduct } from '../stripe/product.ts';
import { readRefund } from '../stripe/refund.ts';
import { readSubscription } from '../stripe/subscription.ts';
import { summarizeBilling } from './summary.ts';

const AS_OF_S = AS_OF.getTime() / 1000;
const DAY_S = 86_400;
const withPrice = (over: Parameters<typeof rawPrice>[0], item: Raw = {}) =>
  rawSubscription({ items: [rawItem({ price: rawPrice(over), ...item })] });
const outcome = (raw: Raw, over: Parameters<typeof summarize>[1] = {}) => {
  const { mrrMinor, warnings } = summarize([raw], over);
  return [mrrMinor, ...warnings];
};
const tiers = [
  { up_to: 5, unit_amount: 700, flat_amount: 100 },
  { up_to: 10, unit_amount: 650, flat_amount: 200 },
  { up_to: null, unit_amount: 600, flat_amount: 300 },
];
const tiered = (mode: string, quantity: number) =>
  withPrice({ billing_scheme: 'tiered', tiers_mode: mode, tiers, unit_amount: null }, { quantity });

describe('what an item bills', () => {
  test("volume: all units at the reached tier, with that tier's flat fee alone; graduated: each tier its own", () => {
    expect([5, 6, 10, 11].map((quantity) => outcome(tiered('volume', quantity))[0])).toEqual([3600, 4100, 6700, 6900]);
    expect([5, 6, 10, 11].map((quantity) => outcome(tiered('graduated', quantity))[0])).toEqual([
      3600, 4450, 7050, 7950,
    ]);
  });

  test('no seats at all still owe the flat fee of the first tier', () => {
    expect(outcome(tiered('graduated', 0))).toEqual([100]);
    expect(outcome(tiered('volume', 0))).toEqual([100]);
    expect(outcome(withPrice({}, { quantity: 0 }))).toEqual([0]);
  });

  test('tiers and currency options that Stripe left out are joined from the price list', () => {
    const bare = withPrice({ billing_scheme: 'tiered', tiers_mode: 'volume', unit_amount: null }, { quantity: 6 });
    const listed = known(
      readPrice(rawPrice({ billing_scheme: 'tiered', tiers_mode: 'volume', unit_amount: null, tiers })).fact,
    );
    expect(outcome(bare)).toEqual([null, 'tiers_missing']);
    expect(outcome(bare, { prices: [listed] })).toEqual([4100]);
    const euro = { ...withPrice({}), currency: 'eur' };
    const option = known(readPrice(rawPrice({ currency_options: { eur: { unit_amount: 2700 } } })).fact);
    expect(outcome(euro)).toEqual([null, 'currency_options_missing']);
    expect(outcome(euro, { prices: new Map([[option.id, option]]) })).toEqual([2700]);
  });

  test.each([
    ['a negative price', withPrice({ unit_amount: -1 }), 'amount_invalid'],
    ['an absurd price', withPrice({ unit_amount: 9_007_199_254_740_991 }), 'amount_invalid'],
    ['no amount (the customer chooses)', withPrice({ unit_amount: null }), 'amount_missing'],
    ['an amount that is no number', withPrice({ unit_amount: null, unit_amount_decimal: '1e3' }), 'amount_missing'],
    ['a negative quantity', withPrice({}, { quantity: -2 }), 'quantity_invalid'],
    ['a broken quantity', withPrice({}, { quantity: 1.5 }), 'quantity_invalid'],
    ['an unknown interval', withPrice({ interval: 'fortnight' }), 'interval_unknown'],
    ['an interval of nothing', withPrice({ count: 0 }), 'interval_unknown'],
    ['an unknown usage type', withPrice({ usage: 'sometimes' }), 'pricing_model_unknown'],
    ['an unknown billing scheme', withPrice({ billing_scheme: 'auction' }), 'pricing_model_unknown'],
    ['packages of nothing', withPrice({ transform_quantity: { divide_by: 0, round: 'up' } }), 'quantity_invalid'],
    ['no price at all', rawSubscription({ items: [rawItem({ price: null })] }), 'price_missing'],
    ['no item', rawSubscription({ items: [] }), 'items_missing'],
    [
      'tiers that stop below the quantity',
      withPrice(
        { billing_scheme: 'tiered', tiers_mode: 'volume', tiers: [{ up_to: 5, unit_amount: 1 }] },
        { quantity: 6 },
      ),
      'tiers_missing',
    ],
    [
      'tiers out of order',
      withPrice(
        {
          billing_scheme: 'tiered',
          tiers_mode: 'graduated',
          tiers: [
            { up_to: 5, unit_amount: 1 },
            { up_to: 5, unit_amount: 1 },
          ],
        },
        { quantity: 6 },
      ),
      'tiers_missing',
    ],
    ['a broken tier', withPrice({ billing_scheme: 'tiered', tiers_mode: 'volume', tiers: [7] }), 'tiers_missing'],
    ['an unknown status', rawSubscription({ status: 'hibernating' }), 'status_unknown'],
    [
      'an unknown way of pausing',
      rawSubscription({ pause_collection: { behavior: 'shrug' } }),
      'pause_behavior_unknown',
    ],
    [
      'an end without a known period',
      rawSubscription({ cancel_at: 1_900_000_000, items: [rawItem({ current_period_end: null })] }),
      'period_end_missing',
    ],
    ['a percentage above 100', rawSubscription({ discounts: [rawDiscount({ percent_off: 101 })] }), 'discount_invalid'],
    [
      'a negative amount off',
      rawSubscription({ discounts: [rawDiscount({ amount_off: -1, currency: 'usd' })] }),
      'discount_invalid',
    ],
    ['a coupon without a value', rawSubscription({ discounts: [rawDiscount({})] }), 'discount_invalid'],
    [
      'an amount off in another currency',
      rawSubscription({ discounts: [rawDiscount({ amount_off: 1, currency: 'eur' })] }),
      'currency_options_missing',
    ],
    [
      'an included tax of minus one per cent',
      rawSubscription({ default_tax_rates: [{ inclusive: true, percentage: -1 }] }),
      'tax_rate_invalid',
    ],
  ])('%s gives no figure, and says why', (_, raw, warning) => {
    const summary = summarize([raw]);
    expect([summary.mrrMinor, summary.mrrByCurrency, summary.warnings]).toEqual([null, {}, [warning]]);
  });

  test('what does not count needs no known amount: a canceled or paused one with missing tiers is 0, without a warning', () => {
    const unknown = withPrice({ billing_scheme: 'tiered', tiers_mode: 'volume', unit_amount: null });
    expect(outcome({ ...unknown, status: 'canceled' })).toEqual([0]);
    expect(outcome({ ...unknown, pause_collection: { behavior: 'void' } })).toEqual([0]);
    expect(outcome({ ...unknown, cancel_at_period_end: true })).toEqual([0]);
  });

  test('one unknown subscription leaves no single figure, and none in its own currency', () => {
    const euro = { ...withPrice({ currency: 'eur', unit_amount: 100 }), id: 'sub_2', currency: 'eur' };
    const summary = summarize([withPrice({ unit_amount: -1 }), euro]);
    expect([summary.mrrMinor, summary.mrrByCurrency]).toEqual([null, { eur: 100 }]);
    const partly = summarize([withPrice({ unit_amount: -1 }), rawSubscription({ id: 'sub_3' })]);
    expect([partly.mrrMinor, partly.mrrByCurrency]).toEqual([null, {}]);
  });
});

describe('discounts', () => {
  const ten = { percent_off: 10 };
  const five = { amount_off: 500, currency: 'usd' };

  test('the order of stacked discounts is the one that the settings ask for', () => {
    const raw = rawSubscription({ discounts: [rawDiscount(five), rawDiscount(ten)] });
    const under = (discountOrder: 'as_listed' | 'percent_first' | 'amount_first') =>
      outcome(raw, { settings: settings({ discountOrder }) })[0];
    expect([under('as_listed'), under('percent_first'), under('amount_first')]).toEqual([2160, 2110, 2160]);
  });

  test("the customer's discount applies only where the subscription has none that runs", () => {
    const customer = { id: 'cus_1', object: 'customer', currency: 'usd', discount: rawDiscount({ percent_off: 50 }) };
    const expired = rawDiscount(ten, { end: AS_OF_S - 1 });
    const once = rawDiscount({ ...ten, duration: 'once' });
    const onItem = rawSubscription({ items: [rawItem({ discounts: [rawDiscount(ten)] })] });
    expect(outcome(rawSubscription(), { customer })).toEqual([1450]);
    expect(outcome(rawSubscription({ discounts: [rawDiscount(ten)] }), { customer })).toEqual([2610]);
    expect(outcome(rawSubscription({ discounts: [expired] }), { customer })).toEqual([1450]);
    expect(outcome(rawSubscription({ discounts: [once] }), { customer })).toEqual([2900]);
    expect(outcome(onItem, { customer })).toEqual([1305]);
    expect(outcome(onItem, { customer, settings: settings({ customerDiscountBesideItems: false }) })).toEqual([2610]);
  });

  test('an amount off is per invoice and spread in proportion, within what the coupon applies to', () => {
    const a = rawItem({ price: rawPrice({ id: 'a', product: 'prod_a', unit_amount: 2000 }) });
    const b = rawItem({ id: 'si_2', price: rawPrice({ id: 'b', product: 'prod_b', unit_amount: 1000 }) });
    const limited = rawDiscount({ amount_off: 1500, currency: 'usd', applies_to: { products: ['prod_b'] } });
    expect(outcome(rawSubscription({ items: [a, b], discounts: [rawDiscount(five)] }))).toEqual([2500]);
    expect(outcome(rawSubscription({ items: [a, b], discounts: [limited] }))).toEqual([2000]);
  });

  test('with mixed intervals an amount off eats only the items billed most often, or all if the settings say so', () => {
    const monthly = rawItem({ price: rawPrice({ id: 'a', unit_amount: 500 }) });
    const yearly = rawItem({ id: 'si_2', price: rawPrice({ id: 'b', interval: 'year', unit_amount: 12_000 }) });
    const free = rawItem({ id: 'si_3', price: rawPrice({ id: 'c', unit_amount: 0 }) });
    const discounts = [rawDiscount({ amount_off: 1000, currency: 'usd' })];
    expect(outcome(rawSubscription({ items: [monthly, yearly], discounts }))).toEqual([1000]);
    const spread = settings({ amountOffMixedIntervals: 'all_items' });
    expect(outcome(rawSubscription({ items: [monthly, yearly], discounts }), { settings: spread })).toEqual([500]);
    // A free item is never on an invoice that a coupon could lower.
    expect(outcome(rawSubscription({ items: [free, yearly], discounts }))).toEqual([917]);
  });

  test('bare ids are resolved from discounts seen before, and coupon ids from the coupon list', () => {
    const bare = rawSubscription({ discounts: ['di_1'] });
    const seen = known(readDiscount({ id: 'di_1', object: 'discount', end: null, source: { coupon: 'HALF' } }).fact);
    const half = known(readCoupon({ id: 'HALF', object: 'coupon', duration: 'forever', percent_off: 50 }).fact);
    expect(outcome(bare)).toEqual([null, 'discounts_unexpanded']);
    expect(outcome(bare, { discounts: [seen] })).toEqual([null, 'discounts_unexpanded']);
    expect(outcome(bare, { discounts: [seen], coupons: [half] })).toEqual([1450]);
  });

  test('what a coupon applies to may be known only from the coupon list', () => {
    const listed = {
      id: 'OFF',
      object: 'coupon',
      duration: 'forever',
      percent_off: 50,
      applies_to: { products: ['prod_other'] },
    };
    const raw = rawSubscription({ discounts: [rawDiscount({ percent_off: 50 })] });
    expect(outcome(raw, { coupons: [known(readCoupon(listed).fact)] })).toEqual([2900]);
  });
});

describe('tax inside the price', () => {
  const vat = (percentage: number, inclusive = true) => ({ id: 'txr_1', object: 'tax_rate', inclusive, percentage });

  test('several included rates add up; rates on the item replace those of the subscription', () => {
    expect(outcome(rawSubscription({ default_tax_rates: [vat(10), vat(5.5)] }))).toEqual([2511]);
    expect(
      outcome(rawSubscription({ items: [rawItem({ tax_rates: [vat(20, false)] })], default_tax_rates: [vat(20)] })),
    ).toEqual([2900]);
  });

  test('a customer without tax pays the whole price as net', () => {
    const customer = { id: 'cus_1', object: 'customer', tax_exempt: 'reverse' };
    expect(outcome(rawSubscription({ default_tax_rates: [vat(20)] }), { customer })).toEqual([2900]);
  });

  test('a rate that Stripe Tax keeps to itself leaves the gross figure with a warning, or none if the settings say so', () => {
    const raw = { ...withPrice({ tax_behavior: 'inclusive' }), automatic_tax: { enabled: true } };
    expect(outcome(raw)).toEqual([2900, 'tax_inclusive_rate_unknown']);
    expect(outcome(raw, { settings: settings({ inclusiveTaxUnknown: 'unknown' }) })).toEqual([
      null,
      'tax_inclusive_rate_unknown',
    ]);
    expect(outcome({ ...withPrice({ tax_behavior: 'exclusive' }), automatic_tax: { enabled: true } })).toEqual([2900]);
  });
});

describe('cancellations and pauses', () => {
  test("the flag, the portal's date and a date in the past are the same; a later date is a fixed term", () => {
    const end = 1_796_083_200;
    const ends = [
      { cancel_at_period_end: true },
      { cancel_at: end },
      { cancel_at: AS_OF_S - 1 },
      { cancel_at: end + 1 },
    ];
    expect(ends.map((over) => outcome(rawSubscription(over))[0])).toEqual([0, 0, 0, 2900]);
    const strict = { settings: settings({ fixedTerm: 'exclude' }) };
    expect(outcome(rawSubscription({ cancel_at: end + 1 }), strict)).toEqual([0]);
    const old = rawSubscription({
      cancel_at: end,
      current_period_end: end,
      items: [rawItem({ current_period_end: undefined })],
    });
    expect(outcome(old)).toEqual([0]);
  });

  test('cancels_at comes from either encoding, renews_at only from what goes on', () => {
    const flagged = summarize([rawSubscription({ cancel_at_period_end: true })]);
    expect([flagged.cancelsAtS, flagged.renewsAtS]).toEqual([1_796_083_200, null]);
    const other = rawSubscription({ id: 'sub_2', items: [rawItem({ current_period_end: 1_799_971_200 })] });
    const both = summarize([rawSubscription({ cancel_at_period_end: true }), other]);
    expect([both.cancelsAtS, both.renewsAtS]).toEqual([1_796_083_200, 1_799_971_200]);
  });

  test('kept drafts count and leave the status; a setting turns that round', () => {
    const draft = rawSubscription({ pause_collection: { behavior: 'keep_as_draft' } });
    expect(summarize([draft])).toMatchObject({ mrrMinor: 2900, billingStatus: 'active', isCollectionPaused: true });
    expect(outcome(draft, { settings: settings({ keepAsDraft: 'exclude' }) })).toEqual([0]);
    const paused = rawSubscription({ pause_collection: { behavior: 'void' } });
    expect(summarize([paused], { settings: settings({ pauseCollection: 'ignore' }) })).toMatchObject({
      mrrMinor: 2900,
      billingStatus: 'active',
    });
  });

  test('a paid plan beside a paused one is active', () => {
    const paused = rawSubscription({ id: 'sub_2', pause_collection: { behavior: 'void' } });
    expect(summarize([rawSubscription(), paused])).toMatchObject({
      billingStatus: 'active',
      isCollectionPaused: true,
      mrrMinor: 2900,
    });
  });
});

describe('status, plan and dates', () => {
  const one = (status: string, id: string, over: Raw = {}) => rawSubscription({ id, status, ...over });

  test('the precedence of statuses is the stated one, and can be changed', () => {
    const order = [
      'past_due',
      'active',
      'trialing',
      'unpaid',
      'paused',
      'incomplete',
      'canceled',
      'incomplete_expired',
    ] as const;
    for (let n = 0; n < order.length; n += 1) {
      const rest = order.slice(n).map((status, index) => one(status, `sub_${index}`));
      expect(summarize(rest.reverse()).billingStatus).toBe(order[n]);
    }
    const turned = settings({ statusOrder: [...order].reverse() });
    expect(summarize([one('active', 'sub_1'), one('canceled', 'sub_2')], { settings: turned }).billingStatus).toBe(
      'canceled',
    );
    expect(summarize([]).billingStatus).toBe('none');
  });

  test('who never paid has no last plan and no start; who did keeps those of what ended last', () => {
    expect(summarize([one('incomplete_expired', 'sub_1', { ended_at: 1_780_000_000 })])).toMatchObject({
      plan: null,
      lastPlan: null,
      subscriptionStartDateS: null,
    });
    const older = one('canceled', 'sub_1', { ended_at: 1_770_000_000, start_date: 1_760_000_000 });
    const newer = {
      ...withPrice({ id: 'price_last' }),
      id: 'sub_2',
      status: 'canceled',
      ended_at: 1_780_000_000,
      start_date: 1_750_000_000,
    };
    expect(summarize([older, newer])).toMatchObject({
      plan: null,
      lastPlan: 'price_last',
      subscriptionStartDateS: 1_750_000_000,
    });
  });

  test('the nearest running trial counts, else the latest past one; a trial cut short is none', () => {
    const trial = (id: string, status: string, trialEnd: number) => one(status, id, { trial_end: trialEnd });
    const [soon, late, past] = [AS_OF_S + DAY_S, AS_OF_S + 9 * DAY_S, AS_OF_S - 3 * DAY_S];
    expect(
      summarize([trial('a', 'trialing', late), trial('b', 'trialing', soon), trial('c', 'active', past)]).trialEndDateS,
    ).toBe(soon);
    expect(summarize([trial('a', 'canceled', late), trial('c', 'active', past)]).trialEndDateS).toBe(past);
    expect(summarize([trial('a', 'canceled', late)]).trialEndDateS).toBeNull();
  });

  test('names come from the product, tiers from the map: price before product, unmapped ones stay visible', () => {
    const items = [
      rawItem({ price: rawPrice({ id: 'price_a', product: 'prod_a', unit_amount: 900 }) }),
      rawItem({
        id: 'si_2',
        price: rawPrice({ id: 'price_b', product: 'prod_b', unit_amount: 100, nickname: 'Add-on' }),
      }),
    ];
    const products = [known(readProduct({ id: 'prod_a', object: 'product', name: 'Pro' }).fact)];
    const mapped = settings({
      tiers: { products: { prod_a: 'silver', prod_b: 'extra' }, prices: { price_a: 'gold' } },
    });
    const summary = summarize([rawSubscription({ items })], { products, settings: mapped });
    expect(summary).toMatchObject({ plan: 'price_a', planName: 'Pro', tier: 'gold' });
    expect(
      summary.plans.map(({ name, tier, isPrimary, listMonthlyMinor }) => [name, tier, isPrimary, listMonthlyMinor]),
    ).toEqual([
      ['Pro', 'gold', true, 900],
      ['Add-on', 'extra', false, 100],
    ]);
    expect(summarize([rawSubscription({ items })]).tier).toBeNull();
  });

  test('a discount or a planned cancellation does not change which plan is the primary one', () => {
    const pro = {
      ...withPrice({ id: 'price_pro', unit_amount: 9900 }),
      id: 'sub_pro',
      cancel_at_period_end: true,
      discounts: [rawDiscount({ percent_off: 100 })],
    };
    expect(summarize([rawSubscription(), pro]).plan).toBe('price_pro');
  });
});

describe('payment method', () => {
  const card = {
    id: 'pm_1',
    object: 'payment_method',
    type: 'card',
    card: { brand: 'visa', last4: '4242', exp_month: 4, exp_year: 2027 },
  };
  const customer = {
    id: 'cus_1',
    object: 'customer',
    currency: 'usd',
    invoice_settings: { default_payment_method: 'pm_1' },
  };

  test('brand, last four and expiry come from the stored method, or from a charge made with it', () => {
    const stored = summarize([rawSubscription()], { customer, paymentMethods: [known(readPaymentMethod(card).fact)] });
    expect(stored.paymentMethod).toEqual({
      isOnFile: true,
      id: 'pm_1',
      type: 'card',
      brand: 'visa',
      last4: '4242',
      expMonth: 4,
      expYear: 2027,
    });
    const charge = known(
      readCharge({
        id: 'ch_1',
        object: 'charge',
        payment_method: 'pm_1',
        payment_method_details: { type: 'card', card: card.card },
      }).fact,
    );
    expect(summarize([rawSubscription()], { customer, charges: [charge] }).paymentMethod).toEqual(stored.paymentMethod);
  });

  test("the subscription's own method is asked before the customer's; one on a dead subscription does not count", () => {
    expect(summarize([rawSubscription({ default_payment_method: 'pm_sub' })], { customer }).paymentMethod.id).toBe(
      'pm_sub',
    );
    const bare = { id: 'cus_1', object: 'customer' };
    expect(summarize([rawSubscription({ default_source: 'card_1' })], { customer: bare }).paymentMethod.isOnFile).toBe(
      true,
    );
    const ended = rawSubscription({ status: 'canceled', default_payment_method: 'pm_sub' });
    expect(summarize([ended], { customer: bare }).paymentMethod.isOnFile).toBe(false);
  });
});

describe('money received', () => {
  const charge = (over: Raw = {}) =>
    known(
      readCharge({
        id: 'ch_1',
        object: 'charge',
        status: 'succeeded',
        captured: true,
        amount: 10_000,
        amount_captured: 10_000,
        amount_refunded: 0,
        currency: 'usd',
        customer: 'cus_1',
        created: 1_769_904_000,
        ...over,
      }).fact,
    );
  const invoice = (over: Raw = {}) =>
    known(
      readInvoice({
        id: 'in_1',
        object: 'invoice',
        status: 'paid',
        currency: 'usd',
        customer: 'cus_1',
        created: 1_769_904_000,
        amount_due: 10_000,
        amount_paid: 10_000,
        ...over,
      }).fact,
    );
  const ltv = (over: Parameters<typeof summarize>[1]) => {
    const summary = summarize([], over);
    return [summary.ltvByCurrency, ...summary.warnings];
  };

  test('failed, pending and uncaptured charges brought nothing', () => {
    const charges = [
      charge({ status: 'failed' }),
      charge({ id: 'b', status: 'pending' }),
      charge({ id: 'c', captured: false, amount_captured: 0 }),
    ];
    expect(ltv({ charges })).toEqual([{}]);
  });

  test.each([
    ['lost', 0],
    ['needs_response', 0],
    ['under_review', 0],
    ['appeal_under_review', 0],
    ['won', 10_000],
    ['prevented', 10_000],
    ['warning_closed', 10_000],
    ['warning_under_review', 10_000],
    ['charge_refunded', 10_000],
  ])('a dispute that is %s leaves %i', (status, left) => {
    const disputes = [
      known(
        readDispute({ id: 'dp_1', object: 'dispute', amount: 10_000, currency: 'usd', charge: 'ch_1', status }).fact,
      ),
    ];
    expect(ltv({ charges: [charge()], disputes })).toEqual([{ usd: left }]);
  });

  test('an open dispute may stay in if the settings say so; an unknown status leaves no figure in that currency', () => {
    const dispute = (status: string) => [
      known(readDispute({ id: 'dp_1', object: 'dispute', amount: 4000, currency: 'usd', status }).fact),
    ];
    const kept = settings({ openDisputes: 'ignore' });
    expect(ltv({ charges: [charge()], disputes: dispute('needs_response'), settings: kept })).toEqual([
      { usd: 10_000 },
    ]);
    const euro = charge({ id: 'ch_2', currency: 'eur' });
    expect(ltv({ charges: [charge(), euro], disputes: dispute('arbitration') })).toEqual([
      { eur: 10_000 },
      'dispute_status_unknown',
    ]);
  });

  test('refunds count once, from the charge if it says so, else from the refunds that did not fail', () => {
    const refund = (id: string, amount: number, status: string) =>
      known(readRefund({ id, object: 'refund', charge: 'ch_1', amount, currency: 'usd', status }).fact);
    const refunds = [refund('re_1', 1000, 'succeeded'), refund('re_2', 500, 'failed'), refund('re_3', 200, 'pending')];
    expect(ltv({ charges: [charge({ amount_refunded: 1200 })], refunds })).toEqual([{ usd: 8800 }]);
    expect(ltv({ charges: [charge({ amount_refunded: null })], refunds })).toEqual([{ usd: 8800 }]);
  });

  test('a charge that gave back more than it took, or less than nothing, leaves no figure', () => {
    expect(ltv({ charges: [charge({ amount_refunded: 10_001 })] })).toEqual([{}, 'charge_invalid']);
    expect(ltv({ charges: [charge({ amount_captured: -5 })] })).toEqual([{}, 'charge_invalid']);
    expect(ltv({ charges: [charge({ currency: null })] })).toEqual([{}, 'currency_missing']);
  });

  test('money outside Stripe: by the old flag, by what the payments leave open, by a payment record', () => {
    const payment = (over: Raw) => ({
      id: 'inpay_1',
      object: 'invoice_payment',
      status: 'paid',
      amount_paid: 4000,
      payment: { type: 'payment_intent', payment_intent: 'pi_1' },
      ...over,
    });
    const paid = (...data: readonly Raw[]) => invoice({ payments: { object: 'list', data, has_more: false } });
    expect(ltv({ invoices: [invoice({ paid_out_of_band: true })] })).toEqual([{ usd: 10_000 }]);
    expect(ltv({ invoices: [invoice({ paid_out_of_band: false, charge: 'ch_1' })] })).toEqual([{}]);
    expect(ltv({ invoices: [invoice({ amount_paid_off_stripe: 2500 })] })).toEqual([{ usd: 2500 }]);
    expect(ltv({ charges: [charge({ amount_captured: 4000 })], invoices: [paid(payment({}))] })).toEqual([
      { usd: 10_000 },
    ]);
    expect(ltv({ invoices: [paid(payment({ amount_paid: 10_000, payment: { type: 'payment_record' } }))] })).toEqual([
      { usd: 10_000 },
    ]);
    expect(ltv({ invoices: [paid(payment({ status: 'canceled' }))] })).toEqual([{ usd: 10_000 }]);
    expect(ltv({ invoices: [paid()], settings: settings({ paidOutsideStripe: 'exclude' }) })).toEqual([{}]);
    const joined = known(readInvoicePayment(payment({ invoice: 'in_1', amount_paid: 10_000 })).fact);
    expect(ltv({ invoices: [invoice()], invoicePayments: [joined] })).toEqual([{}]);
  });

  test('an invoice of unknown payment counts as paid through Stripe as long as the charges can account for it', () => {
    expect(ltv({ charges: [charge()], invoices: [invoice()] })).toEqual([{ usd: 10_000 }]);
    expect(ltv({ charges: [charge()], invoices: [invoice(), invoice({ id: 'in_2' })] })).toEqual([
      { usd: 10_000 },
      'invoice_payments_unknown',
    ]);
  });

  test('what a credit note paid back outside Stripe is gone, unless it was voided', () => {
    const note = (status: string) => [
      known(
        readCreditNote({ id: 'cn_1', object: 'credit_note', currency: 'usd', out_of_band_amount: 2500, status }).fact,
      ),
    ];
    expect(ltv({ charges: [charge()], creditNotes: note('issued') })).toEqual([{ usd: 7500 }]);
    expect(ltv({ charges: [charge()], creditNotes: note('void') })).toEqual([{ usd: 10_000 }]);
  });

  test('two currencies of lifetime value are no single figure without rates, which is no fault of the contact', () => {
    const summary = summarize([], { charges: [charge(), charge({ id: 'ch_2', currency: 'eur' })] });
    expect(summary).toMatchObject({ ltvMinor: null, ltvMissingRates: ['eur', 'usd'], warnings: [] });
    const reported = settings({ reportCurrency: 'usd', rates: { eur: '1.1' } });
    const single = summarize([], { charges: [charge(), charge({ id: 'ch_2', currency: 'eur' })], settings: reported });
    expect([single.ltvMinor, single.ltvCurrency]).toEqual([21_000, 'usd']);
  });
});

describe('one report currency', () => {
  const euro = { ...withPrice({ currency: 'eur', unit_amount: 2000 }), id: 'sub_2', currency: 'eur' };
  const settled = (created: number, amount = 2200) =>
    known(
      readCharge({
        id: `ch_${created}`,
        object: 'charge',
        status: 'succeeded',
        captured: true,
        amount: 2000,
        amount_captured: 2000,
        amount_refunded: 0,
        currency: 'eur',
        created,
        balance_transaction: { id: 'txn_1', amount, currency: 'usd', fee: 0, net: amount },
      }).fact,
    );
  const report = (over = {}) => settings({ reportCurrency: 'usd', ...over });

  test("the tenant's rate wins over the one that a settled charge implies, which wins over none", () => {
    const charges = [settled(AS_OF_S - DAY_S)];
    const figure = (over: Parameters<typeof summarize>[1]) => {
      const { mrrMinor, mrrMissingRates, warnings } = summarize([rawSubscription(), euro], over);
      return [mrrMinor, mrrMissingRates, warnings];
    };
    expect(figure({ charges, settings: report({ rates: { eur: '1.25' } }) })).toEqual([5400, [], []]);
    expect(figure({ charges, settings: report() })).toEqual([5100, [], []]);
    expect(figure({ settings: report() })).toEqual([null, ['eur'], ['fx_rate_missing']]);
    expect(figure({ charges, settings: report({ useImpliedRates: false }) })).toEqual([
      null,
      ['eur'],
      ['fx_rate_missing'],
    ]);
    expect(figure({ charges: [settled(AS_OF_S - 31 * DAY_S)], settings: report() })).toEqual([
      null,
      ['eur'],
      ['fx_rate_missing'],
    ]);
    const newer = [settled(AS_OF_S - 9 * DAY_S, 2000), settled(AS_OF_S - DAY_S, 2400)];
    expect(figure({ charges: newer, settings: report() })).toEqual([5300, [], []]);
  });

  test('one currency without a rate keeps its own figure, and nothing in a currency needs no rate', () => {
    expect(summarize([euro], { settings: report() })).toMatchObject({
      mrrMinor: 2000,
      mrrCurrency: 'eur',
      mrrMissingRates: ['eur'],
      warnings: [],
    });
    const leaving = { ...euro, cancel_at_period_end: true };
    expect(summarize([rawSubscription(), leaving])).toMatchObject({
      mrrMinor: 2900,
      mrrCurrency: 'usd',
      mrrByCurrency: { usd: 2900, eur: 0 },
      warnings: [],
    });
  });
});

describe('the open failed invoice', () => {
  const open = (over: Raw = {}) =>
    known(
      readInvoice({
        id: 'in_1',
        object: 'invoice',
        status: 'open',
        customer: 'cus_1',
        currency: 'usd',
        created: 1_795_000_000,
        amount_due: 2900,
        amount_paid: 0,
        amount_remaining: 2900,
        attempt_count: 2,
        attempted: true,
        next_payment_attempt: 1_795_900_000,
        hosted_invoice_url: 'https://invoice.example/1',
        parent: { subscription_details: { subscription: 'sub_1' } },
        ...over,
      }).fact,
    );
  const failed = (over: Raw = {}) =>
    known(
      readCharge({
        id: 'ch_1',
        object: 'charge',
        status: 'failed',
        customer: 'cus_1',
        currency: 'usd',
        amount: 2900,
        created: 1_795_100_000,
        payment_intent: 'pi_1',
        failure_code: 'card_declined',
        outcome: { network_status: 'declined_by_network', reason: 'insufficient_funds', type: 'issuer_declined' },
        ...over,
      }).fact,
    );
  const expected = {
    invoiceId: 'in_1',
    subscriptionId: 'sub_1',
    amountMinor: 2900,
    currency: 'usd',
    attempt: 2,
    failedAtS: 1_795_100_000,
    failureCode: 'card_declined',
    declineCode: 'insufficient_funds',
    nextPaymentAttemptS: 1_795_900_000,
    hostedInvoiceUrl: 'https://invoice.example/1',
  };

  test('the failed charge is found by the old link, by the invoice payment, or by customer and amount', () => {
    const joined = known(
      readInvoicePayment({
        id: 'inpay_1',
        object: 'invoice_payment',
        invoice: 'in_1',
        status: 'open',
        payment: { type: 'payment_intent', payment_intent: 'pi_1' },
      }).fact,
    );
    for (const over of [
      { invoices: [open()], charges: [failed({ invoice: 'in_1' })] },
      { invoices: [open()], charges: [failed()], invoicePayments: [joined] },
      { invoices: [open()], charges: [failed()] },
    ]) {
      const summary = summarize([rawSubscription({ status: 'past_due' })], over);
      expect([summary.openFailedInvoice, summary.failedAttempts]).toEqual([expected, 2]);
    }
  });

  test('a charge of another invoice says nothing about this one', () => {
    const other = [failed({ invoice: 'in_other' })];
    expect(summarize([], { invoices: [open()], charges: other }).openFailedInvoice).toMatchObject({
      failedAtS: null,
      declineCode: null,
      attempt: 2,
    });
  });

  test('paid, never tried, still processing or nothing owed: no failed invoice', () => {
    const none = [
      open({ status: 'paid' }),
      open({ attempt_count: 0 }),
      open({ amount_remaining: 0 }),
      open({ status: 'void' }),
      open({ status: 'uncollectible' }),
    ];
    for (const invoice of none)
      expect(summarize([], { invoices: [invoice] })).toMatchObject({ openFailedInvoice: null, failedAttempts: 0 });
    expect(
      summarize([], { invoices: [open()], charges: [failed({ status: 'pending' })] }).openFailedInvoice,
    ).toBeNull();
  });
});

test('the same facts in another order give the same summary, and the input is left as it was', () => {
  const input = {
    customers: [],
    subscriptions: [known(summaryInput('sub_b')), known(summaryInput('sub_a'))],
    settings: settings(),
    asOf: AS_OF,
  };
  const before = JSON.stringify(input);
  const there = summarizeBilling(input);
  expect(summarizeBilling({ ...input, subscriptions: [...input.subscriptions].reverse() })).toEqual(there);
  expect(JSON.stringify(input)).toBe(before);
});

function summaryInput(id: string) {
  return readSubscription(rawSubscription({ id })).fact;
}
