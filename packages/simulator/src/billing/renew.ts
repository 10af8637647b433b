import type { InvoiceRow } from '#store/invoice.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import { cancelNow } from './cancel.ts';
import { collect } from './collect.ts';
import { createInvoice, periodLines } from './invoices.ts';
import { methodFor } from './payments.ts';
import { nextBoundary } from './period.ts';
import { announce, change } from './record.ts';
import { customerOf, nowS, type Scope } from './scope.ts';
import { commonInterval } from './subscribe.ts';

const BILLED: ReadonlySet<SubscriptionRow['status']> = new Set(['trialing', 'active', 'past_due', 'unpaid']);

/** A period is over: the trial or the subscription ends, or the next period begins and its invoice is drafted. */
export function endPeriod(
  scope: Scope,
  row: SubscriptionRow,
  how: { readonly collectAtOnce: boolean } = { collectAtOnce: false },
): void {
  if (!BILLED.has(row.status) || row.periodEnd > nowS(scope)) return;
  if (row.cancelAt !== null && row.cancelAt <= nowS(scope)) {
    cancelNow(scope, row, {}, { isScheduled: true });
    return;
  }
  const wasTrial = row.status === 'trialing';
  if (
    wasTrial &&
    row.trialEndBehavior !== 'create_invoice' &&
    methodFor(scope, customerOf(scope, row.customer), row) === null
  ) {
    endTrialWithoutMethod(scope, row);
    return;
  }
  const invoice = startNextPeriod(scope, row, wasTrial);
  scope.world.setTimer(scope.state, 'period_end', row.id, row.periodEnd);
  if (how.collectAtOnce && invoice.status === 'draft' && invoice.autoAdvance) collect(scope, invoice);
}

/** A trial that is to end otherwise than with an invoice, because there is no card. */
export function hasTrialWithoutMethod(scope: Scope, row: SubscriptionRow): boolean {
  const isTrial = row.status === 'trialing' && row.trialEndBehavior !== 'create_invoice';
  return isTrial && methodFor(scope, customerOf(scope, row.customer), row) === null;
}

export function endTrialWithoutMethod(scope: Scope, row: SubscriptionRow): void {
  if (row.trialEndBehavior === 'cancel') {
    cancelNow(scope, row, { reason: 'payment_failed' });
    return;
  }
  change(scope, { kind: 'subscription', row, type: 'customer.subscription.updated' }, () => {
    row.status = 'paused';
    row.paused = { at: nowS(scope), type: 'trial_end_without_payment_method' };
  });
  announce(scope, 'customer.subscription.paused', 'subscription', row);
}

function startNextPeriod(scope: Scope, row: SubscriptionRow, wasTrial: boolean): InvoiceRow {
  let drafted: InvoiceRow | undefined;
  change(scope, { kind: 'subscription', row, type: 'customer.subscription.updated' }, () => {
    const ended = { start: row.periodStart, end: row.periodEnd };
    if (wasTrial) row.status = 'active';
    row.periodStart = row.periodEnd;
    row.periodEnd = nextBoundary(row.billingCycleAnchor, commonInterval(scope, row.items), row.periodStart);
    if (row.cancelAtPeriodEnd) row.cancelAt = row.periodEnd;
    drafted = createInvoice(scope, {
      customer: row.customer,
      subscription: row,
      lines: periodLines(scope, row, { isTrial: false }),
      billingReason: 'subscription_cycle',
      currency: row.currency,
      periodStart: ended.start,
      periodEnd: ended.end,
      autoAdvance: row.status !== 'unpaid',
      daysUntilDue: row.daysUntilDue,
      withPendingItems: true,
    });
    row.latestInvoice = drafted.id;
  });
  if (!drafted) throw new Error('a period began without an invoice');
  return drafted;
}
