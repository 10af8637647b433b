/**
 * Whether a promotion code that the team made in Stripe can be used by one contact now: pure, over what we last read.
 * Nothing is created or changed in Stripe. `usable: false` comes with a sentence for the team.
 */
export interface PromotionFacts {
  readonly code: string;
  /** Null: no such code among what was read from Stripe. */
  readonly promotion: {
    readonly isActive: boolean | null;
    readonly customerId: string | null;
    readonly expiresAtS: number | null;
    readonly maxRedemptions: number | null;
    readonly timesRedeemed: number | null;
    readonly isFirstTimeOnly: boolean | null;
    readonly minimumAmountMinor: number | null;
    readonly minimumAmountCurrency: string | null;
  } | null;
  readonly coupon: {
    readonly isDeleted: boolean;
    readonly isValid: boolean | null;
    readonly redeemByS: number | null;
    readonly maxRedemptions: number | null;
    readonly timesRedeemed: number | null;
    readonly productIds: readonly string[] | null;
    readonly percentOffDecimal: string | null;
    readonly amountOffMinor: number | null;
    readonly currency: string | null;
    readonly duration: string | null;
    readonly durationInMonths: number | null;
  } | null;
  readonly contact: {
    readonly hasPaid: boolean;
    readonly customerIds: readonly string[];
    readonly productId: string | null;
    readonly priceMinor: number | null;
    readonly priceCurrency: string | null;
    /** Codes sent to them in the last 365 days. */
    readonly codesSent: number;
  };
  readonly perContactMax: number;
  readonly nowS: number;
}

export type PromotionVerdict = { readonly isUsable: true } | { readonly isUsable: false; readonly sentence: string };

export function validatePromotion(facts: PromotionFacts): PromotionVerdict {
  const { promotion, coupon, contact, nowS } = facts;
  const no = (why: string): PromotionVerdict => ({
    isUsable: false,
    sentence: `The code ${facts.code} was not used: ${why}.`,
  });
  if (contact.codesSent >= facts.perContactMax) return no('this contact has had as many codes as they may');
  if (promotion === null) return no('there is no such code in Stripe');
  if (promotion.isActive === false) return no('it is switched off in Stripe');
  if (promotion.expiresAtS !== null && promotion.expiresAtS <= nowS) return no('it has expired');
  if (isUsedUp(promotion)) return no('it is used up');
  if (promotion.customerId !== null && !contact.customerIds.includes(promotion.customerId))
    return no("it is somebody else's");
  if (promotion.isFirstTimeOnly === true && contact.hasPaid) return no('it is for first payments only');
  if (coupon === null) return no('its coupon is not known');
  if (coupon.isDeleted || coupon.isValid === false) return no('its coupon is not valid any more');
  if (coupon.redeemByS !== null && coupon.redeemByS <= nowS) return no('its coupon has expired');
  if (isUsedUp(coupon)) return no('its coupon is used up');
  if (isLimited(coupon.productIds) && (contact.productId === null || !coupon.productIds.includes(contact.productId))) {
    return no("it does not apply to the contact's plan");
  }
  return minimumProblem(facts) ?? { isUsable: true };
}

/** No list, or an empty one, is a coupon for every product. */
function isLimited(productIds: readonly string[] | null): productIds is readonly string[] {
  return productIds !== null && productIds.length > 0;
}

function isUsedUp(counted: { maxRedemptions: number | null; timesRedeemed: number | null }): boolean {
  return counted.maxRedemptions !== null && (counted.timesRedeemed ?? 0) >= counted.maxRedemptions;
}

function minimumProblem(facts: PromotionFacts): PromotionVerdict | null {
  const { promotion, contact, coupon } = facts;
  const no = (why: string): PromotionVerdict => ({
    isUsable: false,
    sentence: `The code ${facts.code} was not used: ${why}.`,
  });
  const minimum = promotion?.minimumAmountMinor ?? null;
  if (minimum !== null && minimum > 0) {
    const isSameCurrency = contact.priceCurrency !== null && contact.priceCurrency === promotion?.minimumAmountCurrency;
    if (!isSameCurrency || contact.priceMinor === null || contact.priceMinor < minimum)
      return no('the plan costs less than its minimum');
  }
  const isFixed = coupon?.amountOffMinor !== null && coupon?.amountOffMinor !== undefined;
  if (isFixed && contact.priceCurrency !== null && coupon.currency !== contact.priceCurrency) {
    return no("it is in another currency than the contact's plan");
  }
  return null;
}
