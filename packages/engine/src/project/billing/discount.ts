/**
 * Which discounts lower MRR, and by how much.
 * Item discounts come first, then the subscription's; the customer's only if the subscription has none.
 * Within one list each works on what the one before it left.
 */
import {
  compare,
  divide,
  type Fraction,
  fraction,
  isZero,
  multiply,
  negate,
  parseDecimal,
  smaller,
  subtract,
  add,
  ZERO,
} from '#base/fraction.ts';
import type { CouponFact } from '../stripe/coupon.ts';
import type { DiscountFact, DiscountRef } from '../stripe/discount.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';
import type { BillingContext } from './context.ts';
import { ownOption } from './line-amount.ts';
import type { BillingPolicy } from './policy.ts';
import type { BillingWarningName } from './warning.ts';

/** An item on its way through discounts and tax; `monthly` is its running value per month. */
export interface DiscountableItem {
  readonly productId: string | null;
  /** Periods per month: the larger, the shorter the interval. */
  readonly factor: Fraction;
  monthly: Fraction;
}

export interface AppliedDiscount {
  readonly discountId: string | null;
  readonly couponId: string | null;
  readonly coupon: CouponFact;
  readonly off: { readonly share: Fraction } | { readonly amountMinor: bigint };
}

export interface ResolvedDiscounts {
  /** Those that lower MRR, in the order in which they are taken off. */
  readonly applied: readonly AppliedDiscount[];
  /** True if any is running, also where the settings leave it out of MRR. */
  readonly isAnyRunning: boolean;
  readonly unknown: readonly BillingWarningName[];
}

const NONE: ResolvedDiscounts = { applied: [], isAnyRunning: false, unknown: [] };

export function resolveDiscounts(
  context: BillingContext,
  input: { readonly refs: readonly DiscountRef[]; readonly currency: string },
): ResolvedDiscounts {
  if (input.refs.length === 0) return NONE;
  const applied: AppliedDiscount[] = [];
  const unknown: BillingWarningName[] = [];
  let isAnyRunning = false;
  for (const ref of input.refs) {
    const discount = knownDiscount(context, ref);
    // What has ended is over, whatever coupon was behind it.
    if (discount?.endS !== null && discount?.endS !== undefined && discount.endS <= context.asOfS) continue;
    isAnyRunning = true;
    const coupon = discount === null ? null : knownCoupon(context, discount.couponId, discount.coupon);
    if (discount === null || coupon === null) {
      unknown.push('discounts_unexpanded');
      continue;
    }
    if (coupon.duration === null) unknown.push('discount_invalid');
    if (!lowersMrr(context.policy, coupon)) continue;
    const off = couponOff(coupon, input.currency);
    if ('unknown' in off) unknown.push(off.unknown);
    else applied.push({ discountId: ref.id, couponId: coupon.id, coupon, off });
  }
  return { applied: ordered(context.policy, applied), isAnyRunning, unknown };
}

/** The discount as it came, or the catalogue's where only the id did. */
export function knownDiscount(context: Pick<BillingContext, 'discounts'>, ref: DiscountRef): DiscountFact | null {
  return ref.discount ?? (ref.id === null ? undefined : context.discounts.get(ref.id)) ?? null;
}

/** The coupon as it came, completed by what Stripe embeds only on request; the catalogue's if only the id came. */
export function knownCoupon(
  context: Pick<BillingContext, 'coupons'>,
  couponId: string | null,
  embedded: CouponFact | null,
): CouponFact | null {
  const listed = couponId === null ? undefined : context.coupons.get(couponId);
  const hasValue = embedded !== null && (embedded.percentOffDecimal !== null || embedded.amountOffMinor !== null);
  if (!hasValue) return listed ?? (embedded?.isDeleted === true ? null : embedded);
  if (listed === undefined) return embedded;
  return {
    ...embedded,
    currencyOptions: embedded.currencyOptions ?? listed.currencyOptions,
    productIds: embedded.productIds ?? listed.productIds,
  };
}

function lowersMrr(policy: BillingPolicy, coupon: CouponFact): boolean {
  if (coupon.duration === 'forever') return true;
  if (coupon.duration === 'repeating') return policy.discounts.repeating;
  return coupon.duration === 'once' && policy.discounts.once;
}

function couponOff(coupon: CouponFact, currency: string): AppliedDiscount['off'] | { unknown: BillingWarningName } {
  const { percentOffDecimal, amountOffMinor } = coupon;
  if (percentOffDecimal !== null && amountOffMinor === null) {
    const percent = parseDecimal(percentOffDecimal);
    if (percent === null || percent.numerator < 0n || compare(percent, HUNDRED) > 0) return INVALID;
    return { share: divide(percent, HUNDRED) };
  }
  if (amountOffMinor === null || percentOffDecimal !== null) return INVALID;
  const amountMinor = coupon.currency === currency ? amountOffMinor : ownOption(coupon.currencyOptions, currency);
  if (amountMinor === undefined) return { unknown: 'currency_options_missing' };
  return amountMinor < 0 ? INVALID : { amountMinor: BigInt(amountMinor) };
}

const HUNDRED = fraction(100n);
const INVALID = { unknown: 'discount_invalid' } as const;

function ordered(policy: BillingPolicy, applied: readonly AppliedDiscount[]): readonly AppliedDiscount[] {
  if (policy.discountOrder === 'as_listed' || applied.length < 2) return applied;
  const first = policy.discountOrder === 'percent_first' ? 'share' : 'amountMinor';
  return [...applied.filter(({ off }) => first in off), ...applied.filter(({ off }) => !(first in off))];
}

/** The discounts above the items: the subscription's, or the customer's if the subscription has none. */
export function discountsAboveItems(
  context: BillingContext,
  input: { readonly subscription: SubscriptionFact; readonly currency: string; readonly isAnyOnItems: boolean },
): ResolvedDiscounts {
  const { subscription, currency } = input;
  const own = resolveDiscounts(context, { refs: subscription.discounts, currency });
  if (own.isAnyRunning) return own;
  if (input.isAnyOnItems && !context.policy.customerDiscountBesideItems) return NONE;
  const customer = subscription.customerId === null ? undefined : context.customers.get(subscription.customerId);
  return customer === undefined ? NONE : resolveDiscounts(context, { refs: customer.discounts, currency });
}

/**
 * Takes one discount off the items and reports each item's change per month (zero or negative).
 * An amount off is per invoice, so it is spread in proportion over the items that are billed most often,
 * or over all of them if the settings say so, and never takes more than there is.
 */
export function takeOff<T extends DiscountableItem>(
  policy: BillingPolicy,
  input: { readonly items: readonly T[]; readonly discount: AppliedDiscount },
): readonly { readonly item: T; readonly change: Fraction }[] {
  const { off, coupon } = input.discount;
  const eligible = input.items.filter((item) => !isZero(item.monthly) && isEligible(coupon, item.productId));
  if ('share' in off) return eligible.map((item) => change(item, negate(multiply(item.monthly, off.share))));
  const pace = eligible.reduce((most, item) => (compare(item.factor, most) > 0 ? item.factor : most), ZERO);
  const paying =
    policy.amountOffMixedIntervals === 'all_items'
      ? eligible
      : eligible.filter((item) => compare(item.factor, pace) === 0);
  const total = paying.reduce((sum, item) => add(sum, item.monthly), ZERO);
  if (isZero(total)) return [];
  const part = divide(smaller(multiply(fraction(off.amountMinor), pace), total), total);
  return paying.map((item) => change(item, negate(multiply(item.monthly, part))));
}

function change<T extends DiscountableItem>(item: T, by: Fraction): { readonly item: T; readonly change: Fraction } {
  item.monthly = subtract(item.monthly, negate(by));
  return { item, change: by };
}

function isEligible(coupon: CouponFact, productId: string | null): boolean {
  const { productIds } = coupon;
  return productIds === null || productIds.length === 0 || (productId !== null && productIds.includes(productId));
}
