/**
 * Collecting an invoice: finalize, attempt, retry on schedule, and what each outcome means for the subscription.
 *
 * | subscription | outcome            | becomes                                              |
 * |--------------|--------------------|------------------------------------------------------|
 * | incomplete   | paid               | active                                               |
 * | active       | declined           | past_due                                             |
 * | past_due     | paid               | active                                               |
 * | past_due     | declined, no retry left | canceled, unpaid or past_due, as the account says |
 * | unpaid       | paid               | active                                               |
 */
import { invalid } from '#errors.ts';
import type { CustomerRow, PaymentMethodRow } from '#store/customer.ts';
import type { InvoiceRow } from '#store/invoice.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import { cancelNow } from './cancel.ts';
import { finalize, markUncollectible, voidInvoice } from './invoices.ts';
import { type AttemptOutcome, chargeIntent, methodFor, openPayment, settleInvoice } from './payments.ts';
import { announce, change } from './record.ts';
import { customerOf, nowS, type Scope } from './scope.ts';

const DAY_S = 86_400;

/** Finalizes a draft and, unless somebody is to pay by hand, charges it at once. */
export function collect(scope: Scope, invoice: InvoiceRow): AttemptOutcome | 'left_open' {
  const subscription = subscriptionOfInvoice(scope, invoice);
  const pause = subscription?.pauseCollection ?? null;
  if (pause?.behavior === 'keep_as_draft') {
    change(scope, { kind: 'invoice', row: invoice, type: 'invoice.updated' }, () => {
      invoice.autoAdvance = false;
      invoice.nextPaymentAttempt = null;
      invoice.finalizesAt = null;
    });
    return 'left_open';
  }
  finalize(scope, invoice);
  if (pause?.behavior === 'void') voidInvoice(scope, invoice);
  if (pause?.behavior === 'mark_uncollectible') markUncollectible(scope, invoice);
  if (invoice.status !== 'open') return 'left_open';
  if (invoice.amountDue === 0) {
    settleInvoice(scope, invoice);
    recover(scope, invoice);
    return 'paid';
  }
  openPayment(scope, invoice);
  if (invoice.collectionMethod === 'send_invoice') return 'left_open';
  return attempt(scope, invoice, { isAutomatic: true });
}

export interface AttemptInput {
  /** Made by Stripe's schedule; an attempt by hand is not counted after the first. */
  readonly isAutomatic: boolean;
  readonly method?: PaymentMethodRow;
}

/** One payment attempt on an open invoice. */
export function attempt(scope: Scope, invoice: InvoiceRow, input: AttemptInput): AttemptOutcome {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible')
    throw invalid('Invoice is already paid', undefined, 'invoice_already_paid');
  const customer = customerOf(scope, invoice.customer);
  const subscription = subscriptionOfInvoice(scope, invoice);
  const method = input.method ?? methodFor(scope, customer, subscription);
  const intent = openPayment(scope, invoice);
  const outcome = method === null ? 'no_method' : chargeIntent(scope, intent, method);
  const isCounted = input.isAutomatic || invoice.attemptCount === 0;
  if (outcome === 'paid') {
    if (isCounted) invoice.attemptCount += 1;
    settleInvoice(scope, invoice);
    recover(scope, invoice);
    return outcome;
  }
  change(scope, { kind: 'invoice', row: invoice, type: 'invoice.updated' }, () => {
    invoice.attempted = true;
    if (isCounted) invoice.attemptCount += 1;
    if (input.isAutomatic) invoice.nextPaymentAttempt = nextAttempt(scope, invoice);
  });
  if (outcome === 'action_required') announce(scope, 'invoice.payment_action_required', 'invoice', invoice);
  announce(scope, 'invoice.payment_failed', 'invoice', invoice);
  if (invoice.nextPaymentAttempt !== null && input.isAutomatic) {
    scope.world.setTimer(scope.state, 'retry', invoice.id, invoice.nextPaymentAttempt);
  }
  fallBehind(scope, {
    customer,
    subscription,
    invoice,
    isLast: input.isAutomatic && invoice.nextPaymentAttempt === null,
  });
  return outcome;
}

/** The first invoice is never retried: its subscription is incomplete and waits for the customer. */
function nextAttempt(scope: Scope, invoice: InvoiceRow): number | null {
  if (invoice.billingReason === 'subscription_create') return null;
  const days = scope.world.account(scope.state.account).retryDays[invoice.attemptCount - 1];
  return days === undefined ? null : nowS(scope) + days * DAY_S;
}

function fallBehind(
  scope: Scope,
  at: {
    readonly customer: CustomerRow;
    readonly subscription: SubscriptionRow | null;
    readonly invoice: InvoiceRow;
    readonly isLast: boolean;
  },
): void {
  const { customer, subscription, invoice } = at;
  change(scope, { kind: 'customer', row: customer, type: 'customer.updated' }, () => {
    customer.delinquent = true;
  });
  if (!subscription || subscription.endedAt !== null || invoice.billingReason === 'subscription_create') return;
  const after = scope.world.account(scope.state.account).afterRetries;
  if (at.isLast)
    change(scope, { kind: 'invoice', row: invoice, type: 'invoice.updated' }, () => (invoice.autoAdvance = false));
  if (at.isLast && after === 'cancel') {
    cancelNow(scope, subscription, { reason: 'payment_failed' });
    return;
  }
  change(scope, { kind: 'subscription', row: subscription, type: 'customer.subscription.updated' }, () => {
    if (at.isLast && after === 'unpaid') subscription.status = 'unpaid';
    else if (subscription.status === 'active') subscription.status = 'past_due';
  });
}

/** After a payment: the subscription is in good standing again once its latest invoice is paid. */
export function recover(scope: Scope, invoice: InvoiceRow): void {
  const subscription = subscriptionOfInvoice(scope, invoice);
  const waits =
    subscription?.status === 'past_due' || subscription?.status === 'unpaid' || subscription?.status === 'incomplete';
  if (subscription && waits && subscription.latestInvoice === invoice.id) {
    change(scope, { kind: 'subscription', row: subscription, type: 'customer.subscription.updated' }, () => {
      subscription.status = 'active';
    });
  }
  const customer = customerOf(scope, invoice.customer);
  if (!customer.delinquent) return;
  const owes = scope.state.invoices.inGroup(customer.id).some((row) => row.status === 'open' && row.attempted);
  if (owes) return;
  change(scope, { kind: 'customer', row: customer, type: 'customer.updated' }, () => {
    customer.delinquent = false;
  });
}

function subscriptionOfInvoice(scope: Scope, invoice: InvoiceRow): SubscriptionRow | null {
  const row = invoice.subscription === null ? undefined : scope.state.subscriptions.get(invoice.subscription);
  return row ? scope.state.subscriptions.keep(row) : null;
}
