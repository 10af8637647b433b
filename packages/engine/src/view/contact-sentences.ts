import type { Sentence } from '@growthos/contracts/http/contact-page.ts';
import type { Viewer } from './date-text.ts';
import { dataReader } from './event-data.ts';
import type { ContactRecordRow } from './load-contact.ts';
import { contactSentences, type Money, type SentenceFacts } from './sentence.ts';

/** What a contact's row alone does not know. */
export interface SentenceContext {
  readonly lastPlanName: string | null;
  readonly sequences: SentenceFacts['sequences'];
  readonly isKnownToStripe: boolean;
}

/** The sentences of a stored contact. Pure. */
export function sentencesOf(
  contact: ContactRecordRow,
  input: { context: SentenceContext; viewer: Viewer },
): [Sentence, ...Sentence[]] {
  return contactSentences({ ...factsOf(contact), ...input.context }, input.viewer);
}

function factsOf(contact: ContactRecordRow): Omit<SentenceFacts, keyof SentenceContext> {
  return {
    billingStatus: contact.billing_status,
    planName: contact.plan_name,
    interval: contact.plan_interval,
    mrr: money(contact.mrr_minor, contact.mrr_currency),
    ltv: money(contact.ltv_minor, contact.ltv_currency),
    trialEndsAt: contact.trial_end_date,
    renewsAt: contact.renews_at,
    cancelsAt: contact.cancels_at,
    canceledAt: contact.canceled_at,
    cancelReason: contact.cancel_reason,
    isCollectionPaused: contact.collection_paused,
    failedPayment: failedPaymentOf(contact),
    paymentMethod: {
      isOnFile: contact.payment_method_on_file,
      brand: contact.payment_method_brand,
      last4: contact.payment_method_last4,
      expiresAt: contact.payment_method_expires_at,
    },
  };
}

function failedPaymentOf(contact: ContactRecordRow): SentenceFacts['failedPayment'] {
  if (contact.failed_payment === null) return null;
  const read = dataReader(contact.failed_payment);
  const amountMinor = read.number('amount_minor');
  return {
    amount: amountMinor === null ? null : money(BigInt(Math.trunc(amountMinor)), read.text('currency')),
    declineCode: read.text('decline_code'),
    failedAt: contact.failed_payment_at,
    nextAttemptAt: contact.next_payment_attempt_at,
  };
}

function money(amountMinor: bigint | null, currency: string | null): Money | null {
  return amountMinor === null || currency === null ? null : { amountMinor, currency };
}
