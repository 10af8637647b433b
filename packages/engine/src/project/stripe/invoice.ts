/**
 * An invoice from any API version.
 * Its subscription is `subscription` up to acacia and `parent.subscription_details.subscription` since basil;
 * its payments are `charge` and `payment_intent` before, and the `payments` list (when expanded) after.
 */
import { isRecord } from '#base/is-record.ts';
import { embeddedPayments, type InvoicePaymentFact } from './invoice-payment.ts';
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface PaymentErrorFact {
  readonly code: string | null;
  readonly declineCode: string | null;
  readonly message: string | null;
}

export interface InvoiceFact {
  readonly object: 'invoice';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly isDeleted: boolean;
  readonly customerId: string | null;
  readonly customerEmail: string | null;
  readonly subscriptionId: string | null;
  readonly subscriptionMetadata: Readonly<Record<string, string>>;
  readonly status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void' | null;
  readonly number: string | null;
  readonly currency: string | null;
  readonly amountDueMinor: number | null;
  readonly amountPaidMinor: number | null;
  readonly amountRemainingMinor: number | null;
  readonly subtotalMinor: number | null;
  readonly totalMinor: number | null;
  readonly totalExcludingTaxMinor: number | null;
  readonly attemptCount: number | null;
  readonly isAttempted: boolean | null;
  readonly nextPaymentAttemptS: number | null;
  readonly hostedInvoiceUrl: string | null;
  readonly billingReason: string | null;
  readonly collectionMethod: 'charge_automatically' | 'send_invoice' | null;
  readonly createdS: number | null;
  readonly dueDateS: number | null;
  readonly periodStartS: number | null;
  readonly periodEndS: number | null;
  readonly finalizedAtS: number | null;
  readonly paidAtS: number | null;
  readonly voidedAtS: number | null;
  readonly markedUncollectibleAtS: number | null;
  /** Null in versions that do not say it (basil and later). */
  readonly isPaidOutOfBand: boolean | null;
  /** Newest versions only. */
  readonly amountPaidOffStripeMinor: number | null;
  /** Null when not expanded or cut short: then it is unknown how the invoice was paid. */
  readonly payments: readonly InvoicePaymentFact[] | null;
  /** Versions before basil only. */
  readonly chargeId: string | null;
  readonly paymentIntentId: string | null;
  readonly lastFinalizationError: PaymentErrorFact | null;
  /** From an expanded payment intent or charge. */
  readonly lastPaymentError: PaymentErrorFact | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readInvoice(raw: unknown): ReadResult<InvoiceFact> {
  return readAs(raw, { objects: ['invoice'], read: invoiceFact });
}

function invoiceFact(source: RawObject, id: string): InvoiceFact {
  const parent = source.child('parent')?.child('subscription_details') ?? null;
  return {
    object: 'invoice',
    id,
    livemode: source.bool('livemode'),
    isDeleted: source.bool('deleted') ?? false,
    customerId: source.idOf('customer'),
    customerEmail: source.text('customer_email'),
    subscriptionId: source.idOf('subscription') ?? parent?.idOf('subscription') ?? lineSubscription(source),
    subscriptionMetadata: (parent ?? source.child('subscription_details'))?.metadata('metadata') ?? {},
    status: invoiceStatus(source),
    number: source.text('number'),
    currency: source.text('currency')?.toLowerCase() ?? null,
    ...amounts(source),
    attemptCount: source.int('attempt_count'),
    isAttempted: source.bool('attempted'),
    nextPaymentAttemptS: source.seconds('next_payment_attempt'),
    hostedInvoiceUrl: source.text('hosted_invoice_url'),
    billingReason: source.text('billing_reason'),
    collectionMethod: source.choice('collection_method', ['charge_automatically', 'send_invoice']),
    ...times(source),
    isPaidOutOfBand: source.bool('paid_out_of_band'),
    amountPaidOffStripeMinor: source.int('amount_paid_off_stripe'),
    payments: embeddedPayments(source),
    chargeId: source.idOf('charge'),
    paymentIntentId: source.idOf('payment_intent'),
    lastFinalizationError: errorFact(source.child('last_finalization_error')),
    lastPaymentError: lastPaymentError(source),
    metadata: source.metadata('metadata'),
  };
}

/** The oldest versions have no status but `paid` and `closed`. */
function invoiceStatus(source: RawObject): InvoiceFact['status'] {
  if (source.has('status')) return source.choice('status', ['draft', 'open', 'paid', 'uncollectible', 'void']);
  return source.bool('paid') === true ? 'paid' : null;
}

function amounts(source: RawObject) {
  return {
    amountDueMinor: source.int('amount_due'),
    amountPaidMinor: source.int('amount_paid'),
    amountRemainingMinor: source.int('amount_remaining'),
    subtotalMinor: source.int('subtotal'),
    totalMinor: source.int('total'),
    totalExcludingTaxMinor: source.int('total_excluding_tax'),
  };
}

function times(source: RawObject) {
  const transitions = source.child('status_transitions');
  return {
    createdS: source.seconds('created') ?? source.seconds('date'),
    dueDateS: source.seconds('due_date'),
    periodStartS: source.seconds('period_start'),
    periodEndS: source.seconds('period_end'),
    finalizedAtS: transitions?.seconds('finalized_at') ?? null,
    paidAtS: transitions?.seconds('paid_at') ?? null,
    voidedAtS: transitions?.seconds('voided_at') ?? null,
    markedUncollectibleAtS: transitions?.seconds('marked_uncollectible_at') ?? null,
  };
}

/**
 * Early invoices, and in any version those of a person who bills what a subscription has gathered, name the subscription
 * only on their lines: up to acacia there, since basil under the line's parent. One that names several has no single one.
 */
function lineSubscription(source: RawObject): string | null {
  const lines = source.expanded('lines')?.list('data')?.entries ?? [];
  const ids = new Set<string>();
  for (const [index, entry] of lines.entries()) {
    if (!isRecord(entry)) continue;
    const line = source.nested(entry, `lines.data.${index}`);
    const parent = line.expanded('parent');
    const details = parent?.expanded('subscription_item_details') ?? parent?.expanded('invoice_item_details') ?? null;
    const subscription = line.idOf('subscription') ?? details?.idOf('subscription') ?? null;
    if (subscription !== null) ids.add(subscription);
  }
  const [only, ...others] = ids;
  return only !== undefined && others.length === 0 ? only : null;
}

function lastPaymentError(source: RawObject): PaymentErrorFact | null {
  const fromIntent = errorFact(source.expanded('payment_intent')?.expanded('last_payment_error') ?? null);
  if (fromIntent !== null) return fromIntent;
  const charge = source.expanded('charge');
  if (charge === null || charge.text('status') !== 'failed') return null;
  return {
    code: charge.text('failure_code'),
    declineCode: charge.expanded('outcome')?.text('reason') ?? null,
    message: charge.text('failure_message'),
  };
}

function errorFact(source: RawObject | null): PaymentErrorFact | null {
  if (source === null) return null;
  return { code: source.text('code'), declineCode: source.text('decline_code'), message: source.text('message') };
}
