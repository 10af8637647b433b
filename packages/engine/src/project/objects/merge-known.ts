import type { StripeFact } from '../stripe/read.ts';

/**
 * Stripe leaves parts out unless they are asked for: tiers and currency options of a price, where a coupon applies, the
 * settlement of a charge, the payments of an invoice. Null means "not said", so what was said before is kept.
 */
export function mergeKnown(before: StripeFact, after: StripeFact): StripeFact {
  if (after.object === 'price' && before.object === 'price') {
    return {
      ...after,
      tiers: after.tiers ?? before.tiers,
      currencyOptions: after.currencyOptions ?? before.currencyOptions,
      product: after.product ?? before.product,
    };
  }
  if (after.object === 'coupon' && before.object === 'coupon') {
    return {
      ...after,
      productIds: after.productIds ?? before.productIds,
      currencyOptions: after.currencyOptions ?? before.currencyOptions,
    };
  }
  if (after.object === 'charge' && before.object === 'charge') {
    return {
      ...after,
      settlement: after.settlement ?? before.settlement,
      invoiceId: after.invoiceId ?? before.invoiceId,
      isInvoiceKnown: after.isInvoiceKnown || before.isInvoiceKnown,
      declineCode: after.declineCode ?? before.declineCode,
    };
  }
  if (after.object === 'invoice' && before.object === 'invoice') {
    return {
      ...after,
      payments: after.payments ?? before.payments,
      lastPaymentError: after.lastPaymentError ?? before.lastPaymentError,
    };
  }
  if (after.object === 'discount' && before.object === 'discount') {
    return { ...after, coupon: after.coupon ?? before.coupon };
  }
  if (after.object === 'promotion_code' && before.object === 'promotion_code') {
    return { ...after, coupon: after.coupon ?? before.coupon };
  }
  return after;
}
