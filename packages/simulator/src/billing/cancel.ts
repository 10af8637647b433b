import { invalid } from '#errors.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import { announce, change } from './record.ts';
import { nowS, type Scope } from './scope.ts';

export interface CancelDetails {
  readonly reason?: string | null;
  readonly feedback?: string | null;
  readonly comment?: string | null;
}

/** Ends it at this instant. `canceled_at` keeps the time at which an earlier, scheduled cancellation was asked for. */
export function cancelNow(
  scope: Scope,
  row: SubscriptionRow,
  details: CancelDetails,
  how: { readonly isScheduled?: boolean } = {},
): void {
  if (row.endedAt !== null)
    throw invalid('This subscription has already been canceled.', undefined, 'resource_missing');
  row.status = 'canceled';
  row.endedAt = nowS(scope);
  row.canceledAt ??= nowS(scope);
  if (!how.isScheduled) {
    row.cancelAt = null;
    row.cancelAtPeriodEnd = false;
  }
  row.pauseCollection = null;
  row.cancellation = {
    comment: details.comment ?? row.cancellation.comment,
    feedback: details.feedback ?? row.cancellation.feedback,
    reason: details.reason ?? row.cancellation.reason ?? 'cancellation_requested',
  };
  announce(scope, 'customer.subscription.deleted', 'subscription', row);
  stopCollecting(scope, row);
}

/** Open invoices stay open, but nobody tries to collect them any more; waiting prorations are dropped. */
function stopCollecting(scope: Scope, row: SubscriptionRow): void {
  for (const invoice of scope.state.invoices.inGroup(row.customer)) {
    if (invoice.subscription !== row.id || (invoice.status !== 'open' && invoice.status !== 'draft')) continue;
    change(scope, { kind: 'invoice', row: invoice, type: 'invoice.updated' }, () => {
      invoice.autoAdvance = false;
      invoice.nextPaymentAttempt = null;
      invoice.finalizesAt = null;
    });
  }
  for (const item of scope.state.invoiceItems.inGroup(row.customer)) {
    if (item.subscription === row.id && item.invoice === null) item.deleted = true;
  }
}

/** Sets or clears a cancellation in the future; call inside a `change` of the subscription. */
export function setScheduledCancel(
  scope: Scope,
  row: SubscriptionRow,
  input: { readonly atPeriodEnd: boolean } | { readonly atS: number | null },
): void {
  if ('atPeriodEnd' in input) {
    row.cancelAtPeriodEnd = input.atPeriodEnd;
    row.cancelAt = input.atPeriodEnd ? row.periodEnd : null;
  } else {
    row.cancelAtPeriodEnd = false;
    row.cancelAt = input.atS;
    if (input.atS !== null) scope.world.setTimer(scope.state, 'cancel_at', row.id, input.atS);
  }
  const isScheduled = row.cancelAt !== null;
  row.canceledAt = isScheduled ? nowS(scope) : null;
  row.cancellation = isScheduled
    ? { ...row.cancellation, reason: 'cancellation_requested' }
    : { comment: null, feedback: null, reason: null };
}
