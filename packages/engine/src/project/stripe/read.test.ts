/** One object in the shapes of several API versions gives one fact. */
import { describe, expect, test } from 'vitest';
import { rawDiscount, rawItem, rawPrice, rawSubscription } from '../../../test/cases/raw-billing.ts';
import { readCharge } from './charge.ts';
import { readCustomer } from './customer.ts';
import { readInvoice } from './invoice.ts';
import { readPaymentMethod } from './payment-method.ts';
import { readPrice } from './price.ts';
import { readPromotionCode } from './promotion-code.ts';
import { readStripeObject } from './read.ts';
import { readSubscription } from './subscription.ts';

const coupon = { id: 'HALF', object: 'coupon', duration: 'forever', percent_off: 50, amount_off: null };

describe('readers', () => {
  test('a discount is the same in the shape of acacia, basil and clover', () => {
    const acacia = rawSubscription({ discount: { id: 'di_1', object: 'discount', coupon }, discounts: ['di_1'] });
    const oldest = rawSubscription({ discount: { id: 'di_1', object: 'discount', coupon }, discounts: undefined });
    const basil = rawSubscription({ discounts: [{ id: 'di_1', object: 'discount', coupon }] });
    const clover = rawSubscription({ discounts: [rawDiscount(coupon)] });
    for (const raw of [acacia, oldest, basil, clover]) {
      const { fact, warnings } = readSubscription(raw);
      expect(warnings).toEqual([]);
      expect(fact?.discounts.map((ref) => [ref.id, ref.discount?.coupon?.percentOffDecimal])).toEqual([['di_1', '50']]);
    }
  });

  test('a coupon that came only as an id keeps the id', () => {
    const { fact } = readSubscription(
      rawSubscription({ discounts: [{ id: 'di_1', object: 'discount', source: { type: 'coupon', coupon: 'HALF' } }] }),
    );
    expect(fact?.discounts[0]?.discount).toMatchObject({ couponId: 'HALF', coupon: null });
  });

  test('discounts in a shape that we do not know are not "no discount"', () => {
    const { fact, warnings } = readSubscription(rawSubscription({ discounts: 'di_1' }));
    expect(fact?.discounts).toEqual([{ id: null, discount: null }]);
    expect(warnings).toEqual([{ code: 'wrong_type', path: 'discounts' }]);
  });

  test('a plan and its price give the same amounts, interval, tiers and packages', () => {
    const tiers = [
      { up_to: 5, unit_amount: 700, flat_amount: null },
      { up_to: null, unit_amount_decimal: '0.5', flat_amount: 100 },
    ];
    const price = readPrice(
      rawPrice({
        id: 'p',
        interval: 'year',
        billing_scheme: 'tiered',
        tiers_mode: 'volume',
        tiers,
        unit_amount: null,
        transform_quantity: { divide_by: 10, round: 'up' },
      }),
    ).fact;
    const plan = readPrice({
      id: 'p',
      object: 'plan',
      currency: 'USD',
      product: 'prod_m',
      billing_scheme: 'tiered',
      amount: null,
      tiers_mode: 'volume',
      tiers: [tiers[0], { ...tiers[1], up_to: 'inf' }],
      interval: 'year',
      interval_count: 1,
      usage_type: 'licensed',
      transform_usage: { divide_by: 10, round: 'up' },
    }).fact;
    expect(plan).toEqual(price);
    expect(price?.tiers?.[1]).toEqual({ upTo: null, flatAmountDecimal: '100', unitAmountDecimal: '0.5' });
  });

  test('the Decimal object of the Stripe client is read like the text on the wire', () => {
    class Decimal {
      readonly #text = '0.05';
      toString(): string {
        return this.#text;
      }
    }
    expect(readPrice(rawPrice({ unit_amount: null, unit_amount_decimal: new Decimal() })).fact?.unitAmountDecimal).toBe(
      '0.05',
    );
    expect(readPrice(rawPrice({ unit_amount: 5, unit_amount_decimal: '5' })).fact?.unitAmountDecimal).toBe('5');
  });

  test('an item that still has only a plan is read, and a subscription that has only a top-level plan too', () => {
    const { price: _price, ...item } = rawItem();
    const plan = { id: 'basic', object: 'plan', amount: 900, currency: 'usd', interval: 'month', interval_count: 1 };
    const onItem = readSubscription(rawSubscription({ items: [{ ...item, plan }] })).fact;
    expect(onItem?.items[0]?.price).toMatchObject({ id: 'basic', unitAmountDecimal: '900' });
    const { items: _items, ...bare } = rawSubscription({ plan, quantity: 3 });
    const single = readSubscription(bare).fact;
    expect(single?.items.map(({ priceId, quantity }) => [priceId, quantity])).toEqual([['basic', 3]]);
    expect(single?.isItemsTruncated).toBe(false);
  });

  test('a list that was cut short, or holds what is no item, is marked', () => {
    const cut = { ...rawSubscription(), items: { object: 'list', data: [rawItem()], has_more: true } };
    const odd = { ...rawSubscription(), items: { object: 'list', data: [rawItem(), 7], has_more: false } };
    const { items: _items, ...none } = rawSubscription();
    expect([cut, odd, none].map((raw) => readSubscription(raw).fact?.isItemsTruncated)).toEqual([true, true, true]);
  });

  test('values that we do not know become null with a named warning, and the rest is still read', () => {
    const { fact, warnings } = readSubscription(
      rawSubscription({ status: 'hibernating', cancel_at: 'tomorrow', created: -5, quantity: 1e300 }),
    );
    expect(fact).toMatchObject({ id: 'sub_1', status: null, cancelAtS: null, createdS: null, customerId: 'cus_1' });
    expect(warnings).toEqual([
      { code: 'unknown_value', path: 'status' },
      { code: 'wrong_type', path: 'created' },
      { code: 'wrong_type', path: 'cancel_at' },
    ]);
  });

  test('an amount that a JSON number cannot hold exactly is unknown, not nearly right', () => {
    const { fact, warnings } = readCharge({
      id: 'ch_1',
      object: 'charge',
      amount: 2 ** 53,
      amount_captured: 1.5,
      amount_refunded: -0,
    });
    expect(fact).toMatchObject({ amountMinor: null, amountCapturedMinor: null, amountRefundedMinor: 0 });
    expect(warnings.map(({ path }) => path)).toEqual(['amount', 'amount_captured']);
  });

  test('references come as ids or expanded, and both give the id', () => {
    const customer = { id: 'cus_9', object: 'customer' };
    const card = { brand: 'Visa', last4: '4242', exp_month: 4, exp_year: 2030 };
    const method = { id: 'pm_9', object: 'payment_method', type: 'card', card };
    const { fact } = readSubscription(
      rawSubscription({ customer, default_payment_method: method, latest_invoice: { id: 'in_9' } }),
    );
    expect(fact).toMatchObject({ customerId: 'cus_9', defaultPaymentMethodId: 'pm_9', latestInvoiceId: 'in_9' });
    expect(fact?.defaultPaymentMethod?.card).toMatchObject({
      brand: 'visa',
      last4: '4242',
      expMonth: 4,
      expYear: 2030,
    });
  });

  test('an invoice names its subscription in the old shape, the new one, and on its lines', () => {
    const old = readInvoice({ id: 'in_1', object: 'invoice', subscription: 'sub_1' }).fact;
    const parent = {
      type: 'subscription_details',
      subscription_details: { subscription: 'sub_1', metadata: { a: 'b' } },
    };
    const now = readInvoice({ id: 'in_1', object: 'invoice', parent }).fact;
    const lines = { object: 'list', data: [{ subscription: 'sub_1' }, { subscription: 'sub_1' }] };
    const onLines = readInvoice({ id: 'in_1', object: 'invoice', lines }).fact;
    expect([old, now, onLines].map((fact) => fact?.subscriptionId)).toEqual(['sub_1', 'sub_1', 'sub_1']);
    expect(now?.subscriptionMetadata).toEqual({ a: 'b' });
  });

  test('since basil a line names the subscription under its parent, and lines of several name none', () => {
    const line = (details: object) => ({ object: 'line_item', parent: { type: 'x', ...details } });
    const ofItem = line({ subscription_item_details: { subscription: 'sub_1', subscription_item: 'si_1' } });
    const ofProration = line({ invoice_item_details: { subscription: 'sub_1' }, subscription_item_details: null });
    const ofOther = line({ subscription_item_details: { subscription: 'sub_2' } });
    const loose = line({ invoice_item_details: { subscription: null } });
    const read = (data: readonly object[]) =>
      readInvoice({ id: 'in_1', object: 'invoice', parent: null, lines: { object: 'list', data } });
    expect(read([ofItem, ofProration, loose]).fact?.subscriptionId).toBe('sub_1');
    expect(read([ofItem, ofProration, loose]).warnings).toEqual([]);
    expect(read([ofItem, ofOther]).fact?.subscriptionId).toBeNull();
    expect(read([loose]).fact?.subscriptionId).toBeNull();
  });

  test('a charge from before basil knows whether an invoice is behind it, a later one does not say', () => {
    const facts = [{ invoice: null }, { invoice: 'in_1' }, {}].map(
      (over) => readCharge({ id: 'ch_1', object: 'charge', ...over }).fact,
    );
    expect(facts.map((fact) => [fact?.invoiceId, fact?.isInvoiceKnown])).toEqual([
      [null, true],
      ['in_1', true],
      [null, false],
    ]);
  });

  test('a promotion code has its coupon in both shapes', () => {
    const old = readPromotionCode({ id: 'promo_1', object: 'promotion_code', code: 'X', coupon }).fact;
    const now = readPromotionCode({
      id: 'promo_1',
      object: 'promotion_code',
      code: 'X',
      promotion: { type: 'coupon', coupon },
    }).fact;
    expect(now).toEqual(old);
    expect(old?.coupon?.percentOffDecimal).toBe('50');
  });

  test('a legacy card and a bank debit are payment methods too', () => {
    const card = readPaymentMethod({
      id: 'card_1',
      object: 'card',
      brand: 'Visa',
      last4: '4242',
      exp_month: 1,
      exp_year: 2030,
    }).fact;
    expect(card).toMatchObject({ type: 'card', card: { brand: 'visa', last4: '4242' } });
    const debit = readPaymentMethod({
      id: 'pm_1',
      object: 'payment_method',
      type: 'sepa_debit',
      sepa_debit: { last4: '3000' },
    }).fact;
    expect(debit).toMatchObject({ type: 'sepa_debit', card: null, last4: '3000' });
  });

  test('a deleted customer keeps its id and nothing else', () => {
    const { fact, warnings } = readCustomer({ id: 'cus_1', object: 'customer', deleted: true });
    expect(fact).toMatchObject({
      id: 'cus_1',
      isDeleted: true,
      email: null,
      defaultPaymentMethodId: null,
      discounts: [],
    });
    expect(warnings).toEqual([]);
  });

  test('texts that PostgreSQL cannot store are cleaned', () => {
    const { fact } = readCustomer({
      id: 'cus_1',
      object: 'customer',
      name: 'A\u0000b\ud800c',
      metadata: { 'k\u0000': 'v\u0000' },
    });
    expect([fact?.name, fact?.metadata]).toEqual(['Ab\ufffdc', { k: 'v' }]);
  });

  test('a kind of object that the engine does not use is refused by name', () => {
    expect(readStripeObject({ id: 'po_1', object: 'payout' })).toEqual({
      fact: null,
      warnings: [{ code: 'wrong_object', path: 'object' }],
    });
    expect(readStripeObject({ id: 'x', object: 'constructor' }).fact).toBeNull();
  });
});
