import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface RefundFact {
  readonly object: 'refund';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly chargeId: string | null;
  readonly paymentIntentId: string | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
  /** `succeeded`, `pending`, `failed`, `canceled`, `requires_action`; null in the oldest recordings. */
  readonly status: string | null;
  readonly reason: string | null;
  readonly failureReason: string | null;
  readonly createdS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readRefund(raw: unknown): ReadResult<RefundFact> {
  return readAs(raw, { objects: ['refund'], read: refundFact });
}

function refundFact(source: RawObject, id: string): RefundFact {
  return {
    object: 'refund',
    id,
    livemode: source.bool('livemode'),
    chargeId: source.idOf('charge'),
    paymentIntentId: source.idOf('payment_intent'),
    amountMinor: source.int('amount'),
    currency: source.text('currency')?.toLowerCase() ?? null,
    status: source.text('status'),
    reason: source.text('reason'),
    failureReason: source.text('failure_reason'),
    createdS: source.seconds('created'),
    metadata: source.metadata('metadata'),
  };
}
