/**
 * What an invoice tells. A payment is told once per invoice although Stripe says it two or three times (`invoice.paid`,
 * `invoice.payment_succeeded`, `invoice_payment.paid`); a failure once per invoice and attempt. `payment_recovered` follows
 * from what is stored: the invoice is paid, and an attempt had failed; whichever of the two is told last sets it off.
 */
import type { NewBusEvent } from '#bus/index.ts';
import type { StoredObject } from '../objects/store.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { InvoiceFact } from '../stripe/invoice.ts';
import { billingEvent, type EventContext, iso, isoOrNull } from './event-context.ts';

export function invoiceEvents(
  context: EventContext,
  input: { told: InvoiceFact; stored: StoredObject; failedCharge: ChargeFact | null },
): NewBusEvent[] {
  const { told, stored } = input;
  switch (context.stripeEvent.type) {
    case 'invoice.paid':
    case 'invoice.payment_succeeded':
      return [...paid(context, told), ...recovered(context, stored)];
    case 'invoice.payment_failed':
      return [...failed(context, { told, failedCharge: input.failedCharge }), ...recovered(context, stored)];
    case 'invoice.payment_action_required':
      return actionRequired(context, told);
    default:
      return [];
  }
}

/** A free trial or a fully discounted period is paid with nothing: no money, no payment. */
function paid(context: EventContext, invoice: InvoiceFact): NewBusEvent[] {
  const { amountPaidMinor, amountPaidOffStripeMinor, currency } = invoice;
  const amountMinor = (amountPaidMinor ?? 0) > 0 ? amountPaidMinor : (amountPaidOffStripeMinor ?? 0);
  if (amountMinor === null || amountMinor <= 0 || currency === null) return [];
  const paidAtS = invoice.paidAtS ?? context.stripeEvent.createdS;
  return [
    billingEvent(context, {
      name: 'payment_succeeded',
      fact: invoice.id,
      atS: paidAtS,
      data: {
        invoice_id: invoice.id,
        charge_id: invoice.chargeId,
        subscription_id: invoice.subscriptionId,
        amount_minor: amountMinor,
        currency,
        billing_reason: invoice.billingReason,
        paid_out_of_band: invoice.isPaidOutOfBand ?? (amountPaidOffStripeMinor ?? 0) > 0,
        attempt: invoice.attemptCount,
        paid_at: iso(paidAtS),
      },
    }),
  ];
}

function failed(context: EventContext, input: { told: InvoiceFact; failedCharge: ChargeFact | null }): NewBusEvent[] {
  const { told: invoice, failedCharge: charge } = input;
  const amountMinor = invoice.amountRemainingMinor ?? invoice.amountDueMinor;
  if (amountMinor === null || invoice.currency === null) return [];
  const attempt = Math.max(1, invoice.attemptCount ?? 1);
  return [
    billingEvent(context, {
      name: 'invoice.payment_failed',
      fact: `${invoice.id}:${attempt}`,
      data: {
        invoice_id: invoice.id,
        subscription_id: invoice.subscriptionId,
        amount_minor: amountMinor,
        currency: invoice.currency,
        attempt,
        ...failureReason(invoice.lastPaymentError, charge),
        next_payment_attempt: isoOrNull(invoice.nextPaymentAttemptS),
        hosted_invoice_url: invoice.hostedInvoiceUrl,
        billing_reason: invoice.billingReason,
      },
    }),
  ];
}

/** Why a payment failed: by the invoice itself (versions before basil), else by the charge. */
export function failureReason(
  error: InvoiceFact['lastPaymentError'],
  charge: ChargeFact | null,
): { decline_code: string | null; failure_message: string | null } {
  return {
    decline_code: error?.declineCode ?? charge?.declineCode ?? charge?.failureCode ?? error?.code ?? null,
    failure_message: error?.message ?? charge?.failureMessage ?? null,
  };
}

export function recovered(context: EventContext, stored: StoredObject): NewBusEvent[] {
  const { fact: invoice, marks } = stored;
  if (invoice.object !== 'invoice' || invoice.status !== 'paid' || invoice.currency === null) return [];
  if ((marks.failedAttempts ?? 0) === 0 || (invoice.amountPaidMinor ?? 0) <= 0) return [];
  const recoveredAtS = invoice.paidAtS ?? stored.asOfS;
  return [
    billingEvent(context, {
      name: 'payment_recovered',
      fact: invoice.id,
      atS: recoveredAtS,
      data: {
        invoice_id: invoice.id,
        subscription_id: invoice.subscriptionId,
        amount_minor: invoice.amountPaidMinor ?? 0,
        currency: invoice.currency,
        attempts: Math.max(1, invoice.attemptCount ?? 1),
        recovered_at: iso(recoveredAtS),
      },
    }),
  ];
}

function actionRequired(context: EventContext, invoice: InvoiceFact): NewBusEvent[] {
  const amountMinor = invoice.amountRemainingMinor ?? invoice.amountDueMinor;
  if (amountMinor === null || invoice.currency === null) return [];
  return [
    billingEvent(context, {
      name: 'payment_action_required',
      fact: `${invoice.id}:${invoice.attemptCount ?? 0}`,
      data: {
        invoice_id: invoice.id,
        subscription_id: invoice.subscriptionId,
        amount_minor: amountMinor,
        currency: invoice.currency,
        hosted_invoice_url: invoice.hostedInvoiceUrl,
      },
    }),
  ];
}
