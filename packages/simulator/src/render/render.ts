import type { AccountState } from '#store/account-state.ts';
import type { Row } from '#store/table.ts';
import { renderWebhookEndpoint } from './account.ts';
import { renderPlan, renderPrice, renderProduct } from './catalogue.ts';
import { renderCustomer } from './customer.ts';
import { renderCoupon, renderDiscount, renderPromotionCode } from './discount.ts';
import { renderCreditNote, renderInvoice, renderInvoiceItem, renderInvoicePayment } from './invoice.ts';
import { renderCharge, renderDispute, renderPaymentIntent, renderRefund, renderSetupIntent } from './payment.ts';
import { renderPaymentMethod } from './payment-method.ts';
import { renderSchedule, renderSubscription } from './subscription.ts';
import type { Out, View } from './view.ts';

/** Which table holds a kind of object, and how one row becomes JSON in the view's API version. */
interface Kind<T extends Row> {
  table(state: AccountState): { get(id: string): T | undefined; newestFirst(): Iterable<T> };
  render(view: View, row: T): Out;
  /** As in Stripe's "No such ...". */
  readonly name: string;
}

function kind<T extends Row>(
  name: string,
  table: (state: AccountState) => { get(id: string): T | undefined; newestFirst(): Iterable<T> },
  render: (view: View, row: T) => Out,
): Kind<T> {
  return { name, table, render };
}

export const KINDS = {
  customer: kind('customer', (s) => s.customers, renderCustomer),
  payment_method: kind('PaymentMethod', (s) => s.paymentMethods, renderPaymentMethod),
  product: kind('product', (s) => s.products, renderProduct),
  price: kind('price', (s) => s.prices, renderPrice),
  plan: kind('plan', (s) => s.prices, renderPlan),
  coupon: kind('coupon', (s) => s.coupons, renderCoupon),
  promotion_code: kind('promotion code', (s) => s.promotionCodes, renderPromotionCode),
  discount: kind('discount', (s) => s.discounts, renderDiscount),
  subscription: kind('subscription', (s) => s.subscriptions, renderSubscription),
  subscription_schedule: kind('subscription schedule', (s) => s.schedules, renderSchedule),
  invoice: kind('invoice', (s) => s.invoices, renderInvoice),
  invoiceitem: kind('invoice item', (s) => s.invoiceItems, renderInvoiceItem),
  invoice_payment: kind('invoice payment', (s) => s.invoicePayments, renderInvoicePayment),
  credit_note: kind('credit note', (s) => s.creditNotes, renderCreditNote),
  payment_intent: kind('payment_intent', (s) => s.paymentIntents, renderPaymentIntent),
  setup_intent: kind('setupintent', (s) => s.setupIntents, renderSetupIntent),
  charge: kind('charge', (s) => s.charges, renderCharge),
  refund: kind('refund', (s) => s.refunds, renderRefund),
  dispute: kind('dispute', (s) => s.disputes, renderDispute),
  webhook_endpoint: kind('webhook endpoint', (s) => s.webhookEndpoints, renderWebhookEndpoint),
} as const;

export type KindName = keyof typeof KINDS;

export type RowOf<K extends KindName> = (typeof KINDS)[K] extends Kind<infer T> ? T : never;

export function isKind(name: string): name is KindName {
  return Object.hasOwn(KINDS, name);
}

export function render<K extends KindName>(view: View, name: K, row: RowOf<K>): Out {
  return kindOf(name).render(view, row);
}

export function findRendered(view: View, name: KindName, id: string): Out | undefined {
  const entry = kindOf(name);
  const row = entry.table(view.state).get(id);
  return row && entry.render(view, row);
}

export function renderAll(view: View, name: KindName): Out[] {
  const entry = kindOf(name);
  return [...entry.table(view.state).newestFirst()].map((row) => entry.render(view, row));
}

/** A lookup by a key that is only known at run time loses the tie between name and row; the table keeps it true. */
function kindOf<K extends KindName>(name: K): Kind<RowOf<K>> {
  return KINDS[name] as unknown as Kind<RowOf<K>>;
}
