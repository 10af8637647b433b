/**
 * What time alone does. In: the clock's next due timers, in order. Each is checked against its row, so a timer whose
 * reason is gone does nothing, and one that fires twice acts once.
 */
import type { SubscriptionRow } from '#store/subscription.ts';
import type { World } from '#store/world.ts';
import type { Timer } from '#timers.ts';
import { cancelNow } from './cancel.ts';
import { attempt, collect } from './collect.ts';
import { removeDiscount } from './discounts.ts';
import { voidInvoice } from './invoices.ts';
import { announce, change } from './record.ts';
import { endPeriod } from './renew.ts';
import { startDuePhase } from './schedules.ts';
import { nowS, type Scope } from './scope.ts';
import { isWarningDue } from './trials.ts';

/** Moves the clock to the next timer within the limit and runs it; false when there is none. */
export function runNextDue(world: World, untilMs: number): boolean {
  const next = world.timers.peek();
  if (!next || next.atS * 1000 > untilMs) return false;
  world.timers.take();
  world.clock.moveTo(next.atS * 1000);
  const scope: Scope = { world, state: world.stateByKey(next.stateKey), request: null };
  run(scope, next);
  return true;
}

function run(scope: Scope, timer: Timer): void {
  const { state } = scope;
  switch (timer.kind) {
    case 'finalize':
    case 'retry':
      return runInvoiceTimer(scope, timer);
    case 'discount_end': {
      const discount = state.discounts.get(timer.id);
      if (discount) removeDiscount(scope, discount);
      return;
    }
    case 'schedule_phase':
      return startDuePhase(scope, timer.id);
    default: {
      const row = state.subscriptions.get(timer.id);
      if (row && row.endedAt === null) runSubscriptionTimer(scope, state.subscriptions.keep(row), timer);
    }
  }
}

function runInvoiceTimer(scope: Scope, timer: Timer): void {
  const invoice = scope.state.invoices.get(timer.id);
  if (!invoice || !invoice.autoAdvance || invoice.deleted) {
    return;
  }
  if (timer.kind === 'finalize' && invoice.status === 'draft' && invoice.finalizesAt === timer.atS)
    collect(scope, invoice);
  if (timer.kind === 'retry' && invoice.status === 'open' && invoice.nextPaymentAttempt === timer.atS) {
    attempt(scope, invoice, { isAutomatic: true });
  }
}

function runSubscriptionTimer(scope: Scope, row: SubscriptionRow, timer: Timer): void {
  switch (timer.kind) {
    case 'trial_will_end':
      if (isWarningDue(row, timer.atS)) announce(scope, 'customer.subscription.trial_will_end', 'subscription', row);
      return;
    case 'period_end':
      if (row.periodEnd === timer.atS) endPeriod(scope, row);
      return;
    case 'cancel_at':
      if (row.cancelAt === timer.atS) cancelNow(scope, row, {}, { isScheduled: true });
      return;
    case 'pause_resume':
      if (row.pauseCollection?.resumesAt !== timer.atS) return;
      change(scope, { kind: 'subscription', row, type: 'customer.subscription.updated' }, () => {
        row.pauseCollection = null;
      });
      return;
    case 'incomplete_expire':
      if (row.status === 'incomplete') expire(scope, row);
      return;
    default:
  }
}

/** The customer never paid the first invoice. */
function expire(scope: Scope, row: SubscriptionRow): void {
  change(scope, { kind: 'subscription', row, type: 'customer.subscription.updated' }, () => {
    row.status = 'incomplete_expired';
    row.endedAt = nowS(scope);
  });
  const invoice = row.latestInvoice === null ? undefined : scope.state.invoices.get(row.latestInvoice);
  if (invoice?.status === 'open') voidInvoice(scope, invoice);
}

/** After a restart the timers come back from the rows that they were for. */
export function restoreTimers(world: World): void {
  for (const state of world.states.values()) {
    for (const row of state.subscriptions.all()) {
      if (row.endedAt !== null) continue;
      world.setTimer(state, 'period_end', row.id, row.periodEnd);
      if (row.cancelAt !== null) world.setTimer(state, 'cancel_at', row.id, row.cancelAt);
      if (row.trialEnd !== null) world.setTimer(state, 'trial_will_end', row.id, row.trialEnd - 3 * 86_400);
      if (row.status === 'incomplete') world.setTimer(state, 'incomplete_expire', row.id, row.created + 23 * 3_600);
      if (row.pauseCollection?.resumesAt) world.setTimer(state, 'pause_resume', row.id, row.pauseCollection.resumesAt);
    }
    for (const row of state.invoices.all()) {
      if (row.finalizesAt !== null) world.setTimer(state, 'finalize', row.id, row.finalizesAt);
      if (row.nextPaymentAttempt !== null) world.setTimer(state, 'retry', row.id, row.nextPaymentAttempt);
    }
    for (const row of state.discounts.all()) {
      if (row.end !== null && !row.deleted) world.setTimer(state, 'discount_end', row.id, row.end);
    }
    for (const row of state.schedules.all()) {
      if (row.status !== 'active' && row.status !== 'not_started') continue;
      for (const phase of row.phases) world.setTimer(state, 'schedule_phase', row.id, phase.startDate);
    }
  }
}
