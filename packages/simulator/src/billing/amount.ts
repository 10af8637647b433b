import { invalid } from '#errors.ts';
import type { PriceRow, Tier } from '#store/catalogue.ts';
import type { CouponRow, DiscountRow } from '#store/discount.ts';
import type { LineRow } from '#store/invoice.ts';
import { nowS, type Scope } from './scope.ts';

/** Minor units for one, in the currency; null for tiered prices. */
export function unitAmountIn(price: PriceRow, currency: string): number | null {
  if (price.tiersMode !== null) return null;
  if (currency === price.currency) return price.unitAmount ?? Number(price.unitAmountDecimal ?? 0);
  const other = price.currencyOptions[currency];
  if (other === undefined) {
    throw invalid(
      `The price specified only supports \`${price.currency}\`. This doesn't match the expected currency: \`${currency}\`.`,
    );
  }
  return other;
}

/** Minor units for a quantity, rounded half up. */
export function amountFor(price: PriceRow, quantity: number, currency: string): number {
  if (price.recurring?.usageType === 'metered') return 0;
  const units = price.transformQuantity === null ? quantity : transformed(price.transformQuantity, quantity);
  if (price.tiersMode !== null) return tieredAmount(price.tiers, price.tiersMode, units);
  if (currency === price.currency && price.unitAmount === null) {
    return Math.round(Number(price.unitAmountDecimal ?? 0) * units);
  }
  return (unitAmountIn(price, currency) ?? 0) * units;
}

function transformed(by: { divideBy: number; round: 'up' | 'down' }, quantity: number): number {
  const exact = quantity / by.divideBy;
  return by.round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

function tieredAmount(tiers: readonly Tier[], mode: 'graduated' | 'volume', units: number): number {
  if (mode === 'volume') {
    const tier = tiers.find((candidate) => candidate.upTo === null || units <= candidate.upTo);
    return tier ? (tier.unitAmount ?? 0) * units + (tier.flatAmount ?? 0) : 0;
  }
  let sum = 0;
  let from = 0;
  for (const tier of tiers) {
    if (units <= from) break;
    const upTo = tier.upTo ?? units;
    sum += (Math.min(units, upTo) - from) * (tier.unitAmount ?? 0) + (tier.flatAmount ?? 0);
    from = upTo;
  }
  return sum;
}

/** Discounts that still act, in order: the subscription's own, else the customer's. */
export function activeDiscounts(scope: Scope, ids: readonly string[]): { discount: DiscountRow; coupon: CouponRow }[] {
  const found: { discount: DiscountRow; coupon: CouponRow }[] = [];
  for (const id of ids) {
    const discount = scope.state.discounts.get(id);
    const coupon = discount && scope.state.coupons.get(discount.coupon);
    if (!discount || !coupon || discount.deleted || discount.isSpent) continue;
    if (discount.end !== null && discount.end <= nowS(scope)) continue;
    found.push({ discount, coupon });
  }
  return found;
}

/** Writes what each discount takes off each line; returns the sum. Later discounts work on what is left. */
export function applyDiscounts(
  lines: LineRow[],
  discounts: readonly { discount: DiscountRow; coupon: CouponRow }[],
  at: { readonly currency: string; readonly productOf: (price: string | null) => string | null },
): number {
  let total = 0;
  for (const { discount, coupon } of discounts) {
    const fitting = lines.filter(
      (line) => line.isDiscountable && line.amount > 0 && isCovered(coupon, at.productOf(line.price)),
    );
    let fixedLeft = coupon.amountOff === null ? 0 : fixedAmount(coupon, at.currency);
    for (const line of fitting) {
      const left = line.amount - line.discountAmounts.reduce((sum, part) => sum + part.amount, 0);
      const off = coupon.percentOff === null ? Math.min(left, fixedLeft) : Math.round((left * coupon.percentOff) / 100);
      if (coupon.percentOff === null) fixedLeft -= off;
      if (off <= 0) continue;
      line.discountAmounts.push({ amount: off, discount: discount.id });
      total += off;
    }
  }
  return total;
}

function isCovered(coupon: CouponRow, product: string | null): boolean {
  return coupon.appliesToProducts.length === 0 || (product !== null && coupon.appliesToProducts.includes(product));
}

function fixedAmount(coupon: CouponRow, currency: string): number {
  if (coupon.currency === currency) return coupon.amountOff ?? 0;
  return coupon.currencyOptions[currency] ?? 0;
}
