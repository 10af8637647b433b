/** The invoice that a contact owes after a failed payment: what a recovery message needs to say. */
import type { ChargeFact } from '../stripe/charge.ts';
import type { InvoiceFact } from '../stripe/invoice.ts';
import type { InvoicePaymentFact } from '../stripe/invoice-payment.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';
import type { OpenFailedInvoice } from './billing-summary.ts';
import { isOver } from './status.ts';

/**
 * The newest open invoice with a failed attempt. One whose payment is still on its way has not failed; one of a
 * subscription that is over stays open in Stripe for ever, but nobody is asked to pay it any more.
 */
export function openFailedInvoice(input: {
  readonly invoices: readonly InvoiceFact[];
  readonly invoicePayments: readonly InvoicePaymentFact[];
  readonly charges: readonly ChargeFact[];
  readonly subscriptions: readonly SubscriptionFact[];
}): OpenFailedInvoice | null {
  const over = new Set(input.subscriptions.filter(isOver).map(({ id }) => id));
  let newest: OpenFailedInvoice | null = null;
  let newestS = Number.NEGATIVE_INFINITY;
  for (const invoice of input.invoices) {
    if (!wasTried(invoice) || (invoice.createdS ?? 0) <= newestS) continue;
    if (invoice.subscriptionId !== null && over.has(invoice.subscriptionId)) continue;
    const attempt = lastAttempt(invoice, input);
    if (attempt !== null && attempt.status !== 'failed') continue;
    newestS = invoice.createdS ?? 0;
    newest = failedInvoice(invoice, attempt);
  }
  return newest;
}

function wasTried(invoice: InvoiceFact): boolean {
  const isOwed = (invoice.amountRemainingMinor ?? invoice.amountDueMinor ?? 0) > 0;
  return invoice.status === 'open' && !invoice.isDeleted && isOwed && (invoice.attemptCount ?? 0) > 0;
}

function failedInvoice(invoice: InvoiceFact, attempt: ChargeFact | null): OpenFailedInvoice {
  const error = invoice.lastPaymentError;
  return {
    invoiceId: invoice.id,
    subscriptionId: invoice.subscriptionId,
    amountMinor: invoice.amountRemainingMinor ?? invoice.amountDueMinor,
    currency: invoice.currency,
    attempt: invoice.attemptCount,
    failedAtS: attempt?.createdS ?? null,
    failureCode: attempt?.failureCode ?? error?.code ?? null,
    declineCode: attempt?.declineCode ?? error?.declineCode ?? null,
    nextPaymentAttemptS: invoice.nextPaymentAttemptS,
    hostedInvoiceUrl: invoice.hostedInvoiceUrl,
  };
}

/** The newest charge that was made for this invoice, failed or not; null when none is known. */
function lastAttempt(
  invoice: InvoiceFact,
  input: { readonly invoicePayments: readonly InvoicePaymentFact[]; readonly charges: readonly ChargeFact[] },
): ChargeFact | null {
  const joined = input.invoicePayments.filter(({ invoiceId }) => invoiceId === invoice.id);
  const payments = [...(invoice.payments ?? []), ...joined];
  let newest: ChargeFact | null = null;
  for (const charge of input.charges) {
    if (!isFor(charge, { invoice, payments })) continue;
    if (newest === null || isLater(charge, newest)) newest = charge;
  }
  return newest;
}

function isLater(left: ChargeFact, right: ChargeFact): boolean {
  const byAge = (left.createdS ?? 0) - (right.createdS ?? 0);
  return byAge === 0 ? left.id > right.id : byAge > 0;
}

/**
 * Before basil a charge names its invoice. After, the link is the payment intent of an invoice payment; where Stripe
 * did not send that, a charge of the same customer, currency and amount, made since, is taken to be the attempt.
 */
function isFor(
  charge: ChargeFact,
  { invoice, payments }: { readonly invoice: InvoiceFact; readonly payments: readonly InvoicePaymentFact[] },
): boolean {
  if (charge.isInvoiceKnown) return charge.invoiceId === invoice.id;
  if (invoice.chargeId === charge.id) return true;
  const intent = charge.paymentIntentId;
  if (intent !== null && intent === invoice.paymentIntentId) return true;
  if (payments.length > 0) {
    return payments.some(
      (payment) => payment.chargeId === charge.id || (intent !== null && payment.paymentIntentId === intent),
    );
  }
  // A charge that went through would have paid the invoice: it belongs to another one.
  if (charge.status === 'succeeded') return false;
  const isSamePayer = charge.customerId !== null && charge.customerId === invoice.customerId;
  const isSameAmount = charge.currency === invoice.currency && charge.amountMinor === invoice.amountDueMinor;
  return isSamePayer && isSameAmount && (charge.createdS ?? 0) >= (invoice.createdS ?? 0);
}
