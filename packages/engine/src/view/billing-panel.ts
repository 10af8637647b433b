import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { declineWords, isBillingStatus, paymentMethodText, sentenceCase, statusWords } from './billing-words.ts';
import { dataReader } from './event-data.ts';
import type { ContactRecordRow } from './load-contact.ts';
import { moneyView, moneyViews } from './money-text.ts';

type BillingPanel = ContactPage['billing'];

/** The billing side of a contact as the page shows it. `warningTexts`: a sentence for each reason of doubt. Pure. */
export function billingPanel(
  contact: ContactRecordRow,
  input: { now: Date; warningTexts: Readonly<Record<string, string>> },
): BillingPanel {
  const { label, tone } = statusWords(contact.billing_status);
  return {
    status: isBillingStatus(contact.billing_status) ? contact.billing_status : 'none',
    statusLabel: label,
    tone,
    planName: contact.plan_name,
    plan: contact.plan,
    tier: contact.tier,
    interval: contact.plan_interval,
    quantity: contact.quantity === null ? null : Number(contact.quantity),
    mrr: moneyView(contact.mrr_minor, contact.mrr_currency),
    mrrByCurrency: moneyViews(contact.mrr_by_currency),
    ltv: moneyView(contact.ltv_minor, contact.ltv_currency),
    ltvByCurrency: moneyViews(contact.ltv_by_currency),
    lastPlan: contact.last_plan,
    ...datesOf(contact),
    cancelReason: contact.cancel_reason,
    isCollectionPaused: contact.collection_paused,
    paymentMethod: paymentMethodOf(contact, input.now),
    failedPayment: failedPaymentOf(contact),
    warnings: warningsOf(contact.billing_warnings, input.warningTexts),
  };
}

function datesOf(contact: ContactRecordRow) {
  return {
    trialEndsAt: iso(contact.trial_end_date),
    subscribedSince: iso(contact.subscription_start_date),
    renewsAt: iso(contact.renews_at),
    cancelsAt: iso(contact.cancels_at),
    canceledAt: iso(contact.canceled_at),
    lastPaymentAt: iso(contact.last_payment_at),
    firstPaidAt: iso(contact.first_paid_at),
    asOf: iso(contact.billing_as_of),
  };
}

function paymentMethodOf(contact: ContactRecordRow, now: Date): BillingPanel['paymentMethod'] {
  const method = {
    isOnFile: contact.payment_method_on_file,
    brand: contact.payment_method_brand,
    last4: contact.payment_method_last4,
    expiresAt: contact.payment_method_expires_at,
  };
  return { ...method, expiresAt: iso(method.expiresAt), label: paymentMethodText(method, now) };
}

function failedPaymentOf(contact: ContactRecordRow): BillingPanel['failedPayment'] {
  if (contact.failed_payment === null) return null;
  const read = dataReader(contact.failed_payment);
  return {
    amount: read.money('amount_minor'),
    reason: declineWords(read.text('decline_code')),
    attempt: read.number('attempt'),
    failedAt: iso(contact.failed_payment_at),
    nextAttemptAt: iso(contact.next_payment_attempt_at),
    hostedInvoiceUrl: httpsOnly(read.text('hosted_invoice_url')),
    invoiceId: read.text('invoice_id'),
  };
}

function warningsOf(stored: unknown, texts: Readonly<Record<string, string>>): BillingPanel['warnings'] {
  if (!Array.isArray(stored)) return [];
  return stored
    .filter((name): name is string => typeof name === 'string')
    .map((name) => ({ name, text: texts[name] ?? `${sentenceCase(name)}.` }));
}

/** A link that a page may offer: stored text is never trusted to be one. */
export function httpsOnly(url: string | null): string | null {
  return url !== null && /^https:\/\//i.test(url) ? url : null;
}

export function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
