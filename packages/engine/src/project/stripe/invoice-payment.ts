/** One payment of an invoice (basil and later): the link from an invoice to its payment intent or charge. */
import { isRecord } from '#base/is-record.ts';
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface InvoicePaymentFact {
  readonly object: 'invoice_payment';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly invoiceId: string | null;
  readonly status: 'paid' | 'open' | 'canceled' | null;
  readonly currency: string | null;
  /** Null until paid. */
  readonly amountPaidMinor: number | null;
  readonly amountRequestedMinor: number | null;
  /** `payment_intent`, `charge`, or `payment_record` for money that did not go through Stripe. */
  readonly paymentType: string | null;
  readonly paymentIntentId: string | null;
  readonly chargeId: string | null;
  readonly createdS: number | null;
  readonly paidAtS: number | null;
}

export function readInvoicePayment(raw: unknown): ReadResult<InvoicePaymentFact> {
  return readAs(raw, { objects: ['invoice_payment'], read: invoicePaymentFact });
}

function invoicePaymentFact(source: RawObject, id: string): InvoicePaymentFact {
  const payment = source.child('payment');
  return {
    object: 'invoice_payment',
    id,
    livemode: source.bool('livemode'),
    invoiceId: source.idOf('invoice'),
    status: source.choice('status', ['paid', 'open', 'canceled']),
    currency: source.text('currency')?.toLowerCase() ?? null,
    amountPaidMinor: source.int('amount_paid'),
    amountRequestedMinor: source.int('amount_requested'),
    paymentType: payment?.text('type') ?? null,
    paymentIntentId: payment?.idOf('payment_intent') ?? null,
    chargeId: payment?.idOf('charge') ?? null,
    createdS: source.seconds('created'),
    paidAtS: source.child('status_transitions')?.seconds('paid_at') ?? null,
  };
}

/** `invoice.payments`, if expanded. Null when not, or when the embedded list was cut short. */
export function embeddedPayments(source: RawObject): readonly InvoicePaymentFact[] | null {
  const list = source.list('payments');
  if (list === null || list.isTruncated) return null;
  const facts: InvoicePaymentFact[] = [];
  for (const [index, entry] of list.entries.entries()) {
    if (!isRecord(entry)) {
      source.warn('wrong_type', `payments.data.${index}`);
      return null;
    }
    const payment = source.nested(entry, `payments.data.${index}`);
    facts.push(invoicePaymentFact(payment, payment.text('id') ?? ''));
  }
  return facts;
}
