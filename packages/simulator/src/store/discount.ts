import type { Metadata } from './customer.ts';
import type { Row } from './table.ts';

export interface CouponRow extends Row {
  name: string | null;
  percentOff: number | null;
  amountOff: number | null;
  currency: string | null;
  currencyOptions: Record<string, number>;
  duration: 'forever' | 'once' | 'repeating';
  durationInMonths: number | null;
  maxRedemptions: number | null;
  redeemBy: number | null;
  timesRedeemed: number;
  appliesToProducts: string[];
  metadata: Metadata;
}

export interface PromotionCodeRow extends Row {
  coupon: string;
  code: string;
  active: boolean;
  customer: string | null;
  expiresAt: number | null;
  maxRedemptions: number | null;
  timesRedeemed: number;
  firstTimeTransaction: boolean;
  minimumAmount: number | null;
  minimumAmountCurrency: string | null;
  metadata: Metadata;
}

/** A coupon at work on a customer or a subscription. `start` is its creation. */
export interface DiscountRow extends Row {
  coupon: string;
  promotionCode: string | null;
  customer: string;
  subscription: string | null;
  end: number | null;
  /** A `once` coupon is spent by the first invoice with an amount. */
  isSpent: boolean;
}
