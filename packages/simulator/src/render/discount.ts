import type { CouponRow, DiscountRow, PromotionCodeRow } from '#store/discount.ts';
import { type Out, type View, when } from './view.ts';

export function renderCoupon(view: View, row: CouponRow): Out {
  if (row.deleted) return { id: row.id, object: 'coupon', deleted: true };
  return {
    id: row.id,
    object: 'coupon',
    amount_off: row.amountOff,
    created: row.created,
    currency: row.currency,
    duration: row.duration,
    duration_in_months: row.durationInMonths,
    livemode: view.state.livemode,
    max_redemptions: row.maxRedemptions,
    metadata: row.metadata,
    name: row.name,
    percent_off: row.percentOff,
    redeem_by: row.redeemBy,
    times_redeemed: row.timesRedeemed,
    valid: isCouponValid(row),
  };
}

/** Redeem-by is checked when it is used; here only what does not need a clock. */
function isCouponValid(row: CouponRow): boolean {
  return !row.deleted && (row.maxRedemptions === null || row.timesRedeemed < row.maxRedemptions);
}

export function renderPromotionCode(view: View, row: PromotionCodeRow): Out {
  const coupon = view.state.coupons.get(row.coupon);
  const rendered = coupon ? renderCoupon(view, coupon) : row.coupon;
  return {
    id: row.id,
    object: 'promotion_code',
    active: row.active,
    code: row.code,
    ...when(!view.shape.since('clover'), () => ({ coupon: rendered })),
    created: row.created,
    customer: row.customer,
    ...when(view.shape.since('dahlia'), () => ({ customer_account: null })),
    expires_at: row.expiresAt,
    livemode: view.state.livemode,
    max_redemptions: row.maxRedemptions,
    metadata: row.metadata,
    ...when(view.shape.since('clover'), () => ({ promotion: { coupon: row.coupon, type: 'coupon' } })),
    restrictions: {
      first_time_transaction: row.firstTimeTransaction,
      minimum_amount: row.minimumAmount,
      minimum_amount_currency: row.minimumAmountCurrency,
    },
    times_redeemed: row.timesRedeemed,
  };
}

/** The whole coupon until clover; afterwards `source.coupon`, an id that can be expanded. */
export function renderDiscount(view: View, row: DiscountRow): Out {
  const coupon = view.state.coupons.get(row.coupon);
  return {
    id: row.id,
    object: 'discount',
    checkout_session: null,
    ...when(!view.shape.since('clover'), () => ({ coupon: coupon ? renderCoupon(view, coupon) : row.coupon })),
    customer: row.customer,
    ...when(view.shape.since('dahlia'), () => ({ customer_account: null })),
    end: row.end,
    invoice: null,
    invoice_item: null,
    promotion_code: row.promotionCode,
    ...when(view.shape.since('clover'), () => ({ source: { coupon: row.coupon, type: 'coupon' } })),
    start: row.created,
    subscription: row.subscription,
    ...when(view.shape.since('basil'), () => ({ subscription_item: null })),
  };
}
