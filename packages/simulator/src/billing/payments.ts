/**
 * Money moves here. In: an open invoice or a payment intent and the card that would be charged. Out: a charge, the
 * states that follow from it, and Stripe's events for both outcomes. An attempt may be made any number of times until
 * the invoice is paid; `attempt_count` counts the first and the automatic ones.
 */
import { StripeFault, invalid } from '#errors.ts';
import type { CustomerRow, PaymentMethodRow } from '#store/customer.ts';
import type { InvoicePaymentRow, InvoiceRow } from '#store/invoice.ts';
import type { ChargeRow, PaymentIntentRow } from '#store/payment.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import { type DeclineWords, declineWords } from './decline.ts';
import { announce, change } from './record.ts';
import { nowS, type Scope } from './scope.ts';

export type AttemptOutcome = 'paid' | 'declined' | 'no_method' | 'action_required';

/** Which card pays: subscription, then the customer's default method, then their default source. */
export function methodFor(
  scope: Scope,
  customer: CustomerRow,
  subscription: SubscriptionRow | null,
): PaymentMethodRow | null {
  const id = subscription?.defaultPaymentMethod ?? customer.defaultPaymentMethod ?? customer.defaultSource;
  return (id === null ? undefined : scope.state.paymentMethods.get(id)) ?? null;
}

/** What would happen, without doing it. */
export function foresee(method: PaymentMethodRow | null): AttemptOutcome {
  if (method === null) return 'no_method';
  if (method.decline !== null && (method.decline.remaining === null || method.decline.remaining > 0)) return 'declined';
  if (method.needsAuthentication) return 'action_required';
  return 'paid';
}

/** The payment intent and the invoice payment that Stripe makes when an invoice with an amount becomes open. */
export function openPayment(scope: Scope, invoice: InvoiceRow): PaymentIntentRow {
  const known = invoice.paymentIntent === null ? undefined : scope.state.paymentIntents.get(invoice.paymentIntent);
  if (known) return known;
  const { chance } = scope.world;
  const id = `pi_3${chance.text(23)}`;
  const description =
    invoice.billingReason === 'subscription_create'
      ? 'Subscription creation'
      : invoice.subscription === null
        ? 'Payment for Invoice'
        : 'Subscription update';
  const intent = scope.state.paymentIntents.add({
    id,
    created: nowS(scope),
    amount: invoice.amountDue,
    amountReceived: 0,
    currency: invoice.currency,
    customer: invoice.customer,
    invoice: invoice.id,
    description,
    status: 'requires_payment_method',
    captureMethod: 'automatic',
    paymentMethod: null,
    latestCharge: null,
    lastError: null,
    canceledAt: null,
    cancellationReason: null,
    setupFutureUsage: invoice.subscription === null ? null : 'off_session',
    clientSecret: `${id}_secret_${chance.text(24)}`,
    metadata: {},
  });
  scope.state.invoicePayments.add({
    id: `inpay_1${chance.text(23)}`,
    created: nowS(scope),
    invoice: invoice.id,
    paymentIntent: id,
    amountRequested: invoice.amountDue,
    amountPaid: null,
    currency: invoice.currency,
    status: 'open',
    paidAt: null,
    canceledAt: null,
  });
  invoice.paymentIntent = id;
  announce(scope, 'payment_intent.created', 'payment_intent', intent);
  return intent;
}

/** One charge on a payment intent; the caller says what follows for an invoice. */
export function chargeIntent(scope: Scope, intent: PaymentIntentRow, method: PaymentMethodRow): AttemptOutcome {
  const outcome = foresee(method);
  if (outcome === 'action_required') {
    change(scope, { kind: 'payment_intent', row: intent, type: null }, () => {
      intent.status = 'requires_action';
      intent.paymentMethod = method.id;
    });
    announce(scope, 'payment_intent.requires_action', 'payment_intent', intent);
    return outcome;
  }
  if (outcome === 'declined') {
    decline(scope, { intent, method, words: declineWords(method.decline?.declineCode ?? 'generic_decline') });
    return outcome;
  }
  const charge = newCharge(scope, { intent, method, words: null });
  change(scope, { kind: 'payment_intent', row: intent, type: null }, () => {
    intent.status = intent.captureMethod === 'manual' ? 'requires_capture' : 'succeeded';
    intent.amountReceived = intent.captureMethod === 'manual' ? 0 : intent.amount;
    intent.paymentMethod = method.id;
    intent.latestCharge = charge.id;
    intent.lastError = null;
  });
  announce(scope, 'charge.succeeded', 'charge', charge);
  const type =
    intent.captureMethod === 'manual' ? 'payment_intent.amount_capturable_updated' : 'payment_intent.succeeded';
  announce(scope, type, 'payment_intent', intent);
  return 'paid';
}

function decline(
  scope: Scope,
  at: { readonly intent: PaymentIntentRow; readonly method: PaymentMethodRow; readonly words: DeclineWords },
): void {
  const { intent, method, words } = at;
  if (method.decline?.remaining) method.decline.remaining -= 1;
  const charge = newCharge(scope, at);
  intent.status = 'requires_payment_method';
  intent.paymentMethod = null;
  intent.latestCharge = charge.id;
  intent.lastError = {
    code: words.code,
    declineCode: words.declineCode,
    message: words.message,
    charge: charge.id,
    paymentMethod: method.id,
  };
  announce(scope, 'charge.failed', 'charge', charge);
  announce(scope, 'payment_intent.payment_failed', 'payment_intent', intent);
}

function newCharge(
  scope: Scope,
  at: { readonly intent: PaymentIntentRow; readonly method: PaymentMethodRow; readonly words: DeclineWords | null },
): ChargeRow {
  const { intent, words } = at;
  const isGood = words === null;
  const isCaptured = isGood && intent.captureMethod !== 'manual';
  const { chance } = scope.world;
  return scope.state.charges.add({
    id: `ch_3${chance.text(23)}`,
    created: nowS(scope),
    amount: intent.amount,
    amountCaptured: isCaptured ? intent.amount : 0,
    amountRefunded: 0,
    currency: intent.currency,
    customer: intent.customer,
    invoice: intent.invoice,
    paymentIntent: intent.id,
    paymentMethod: at.method.id,
    description: intent.description,
    status: isGood ? 'succeeded' : 'failed',
    captured: isCaptured,
    declineCode: words?.declineCode ?? null,
    failureCode: words?.code ?? null,
    failureMessage: words?.message ?? null,
    dispute: null,
    balanceTransaction: isCaptured ? `txn_3${chance.text(23)}` : null,
    receiptEmail: null,
    metadata: { ...intent.metadata },
  });
}

/** Everything that a paid invoice says about itself; the subscription's part is the caller's. */
export function settleInvoice(scope: Scope, invoice: InvoiceRow, how: { readonly isOutOfBand?: boolean } = {}): void {
  const payment = openInvoicePayment(scope, invoice);
  const intent = invoice.paymentIntent === null ? undefined : scope.state.paymentIntents.get(invoice.paymentIntent);
  const paidAt = nowS(scope);
  change(scope, { kind: 'invoice', row: invoice, type: invoice.status === 'open' ? 'invoice.updated' : null }, () => {
    invoice.status = 'paid';
    invoice.amountPaid = invoice.amountDue - invoice.prePaymentCreditNotes;
    invoice.attempted = true;
    invoice.autoAdvance = false;
    invoice.nextPaymentAttempt = null;
    invoice.paidAt = paidAt;
    invoice.isPaidOutOfBand = how.isOutOfBand ?? false;
    invoice.charge = intent?.status === 'succeeded' ? intent.latestCharge : null;
  });
  if (payment) {
    payment.status = how.isOutOfBand ? 'canceled' : 'paid';
    payment.amountPaid = how.isOutOfBand ? null : invoice.amountPaid;
    payment.paidAt = how.isOutOfBand ? null : paidAt;
    payment.canceledAt = how.isOutOfBand ? paidAt : null;
  }
  announce(scope, 'invoice.paid', 'invoice', invoice);
  if (!how.isOutOfBand) announce(scope, 'invoice.payment_succeeded', 'invoice', invoice);
  if (payment?.status === 'paid') announce(scope, 'invoice_payment.paid', 'invoice_payment', payment);
}

function openInvoicePayment(scope: Scope, invoice: InvoiceRow): InvoicePaymentRow | undefined {
  return scope.state.invoicePayments.inGroup(invoice.id).find((row) => row.status === 'open');
}

/** Stripe's 402 for the charge that a call caused. */
export function cardFault(intent: PaymentIntentRow): StripeFault {
  const error = intent.lastError;
  if (!error) return invalid('The payment could not be made.');
  return new StripeFault({
    status: 402,
    type: 'card_error',
    code: error.code,
    message: error.message,
    paymentIntent: intent.id,
    ...(error.declineCode === null ? {} : { declineCode: error.declineCode }),
    ...(error.charge === null ? {} : { charge: error.charge }),
  });
}
