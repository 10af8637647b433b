import { describe, expect, test } from 'vitest';
import { type PromotionFacts, validatePromotion } from './validate.ts';

type Promotion = NonNullable<PromotionFacts['promotion']>;
type Coupon = NonNullable<PromotionFacts['coupon']>;

const promotion: Promotion = {
  isActive: true,
  customerId: null,
  expiresAtS: null,
  maxRedemptions: null,
  timesRedeemed: 0,
  isFirstTimeOnly: false,
  minimumAmountMinor: null,
  minimumAmountCurrency: null,
};
const coupon: Coupon = {
  isDeleted: false,
  isValid: true,
  redeemByS: null,
  maxRedemptions: null,
  timesRedeemed: 0,
  productIds: null,
  percentOffDecimal: '20',
  amountOffMinor: null,
  currency: null,
  duration: 'once',
  durationInMonths: null,
};
const contact: PromotionFacts['contact'] = {
  hasPaid: false,
  customerIds: ['cus_1'],
  productId: 'prod_pro',
  priceMinor: 4900,
  priceCurrency: 'usd',
  codesSent: 0,
};
const facts = (change: {
  promotion?: Partial<Promotion> | null;
  coupon?: Partial<Coupon> | null;
  contact?: Partial<PromotionFacts['contact']>;
}): PromotionFacts => ({
  code: 'STAY20',
  promotion: change.promotion === null ? null : { ...promotion, ...change.promotion },
  coupon: change.coupon === null ? null : { ...coupon, ...change.coupon },
  contact: { ...contact, ...change.contact },
  perContactMax: 1,
  nowS: 1000,
});

describe('a promotion code may be used', () => {
  test.each([
    ['as it is', {}],
    ['when its coupon lists no products, which is every product', { coupon: { productIds: [] } }],
    ["when its coupon lists the contact's product", { coupon: { productIds: ['prod_pro'] } }],
    ['by the customer it was made for', { promotion: { customerId: 'cus_1' } }],
    ['until the second before it expires', { promotion: { expiresAtS: 1001 } }],
    ['with one redemption left', { promotion: { maxRedemptions: 2, timesRedeemed: 1 } }],
    ['at its minimum', { promotion: { minimumAmountMinor: 4900, minimumAmountCurrency: 'usd' } }],
  ])('%s', (_, change) => {
    expect(validatePromotion(facts(change))).toEqual({ isUsable: true });
  });
});

describe('a promotion code is left out, with the reason', () => {
  test.each([
    ['there is no such code', { promotion: null }],
    ['switched off', { promotion: { isActive: false } }],
    ['has expired', { promotion: { expiresAtS: 1000 } }],
    ['it is used up', { promotion: { maxRedemptions: 2, timesRedeemed: 2 } }],
    ["somebody else's", { promotion: { customerId: 'cus_2' } }],
    ['first payments only', { promotion: { isFirstTimeOnly: true }, contact: { hasPaid: true } }],
    ['coupon is not known', { coupon: null }],
    ['not valid any more', { coupon: { isDeleted: true } }],
    ['coupon has expired', { coupon: { redeemByS: 999 } }],
    ["does not apply to the contact's plan", { coupon: { productIds: ['prod_other'] } }],
    ['less than its minimum', { promotion: { minimumAmountMinor: 4901, minimumAmountCurrency: 'usd' } }],
    ['another currency', { coupon: { amountOffMinor: 500, currency: 'eur' } }],
    ['as many codes as they may', { contact: { codesSent: 1 } }],
  ])('%s', (words, change) => {
    const verdict = validatePromotion(facts(change));
    expect(verdict.isUsable).toBe(false);
    expect(verdict).toHaveProperty('sentence', expect.stringContaining(words));
  });
});
