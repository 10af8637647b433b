import { couponFact, type CouponFact } from './coupon.ts';
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface PromotionCodeFact {
  readonly object: 'promotion_code';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly code: string | null;
  readonly isActive: boolean | null;
  readonly couponId: string | null;
  /** Null when Stripe gave only the coupon's id. */
  readonly coupon: CouponFact | null;
  /** Set when only this customer may use it. */
  readonly customerId: string | null;
  readonly expiresAtS: number | null;
  readonly maxRedemptions: number | null;
  readonly timesRedeemed: number | null;
  readonly isFirstTimeOnly: boolean | null;
  readonly minimumAmountMinor: number | null;
  readonly minimumAmountCurrency: string | null;
  readonly createdS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The coupon is `coupon` up to basil and `promotion.coupon` since clover. */
export function readPromotionCode(raw: unknown): ReadResult<PromotionCodeFact> {
  return readAs(raw, { objects: ['promotion_code'], read: promotionCodeFact });
}

function promotionCodeFact(source: RawObject, id: string): PromotionCodeFact {
  const holder = source.has('coupon') ? source : source.child('promotion');
  const coupon = holder?.expanded('coupon') ?? null;
  const couponId = holder?.idOf('coupon') ?? null;
  const restrictions = source.child('restrictions');
  return {
    object: 'promotion_code',
    id,
    livemode: source.bool('livemode'),
    code: source.text('code'),
    isActive: source.bool('active'),
    couponId,
    coupon: coupon !== null && couponId !== null ? couponFact(coupon, couponId) : null,
    customerId: source.idOf('customer'),
    expiresAtS: source.seconds('expires_at'),
    maxRedemptions: source.int('max_redemptions'),
    timesRedeemed: source.int('times_redeemed'),
    isFirstTimeOnly: restrictions?.bool('first_time_transaction') ?? null,
    minimumAmountMinor: restrictions?.int('minimum_amount') ?? null,
    minimumAmountCurrency: restrictions?.text('minimum_amount_currency')?.toLowerCase() ?? null,
    createdS: source.seconds('created'),
    metadata: source.metadata('metadata'),
  };
}
