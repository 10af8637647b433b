import { invalid, missing } from '#errors.ts';
import type { CouponRow, DiscountRow, PromotionCodeRow } from '#store/discount.ts';
import type { InvoiceRow } from '#store/invoice.ts';
import { addMonths } from './period.ts';
import { announce, change } from './record.ts';
import { nowS, type Scope } from './scope.ts';

export interface DiscountInput {
  readonly coupon?: string | undefined;
  /** An id (`promo_...`). */
  readonly promotionCode?: string | undefined;
}

export function couponOf(scope: Scope, id: string, param = 'coupon'): CouponRow {
  const row = scope.state.coupons.get(id);
  if (!row || row.deleted) throw missing('coupon', id, param);
  return row;
}

/** Redeems a coupon or a promotion code for a customer or one of their subscriptions. */
export function redeem(
  scope: Scope,
  input: DiscountInput & { readonly customer: string; readonly subscription: string | null },
): DiscountRow {
  const code = input.promotionCode === undefined ? undefined : usableCode(scope, input.promotionCode, input.customer);
  const coupon = couponOf(scope, code?.coupon ?? input.coupon ?? '', code ? 'promotion_code' : 'coupon');
  const isFull = coupon.maxRedemptions !== null && coupon.timesRedeemed >= coupon.maxRedemptions;
  if (isFull || (coupon.redeemBy !== null && coupon.redeemBy <= nowS(scope))) {
    throw invalid(`Coupon expired: ${coupon.id}`, 'coupon', 'coupon_expired');
  }
  const start = nowS(scope);
  const end = coupon.duration === 'repeating' ? addMonths(start, coupon.durationInMonths ?? 1) : null;
  coupon.timesRedeemed += 1;
  if (code) code.timesRedeemed += 1;
  const row = scope.state.discounts.add({
    id: `di_1${scope.world.chance.text(23)}`,
    created: start,
    coupon: coupon.id,
    promotionCode: code?.id ?? null,
    customer: input.customer,
    subscription: input.subscription,
    end,
    isSpent: false,
  });
  announce(scope, 'customer.discount.created', 'discount', row);
  if (end !== null) scope.world.setTimer(scope.state, 'discount_end', row.id, end);
  return row;
}

function usableCode(scope: Scope, id: string, customer: string): PromotionCodeRow {
  const code = scope.state.promotionCodes.get(id);
  if (!code) throw missing('promotion code', id, 'promotion_code');
  const isOver =
    !code.active ||
    (code.expiresAt !== null && code.expiresAt <= nowS(scope)) ||
    (code.maxRedemptions !== null && code.timesRedeemed >= code.maxRedemptions);
  if (isOver)
    throw invalid('This promotion code is expired or has been used up.', 'promotion_code', 'promotion_code_expired');
  if (code.customer !== null && code.customer !== customer) {
    throw invalid('This promotion code is for another customer.', 'promotion_code');
  }
  const paidBefore = scope.state.invoices.inGroup(customer).some((invoice) => invoice.amountPaid > 0);
  if (code.firstTimeTransaction && paidBefore) {
    throw invalid(
      'This promotion code cannot be redeemed because the associated customer has prior transactions.',
      'promotion_code',
    );
  }
  return code;
}

/** Takes a discount off whatever it is on, with both events. */
export function removeDiscount(scope: Scope, row: DiscountRow): void {
  if (row.deleted) return;
  announce(scope, 'customer.discount.deleted', 'discount', row);
  row.deleted = true;
  const subscription = row.subscription === null ? undefined : scope.state.subscriptions.get(row.subscription);
  if (subscription) {
    const type = subscription.endedAt === null ? 'customer.subscription.updated' : null;
    change(scope, { kind: 'subscription', row: subscription, type }, () => {
      subscription.discounts = subscription.discounts.filter((id) => id !== row.id);
    });
  }
  const customer = scope.state.customers.get(row.customer);
  if (customer?.discount === row.id) {
    change(scope, { kind: 'customer', row: customer, type: 'customer.updated' }, () => {
      customer.discount = null;
    });
  }
}

/** A `once` coupon is spent by the first finalized invoice that it took something off. */
export function spendOnceDiscounts(scope: Scope, invoice: InvoiceRow): void {
  for (const id of invoice.discounts) {
    const discount = scope.state.discounts.get(id);
    const coupon = discount && scope.state.coupons.get(discount.coupon);
    const wasUsed = invoice.lines.some((line) => line.discountAmounts.some((part) => part.discount === id));
    if (!discount || coupon?.duration !== 'once' || !wasUsed) continue;
    discount.isSpent = true;
    removeDiscount(scope, discount);
  }
}
