import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface CreditNoteFact {
  readonly object: 'credit_note';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly customerId: string | null;
  readonly invoiceId: string | null;
  readonly status: 'issued' | 'void' | null;
  readonly currency: string | null;
  readonly amountMinor: number | null;
  /** Paid back outside Stripe. */
  readonly outOfBandAmountMinor: number | null;
  readonly prePaymentAmountMinor: number | null;
  readonly postPaymentAmountMinor: number | null;
  readonly reason: string | null;
  readonly createdS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readCreditNote(raw: unknown): ReadResult<CreditNoteFact> {
  return readAs(raw, { objects: ['credit_note'], read: creditNoteFact });
}

function creditNoteFact(source: RawObject, id: string): CreditNoteFact {
  return {
    object: 'credit_note',
    id,
    livemode: source.bool('livemode'),
    customerId: source.idOf('customer'),
    invoiceId: source.idOf('invoice'),
    status: source.choice('status', ['issued', 'void']),
    currency: source.text('currency')?.toLowerCase() ?? null,
    amountMinor: source.int('amount') ?? source.int('total'),
    outOfBandAmountMinor: source.int('out_of_band_amount'),
    prePaymentAmountMinor: source.int('pre_payment_amount'),
    postPaymentAmountMinor: source.int('post_payment_amount'),
    reason: source.text('reason'),
    createdS: source.seconds('created'),
    metadata: source.metadata('metadata'),
  };
}
