/**
 * The Stripe events that we use, and no others. Not among them, on purpose:
 * `*` (traffic that nobody reads); `invoice.created` (while an endpoint fails, Stripe holds back the tenant's invoices
 * for up to 72 hours); `checkout.session.completed` (a buyer may wait up to 10 seconds for our answer).
 */
export const STRIPE_EVENT_TYPES = [
  'customer.created',
  'customer.updated',
  'customer.deleted',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'customer.subscription.trial_will_end',
  'customer.subscription.pending_update_applied',
  'customer.discount.created',
  'customer.discount.updated',
  'customer.discount.deleted',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.payment_action_required',
  // The only word that a failed invoice was settled by other means than a payment.
  'invoice.voided',
  'invoice.marked_uncollectible',
  // Since basil an invoice does not say why its payment failed: the failed charge does.
  'charge.failed',
  'charge.succeeded',
  'charge.captured',
  // Since basil the only link between a charge and its invoice.
  'invoice_payment.paid',
  'charge.refunded',
  'charge.dispute.created',
  'charge.dispute.closed',
  'credit_note.created',
  'credit_note.voided',
  'payment_method.attached',
  'payment_method.detached',
  'payment_method.updated',
  'payment_method.automatically_updated',
  'product.created',
  'product.updated',
  'product.deleted',
  'price.created',
  'price.updated',
  'price.deleted',
  'coupon.created',
  'coupon.updated',
  'coupon.deleted',
  'promotion_code.created',
  'promotion_code.updated',
] as const;

/** What the platform's endpoint hears besides: an owner who removes us. Stripe sends it to Connect endpoints only. */
export const PLATFORM_EVENT_TYPES = [...STRIPE_EVENT_TYPES, 'account.application.deauthorized'] as const;
