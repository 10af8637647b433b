/**
 * Changes to a running subscription. Prorations follow Stripe's: the unused part of what was is credited, the same part
 * of what will be is charged, by the second; they wait for the next invoice unless it is to be made at once. A change
 * of interval starts a new period now and bills it.
 */
import { invalid, missing } from '#errors.ts';
import type { Metadata } from '#store/customer.ts';
import type { InvoiceRow } from '#store/invoice.ts';
import type { ItemRow, SubscriptionRow } from '#store/subscription.ts';
import { amountFor } from './amount.ts';
import { setScheduledCancel } from './cancel.ts';
import { collect } from './collect.ts';
import { type DiscountInput, redeem, removeDiscount } from './discounts.ts';
import { createInvoice, periodLines } from './invoices.ts';
import { nextBoundary } from './period.ts';
import { announce, change } from './record.ts';
import { endTrialWithoutMethod, hasTrialWithoutMethod } from './renew.ts';
import { nowS, priceOf, type Scope } from './scope.ts';
import { commonInterval } from './subscribe.ts';
import { scheduleTrial } from './trials.ts';

export interface ItemChange {
  readonly id?: string;
  readonly price?: string;
  readonly quantity?: number;
  readonly deleted?: boolean;
  readonly metadata?: Metadata;
}

export interface SubscriptionChange {
  readonly items?: readonly ItemChange[];
  readonly prorationBehavior?: 'create_prorations' | 'always_invoice' | 'none';
  readonly cancelAtPeriodEnd?: boolean;
  readonly cancelAt?: number | null;
  readonly cancellation?: { readonly comment?: string | null; readonly feedback?: string | null };
  readonly trialEnd?: number | 'now';
  readonly pauseCollection?: SubscriptionRow['pauseCollection'];
  readonly defaultPaymentMethod?: string | null;
  readonly discounts?: readonly DiscountInput[] | null;
  readonly resetAnchor?: boolean;
  readonly metadata?: Metadata;
  readonly description?: string | null;
  readonly collectionMethod?: SubscriptionRow['collectionMethod'];
  readonly daysUntilDue?: number | null;
  readonly trialEndBehavior?: SubscriptionRow['trialEndBehavior'];
  readonly schedule?: string | null;
}

export function updateSubscription(scope: Scope, row: SubscriptionRow, input: SubscriptionChange): void {
  if (row.endedAt !== null || row.status === 'incomplete_expired') {
    throw invalid('A canceled subscription can only update its cancellation_details and metadata.', 'items');
  }
  if (input.trialEnd === 'now' && hasTrialWithoutMethod(scope, row)) {
    row.trialEnd = nowS(scope);
    endTrialWithoutMethod(scope, row);
    return;
  }
  let invoice: InvoiceRow | null = null;
  const before = { trialEnd: row.trialEnd, discounts: [...row.discounts] };
  const added = (input.discounts ?? []).map((discount) =>
    redeem(scope, { ...discount, customer: row.customer, subscription: row.id }),
  );
  change(scope, { kind: 'subscription', row, type: 'customer.subscription.updated' }, () => {
    applyPlainFields(scope, row, input);
    if (input.discounts !== undefined) row.discounts = added.map((discount) => discount.id);
    if (input.trialEnd !== undefined) moveTrialEnd(scope, row, input.trialEnd);
    const isEndedTrial = before.trialEnd !== null && input.trialEnd === 'now';
    invoice = changeItems(scope, row, { input, isEndedTrial });
    if (invoice) row.latestInvoice = invoice.id;
  });
  if (input.discounts !== undefined) dropDiscounts(scope, before.discounts);
  if (input.trialEnd !== undefined && row.trialEnd !== null) scheduleTrial(scope, row);
  if (before.trialEnd !== null && input.trialEnd === 'now') {
    announce(scope, 'customer.subscription.trial_will_end', 'subscription', row);
  }
  if (invoice) collect(scope, invoice);
  if (row.endedAt === null) scope.world.setTimer(scope.state, 'period_end', row.id, row.periodEnd);
}

function applyPlainFields(scope: Scope, row: SubscriptionRow, input: SubscriptionChange): void {
  if (input.metadata !== undefined) row.metadata = input.metadata;
  if (input.description !== undefined) row.description = input.description;
  if (input.defaultPaymentMethod !== undefined) row.defaultPaymentMethod = input.defaultPaymentMethod;
  if (input.collectionMethod !== undefined) row.collectionMethod = input.collectionMethod;
  if (input.daysUntilDue !== undefined) row.daysUntilDue = input.daysUntilDue;
  if (input.trialEndBehavior !== undefined) row.trialEndBehavior = input.trialEndBehavior;
  if (input.schedule !== undefined) row.schedule = input.schedule;
  if (input.cancelAtPeriodEnd !== undefined && input.cancelAtPeriodEnd !== row.cancelAtPeriodEnd) {
    setScheduledCancel(scope, row, { atPeriodEnd: input.cancelAtPeriodEnd });
  }
  if (input.cancelAt !== undefined) {
    if (input.cancelAt !== null && input.cancelAt <= nowS(scope))
      throw invalid('`cancel_at` must be in the future.', 'cancel_at');
    setScheduledCancel(scope, row, { atS: input.cancelAt });
  }
  if (input.cancellation) row.cancellation = { ...row.cancellation, ...input.cancellation };
  if (input.pauseCollection !== undefined) {
    row.pauseCollection = input.pauseCollection;
    const resumesAt = input.pauseCollection?.resumesAt ?? null;
    if (resumesAt !== null) scope.world.setTimer(scope.state, 'pause_resume', row.id, resumesAt);
  }
}

function moveTrialEnd(scope: Scope, row: SubscriptionRow, trialEnd: number | 'now'): void {
  const now = nowS(scope);
  if (trialEnd === 'now') {
    if (row.status !== 'trialing') return;
    row.trialEnd = now;
    row.status = 'active';
    row.billingCycleAnchor = now;
    row.periodStart = now;
    row.periodEnd = nextBoundary(now, commonInterval(scope, row.items), now);
    if (row.cancelAtPeriodEnd) row.cancelAt = row.periodEnd;
    return;
  }
  if (trialEnd <= now) throw invalid('Invalid timestamp: must be an integer Unix timestamp in the future', 'trial_end');
  if (row.trialStart === null || row.status !== 'trialing') row.trialStart = now;
  if (row.status !== 'trialing') row.periodStart = now;
  row.status = 'trialing';
  row.trialEnd = trialEnd;
  row.billingCycleAnchor = trialEnd;
  row.periodEnd = trialEnd;
  if (row.cancelAtPeriodEnd) row.cancelAt = row.periodEnd;
}

/** Returns the invoice that has to be collected at once, if any. */
function changeItems(
  scope: Scope,
  row: SubscriptionRow,
  at: { readonly input: SubscriptionChange; readonly isEndedTrial: boolean },
): InvoiceRow | null {
  const { input } = at;
  const old = row.items;
  const oldPeriod = { start: row.periodStart, end: row.periodEnd };
  const next = input.items === undefined ? old : mergedItems(scope, old, input.items);
  const interval = commonInterval(scope, next);
  const wasInterval = commonInterval(scope, old);
  const isNewInterval =
    interval.interval !== wasInterval.interval || interval.intervalCount !== wasInterval.intervalCount;
  const restarts = row.status !== 'trialing' && (isNewInterval || input.resetAnchor === true) && !at.isEndedTrial;
  const isSame = JSON.stringify(old) === JSON.stringify(next);
  row.items = next;
  if (restarts) {
    row.billingCycleAnchor = nowS(scope);
    row.periodStart = nowS(scope);
    row.periodEnd = nextBoundary(row.periodStart, interval, row.periodStart);
    if (row.cancelAtPeriodEnd) row.cancelAt = row.periodEnd;
  }
  const behavior = input.prorationBehavior ?? 'create_prorations';
  const isBilled = row.status === 'active' || row.status === 'past_due';
  if (isBilled && !at.isEndedTrial && behavior !== 'none' && (!isSame || restarts)) {
    prorate(scope, row, { old, next: restarts ? [] : next, period: oldPeriod });
  }
  if (restarts || at.isEndedTrial) return invoiceNow(scope, row, true);
  if (isBilled && behavior === 'always_invoice' && !isSame) return invoiceNow(scope, row, false);
  return null;
}

function invoiceNow(scope: Scope, row: SubscriptionRow, withPeriod: boolean): InvoiceRow {
  return createInvoice(scope, {
    customer: row.customer,
    subscription: row,
    lines: withPeriod ? periodLines(scope, row, { isTrial: false }) : [],
    billingReason: 'subscription_update',
    currency: row.currency,
    periodStart: row.periodStart,
    periodEnd: nowS(scope),
    autoAdvance: false,
    withPendingItems: true,
  });
}

/** Items named by id are changed, others added; those not named stay as they are. */
function mergedItems(scope: Scope, old: readonly ItemRow[], changes: readonly ItemChange[]): ItemRow[] {
  const next = old.map((item) => ({ ...item }));
  changes.forEach((wanted, index) => {
    if (wanted.id === undefined) {
      const price = priceOf(scope, wanted.price ?? '', `items[${index}][price]`);
      next.push({
        id: `si_${scope.world.chance.text(14)}`,
        created: nowS(scope),
        price: price.id,
        quantity: wanted.quantity ?? 1,
        metadata: { ...wanted.metadata },
      });
      return;
    }
    const place = next.findIndex((item) => item.id === wanted.id);
    const item = next[place];
    if (!item) throw missing('subscription_item', wanted.id, `items[${index}][id]`);
    if (wanted.deleted) {
      next.splice(place, 1);
      return;
    }
    if (wanted.price !== undefined) item.price = priceOf(scope, wanted.price, `items[${index}][price]`).id;
    if (wanted.quantity !== undefined) item.quantity = wanted.quantity;
    if (wanted.metadata !== undefined) item.metadata = { ...wanted.metadata };
  });
  if (next.length === 0) throw invalid('A subscription must have at least one active plan.', 'items');
  return next;
}

function prorate(
  scope: Scope,
  row: SubscriptionRow,
  at: {
    readonly old: readonly ItemRow[];
    readonly next: readonly ItemRow[];
    readonly period: { start: number; end: number };
  },
): void {
  const now = nowS(scope);
  const share = (at.period.end - now) / (at.period.end - at.period.start);
  if (!(share > 0)) return;
  for (const item of at.old) {
    const kept = at.next.find((candidate) => candidate.id === item.id);
    if (kept && kept.price === item.price && kept.quantity === item.quantity) continue;
    addProration(scope, row, { item, sign: -1, share, end: at.period.end });
  }
  for (const item of at.next) {
    const was = at.old.find((candidate) => candidate.id === item.id);
    if (was && was.price === item.price && was.quantity === item.quantity) continue;
    addProration(scope, row, { item, sign: 1, share, end: at.period.end });
  }
}

function addProration(
  scope: Scope,
  row: SubscriptionRow,
  at: { readonly item: ItemRow; readonly sign: 1 | -1; readonly share: number; readonly end: number },
): void {
  const price = priceOf(scope, at.item.price);
  const amount = at.sign * Math.round(amountFor(price, at.item.quantity, row.currency) * at.share);
  if (amount === 0) return;
  const name = scope.state.products.get(price.product)?.name ?? price.product;
  const day = scope.world.clock
    .now()
    .toLocaleDateString('en-GB', { day: '2-digit', month: 'short', year: 'numeric', timeZone: 'UTC' });
  const many = at.item.quantity === 1 ? '' : `${at.item.quantity} × `;
  const item = scope.state.invoiceItems.add({
    id: `ii_1${scope.world.chance.text(23)}`,
    created: nowS(scope),
    customer: row.customer,
    subscription: row.id,
    subscriptionItem: at.item.id,
    invoice: null,
    amount,
    currency: row.currency,
    description: `${at.sign < 0 ? 'Unused' : 'Remaining'} time on ${many}${name} after ${day}`,
    price: price.id,
    quantity: at.item.quantity,
    unitAmount: at.item.quantity === 0 ? amount : Math.round(amount / at.item.quantity),
    isProration: true,
    periodStart: nowS(scope),
    periodEnd: at.end,
    metadata: {},
  });
  announce(scope, 'invoiceitem.created', 'invoiceitem', item);
}

function dropDiscounts(scope: Scope, ids: readonly string[]): void {
  for (const id of ids) {
    const discount = scope.state.discounts.get(id);
    if (discount) removeDiscount(scope, discount);
  }
}

/** From `paused` back to `active`: a new period begins now and is billed. */
export function resumePaused(scope: Scope, row: SubscriptionRow): void {
  if (row.status !== 'paused') throw invalid('This subscription is not paused.', undefined, 'resource_missing');
  let invoice: InvoiceRow | null = null;
  change(scope, { kind: 'subscription', row, type: 'customer.subscription.updated' }, () => {
    row.status = 'active';
    row.paused = null;
    row.billingCycleAnchor = nowS(scope);
    row.periodStart = nowS(scope);
    row.periodEnd = nextBoundary(row.periodStart, commonInterval(scope, row.items), row.periodStart);
    invoice = invoiceNow(scope, row, true);
    row.latestInvoice = invoice.id;
  });
  announce(scope, 'customer.subscription.resumed', 'subscription', row);
  if (invoice) collect(scope, invoice);
  scope.world.setTimer(scope.state, 'period_end', row.id, row.periodEnd);
}

/** Since endive a call can pause a subscription outright. */
export function pauseOutright(scope: Scope, row: SubscriptionRow): void {
  change(scope, { kind: 'subscription', row, type: 'customer.subscription.updated' }, () => {
    row.status = 'paused';
    row.paused = { at: nowS(scope), type: 'pause_requested' };
  });
  announce(scope, 'customer.subscription.paused', 'subscription', row);
}
