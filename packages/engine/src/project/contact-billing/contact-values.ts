/** A billing summary, and what the summary leaves to the contact, as the columns of `contact`. Pure. */
import { fromEpochS } from '#base/clock.ts';
import type { BillingSummary } from '../billing/billing-summary.ts';
import type { ContactPatch } from '../contacts/patch-contacts.ts';
import type { StoredObject } from '../objects/store.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';
import { factsOf } from './load-facts.ts';

type Values = ContactPatch['set'];

export function contactValues(input: {
  summary: BillingSummary;
  objects: readonly StoredObject[];
  asOf: Date;
}): Values {
  const { summary, objects } = input;
  // Nobody whom Stripe knows: then nothing is known, which is not the same as paying nothing.
  if (objects.length === 0) return { billing_as_of: input.asOf, ...NOT_A_CUSTOMER };
  const primary = summary.plans.find((plan) => plan.isPrimary) ?? null;
  return {
    billing_status: summary.billingStatus,
    plan: summary.plan,
    plan_name: summary.planName,
    tier: summary.tier,
    plan_interval: primary?.interval ?? null,
    quantity: minor(primary?.quantity),
    mrr_minor: minor(summary.mrrMinor),
    mrr_currency: summary.mrrMinor === null ? null : summary.mrrCurrency,
    mrr_by_currency: { ...summary.mrrByCurrency },
    ltv_minor: minor(summary.ltvMinor),
    ltv_currency: summary.ltvMinor === null ? null : summary.ltvCurrency,
    ltv_by_currency: { ...summary.ltvByCurrency },
    last_plan: summary.lastPlan,
    trial_end_date: instant(summary.trialEndDateS),
    subscription_start_date: instant(summary.subscriptionStartDateS),
    cancels_at: instant(summary.cancelsAtS),
    renews_at: instant(summary.renewsAtS),
    last_payment_at: instant(summary.lastPaymentAtS),
    collection_paused: summary.isCollectionPaused,
    billing_warnings: [...summary.warnings],
    billing_as_of: input.asOf,
    ...paymentMethodValues(summary),
    ...failedPaymentValues({ summary, objects }),
    ...endValues({ summary, objects }),
    first_paid_at: instant(firstPaidS(objects)),
  };
}

const NOT_A_CUSTOMER: Values = {
  billing_status: 'none',
  plan: null,
  plan_name: null,
  tier: null,
  plan_interval: null,
  quantity: null,
  mrr_minor: null,
  mrr_currency: null,
  mrr_by_currency: {},
  ltv_minor: null,
  ltv_currency: null,
  ltv_by_currency: {},
  last_plan: null,
  trial_end_date: null,
  subscription_start_date: null,
  cancels_at: null,
  renews_at: null,
  last_payment_at: null,
  collection_paused: false,
  billing_warnings: [],
  payment_method_on_file: null,
  payment_method_brand: null,
  payment_method_last4: null,
  payment_method_expires_at: null,
  failed_attempts: null,
  failed_payment_at: null,
  next_payment_attempt_at: null,
  failed_payment: null,
  canceled_at: null,
  cancel_reason: null,
  first_paid_at: null,
};

function paymentMethodValues(summary: BillingSummary): Values {
  const { paymentMethod: method } = summary;
  const expiresAt =
    method.expYear !== null && method.expMonth !== null && method.expMonth >= 1 && method.expMonth <= 12
      ? new Date(Date.UTC(method.expYear, method.expMonth, 1))
      : null;
  return {
    payment_method_on_file: method.isOnFile,
    payment_method_brand: method.brand,
    payment_method_last4: method.last4,
    payment_method_expires_at: expiresAt,
  };
}

/** The open failed invoice; the time of the failure is the event's, where no failed charge is known. */
function failedPaymentValues(input: { summary: BillingSummary; objects: readonly StoredObject[] }): Values {
  const { summary, objects } = input;
  const open = summary.openFailedInvoice;
  if (open === null) {
    return { failed_attempts: 0, failed_payment_at: null, next_payment_attempt_at: null, failed_payment: null };
  }
  const marks = objects.find((object) => object.type === 'invoice' && object.id === open.invoiceId)?.marks;
  const failedAtS = Math.max(open.failedAtS ?? 0, marks?.lastFailedS ?? 0);
  return {
    failed_attempts: summary.failedAttempts,
    failed_payment_at: failedAtS === 0 ? null : fromEpochS(failedAtS),
    next_payment_attempt_at: instant(open.nextPaymentAttemptS),
    failed_payment: {
      invoice_id: open.invoiceId,
      subscription_id: open.subscriptionId,
      amount_minor: open.amountMinor,
      currency: open.currency,
      attempt: open.attempt,
      decline_code: open.declineCode ?? open.failureCode,
      hosted_invoice_url: open.hostedInvoiceUrl,
    },
  };
}

/** When and why the last subscription ended; nothing while one lives. */
function endValues(input: { summary: BillingSummary; objects: readonly StoredObject[] }): Values {
  const nothing: Values = { canceled_at: null, cancel_reason: null };
  if (input.summary.plans.length > 0) return nothing;
  const ended = factsOf(input.objects, 'subscription').filter((subscription) => endOf(subscription) !== null);
  const [last] = ended.sort(
    (left, right) =>
      (endOf(right) ?? 0) - (endOf(left) ?? 0) ||
      (right.createdS ?? 0) - (left.createdS ?? 0) ||
      (left.id < right.id ? -1 : 1),
  );
  if (!last || input.summary.billingStatus === 'incomplete') return nothing;
  return { canceled_at: instant(endOf(last)), cancel_reason: cancelReason(last) };
}

/** `ended_at` is the end; `canceled_at` only says when it was asked for. Source: stripe.md, section 1b. */
function endOf(subscription: SubscriptionFact): number | null {
  if (subscription.status !== 'canceled' && subscription.status !== 'incomplete_expired') return null;
  return subscription.endedAtS ?? subscription.canceledAtS ?? subscription.createdS;
}

export function cancelReason(subscription: SubscriptionFact): 'voluntary' | 'involuntary' | 'never_paid' | 'unknown' {
  if (subscription.status === 'incomplete_expired') return 'never_paid';
  switch (subscription.cancellation.reason) {
    case 'cancellation_requested':
      return 'voluntary';
    case 'payment_failed':
    case 'payment_disputed':
      return 'involuntary';
    default:
      return 'unknown';
  }
}

function firstPaidS(objects: readonly StoredObject[]): number | null {
  const paid = [
    ...factsOf(objects, 'charge').map((charge) =>
      charge.status === 'succeeded' && (charge.amountMinor ?? 0) > 0 ? charge.createdS : null,
    ),
    ...factsOf(objects, 'invoice').map((invoice) =>
      invoice.status === 'paid' && (invoice.amountPaidMinor ?? 0) > 0 ? (invoice.paidAtS ?? invoice.createdS) : null,
    ),
  ].filter((atS) => atS !== null);
  return paid.length === 0 ? null : Math.min(...paid);
}

function instant(epochS: number | null): Date | null {
  return epochS === null ? null : fromEpochS(epochS);
}

function minor(amount: number | null | undefined): bigint | null {
  return amount === null || amount === undefined ? null : BigInt(amount);
}
