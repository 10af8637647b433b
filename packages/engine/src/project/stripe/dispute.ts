import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export const DISPUTE_STATUSES = [
  'warning_needs_response',
  'warning_under_review',
  'warning_closed',
  'needs_response',
  'under_review',
  'appeal_needs_response',
  'appeal_under_review',
  'charge_refunded',
  'prevented',
  'won',
  'lost',
] as const;
export type DisputeStatus = (typeof DISPUTE_STATUSES)[number];

export interface DisputeFact {
  readonly object: 'dispute';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly chargeId: string | null;
  readonly paymentIntentId: string | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
  /** Null when Stripe says something that we do not know. */
  readonly status: DisputeStatus | null;
  readonly reason: string | null;
  readonly isChargeRefundable: boolean | null;
  readonly evidenceDueByS: number | null;
  readonly createdS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readDispute(raw: unknown): ReadResult<DisputeFact> {
  return readAs(raw, { objects: ['dispute'], read: disputeFact });
}

function disputeFact(source: RawObject, id: string): DisputeFact {
  return {
    object: 'dispute',
    id,
    livemode: source.bool('livemode'),
    chargeId: source.idOf('charge'),
    paymentIntentId: source.idOf('payment_intent'),
    amountMinor: source.int('amount'),
    currency: source.text('currency')?.toLowerCase() ?? null,
    status: source.choice('status', DISPUTE_STATUSES),
    reason: source.text('reason'),
    isChargeRefundable: source.bool('is_charge_refundable'),
    evidenceDueByS: source.child('evidence_details')?.seconds('due_by') ?? null,
    createdS: source.seconds('created'),
    metadata: source.metadata('metadata'),
  };
}
