/**
 * The door from Stripe's JSON to the engine's facts. In: one Stripe object of any API version from 2020-08-27 on.
 * Out: a fact, which is plain JSON: whole amounts are integers of minor units (safe integers, else null and a
 * warning), amounts that may be finer are decimal strings, times are epoch seconds, what is unknown is null.
 * Reading is pure and never throws; the same object gives the same fact.
 */
import { isRecord } from '#base/is-record.ts';
import { type ChargeFact, readCharge } from './charge.ts';
import { type CheckoutSessionFact, readCheckoutSession } from './checkout-session.ts';
import { type CouponFact, readCoupon } from './coupon.ts';
import { type CreditNoteFact, readCreditNote } from './credit-note.ts';
import { type CustomerFact, readCustomer } from './customer.ts';
import { type DiscountFact, readDiscount } from './discount.ts';
import { type DisputeFact, readDispute } from './dispute.ts';
import { type InvoiceFact, readInvoice } from './invoice.ts';
import { type InvoicePaymentFact, readInvoicePayment } from './invoice-payment.ts';
import { type PaymentMethodFact, readPaymentMethod } from './payment-method.ts';
import { type PriceFact, readPrice } from './price.ts';
import { type ProductFact, readProduct } from './product.ts';
import { type PromotionCodeFact, readPromotionCode } from './promotion-code.ts';
import type { ReadResult } from './raw-object.ts';
import { readRefund, type RefundFact } from './refund.ts';
import { readSubscription, type SubscriptionFact } from './subscription.ts';

/** Each fact's type by Stripe's `object`. */
export interface StripeFacts {
  readonly charge: ChargeFact;
  readonly 'checkout.session': CheckoutSessionFact;
  readonly coupon: CouponFact;
  readonly credit_note: CreditNoteFact;
  readonly customer: CustomerFact;
  readonly discount: DiscountFact;
  readonly dispute: DisputeFact;
  readonly invoice: InvoiceFact;
  readonly invoice_payment: InvoicePaymentFact;
  readonly payment_method: PaymentMethodFact;
  readonly card: PaymentMethodFact;
  readonly source: PaymentMethodFact;
  readonly bank_account: PaymentMethodFact;
  readonly plan: PriceFact;
  readonly price: PriceFact;
  readonly product: ProductFact;
  readonly promotion_code: PromotionCodeFact;
  readonly refund: RefundFact;
  readonly subscription: SubscriptionFact;
}
export type StripeObjectType = keyof StripeFacts;
export type StripeFact = StripeFacts[StripeObjectType];

export const readers: { readonly [T in StripeObjectType]: (raw: unknown) => ReadResult<StripeFacts[T]> } = {
  charge: readCharge,
  'checkout.session': readCheckoutSession,
  coupon: readCoupon,
  credit_note: readCreditNote,
  customer: readCustomer,
  discount: readDiscount,
  dispute: readDispute,
  invoice: readInvoice,
  invoice_payment: readInvoicePayment,
  payment_method: readPaymentMethod,
  card: readPaymentMethod,
  source: readPaymentMethod,
  bank_account: readPaymentMethod,
  plan: readPrice,
  price: readPrice,
  product: readProduct,
  promotion_code: readPromotionCode,
  refund: readRefund,
  subscription: readSubscription,
};

export function isStripeObjectType(object: string): object is StripeObjectType {
  return Object.hasOwn(readers, object);
}

/** Reads by the `object` field. A kind that the engine does not use gives a null fact and `wrong_object`. */
export function readStripeObject(raw: unknown): ReadResult<StripeFact> {
  if (!isRecord(raw)) return { fact: null, warnings: [{ code: 'not_an_object', path: '' }] };
  const object = raw['object'];
  if (typeof object !== 'string' || !isStripeObjectType(object)) {
    return { fact: null, warnings: [{ code: 'wrong_object', path: 'object' }] };
  }
  return readers[object](raw);
}
