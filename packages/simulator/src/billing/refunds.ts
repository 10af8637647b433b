import { StripeFault, invalid, missing } from '#errors.ts';
import type { ChargeRow, DisputeRow, RefundRow } from '#store/payment.ts';
import type { Metadata } from '#store/customer.ts';
import { announce, change } from './record.ts';
import { nowS, type Scope } from './scope.ts';

export function chargeOf(scope: Scope, id: string, param = 'charge'): ChargeRow {
  const row = scope.state.charges.get(id);
  if (!row) throw missing('charge', id, param);
  return scope.state.charges.keep(row);
}

/** The rest of the charge when no amount is given. Emits refund.created, charge.refunded and its modern twins. */
export function refundCharge(
  scope: Scope,
  input: {
    readonly charge: ChargeRow;
    readonly amountMinor?: number;
    readonly reason?: string | null;
    readonly metadata?: Metadata;
  },
): RefundRow {
  const { charge } = input;
  const left = charge.amountCaptured - charge.amountRefunded;
  const amount = input.amountMinor ?? left;
  if (left <= 0 || charge.status !== 'succeeded') {
    throw new StripeFault({
      status: 400,
      type: 'invalid_request_error',
      code: 'charge_already_refunded',
      message: `Charge ${charge.id} has already been refunded.`,
    });
  }
  if (amount > left)
    throw invalid(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, 'amount');
  if (amount <= 0) throw invalid('Invalid positive integer', 'amount', 'parameter_invalid_integer');
  const { chance } = scope.world;
  const refund = scope.state.refunds.add({
    id: `re_3${chance.text(23)}`,
    created: nowS(scope),
    amount,
    currency: charge.currency,
    charge: charge.id,
    paymentIntent: charge.paymentIntent,
    reason: input.reason ?? null,
    status: 'succeeded',
    balanceTransaction: `txn_3${chance.text(23)}`,
    metadata: { ...input.metadata },
  });
  change(scope, { kind: 'charge', row: charge, type: 'charge.refunded' }, () => {
    charge.amountRefunded += amount;
  });
  announce(scope, 'refund.created', 'refund', refund);
  announce(scope, 'charge.refund.updated', 'refund', refund);
  return refund;
}

/** Nine days to answer, as in Stripe's test mode. */
const ANSWER_S = 9 * 86_400;

export function openDispute(scope: Scope, input: { readonly charge: ChargeRow; readonly reason: string }): DisputeRow {
  const { charge } = input;
  if (charge.dispute !== null) throw invalid(`Charge ${charge.id} is already disputed.`, 'charge');
  const row = scope.state.disputes.add({
    id: `du_1${scope.world.chance.text(23)}`,
    created: nowS(scope),
    amount: charge.amount,
    currency: charge.currency,
    charge: charge.id,
    paymentIntent: charge.paymentIntent,
    reason: input.reason,
    status: 'needs_response',
    dueBy: nowS(scope) + ANSWER_S,
    metadata: {},
  });
  change(scope, { kind: 'charge', row: charge, type: 'charge.updated' }, () => {
    charge.dispute = row.id;
  });
  announce(scope, 'charge.dispute.created', 'dispute', row);
  announce(scope, 'charge.dispute.funds_withdrawn', 'dispute', row);
  return row;
}

export function closeDispute(scope: Scope, id: string, outcome: 'won' | 'lost'): DisputeRow {
  const row = scope.state.disputes.get(id);
  if (!row) throw missing('dispute', id);
  change(scope, { kind: 'dispute', row, type: 'charge.dispute.closed' }, () => {
    row.status = outcome;
  });
  if (outcome === 'won') announce(scope, 'charge.dispute.funds_reinstated', 'dispute', row);
  return row;
}
