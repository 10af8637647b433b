/** One status for a contact with several subscriptions, and what a scheduled cancellation means. */
import type { SubscriptionFact, SubscriptionStatus } from '../stripe/subscription.ts';
import type { BillingStatus } from './billing-summary.ts';
import type { BillingPolicy } from './policy.ts';

/** Not over and not still waiting for its first payment: it has a plan. */
const LIVE: ReadonlySet<SubscriptionStatus | null> = new Set(['active', 'past_due', 'trialing', 'unpaid', 'paused']);

export function isLive(subscription: SubscriptionFact): boolean {
  return LIVE.has(subscription.status);
}

/** Over, or never begun: nothing more will be billed. */
export function isOver(subscription: SubscriptionFact): boolean {
  return subscription.status === 'canceled' || subscription.status === 'incomplete_expired';
}

/**
 * Stripe's status, except that a live subscription whose invoices are voided or written off reads `paused`:
 * Stripe leaves it active although nobody pays.
 */
export function effectiveStatus(policy: BillingPolicy, subscription: SubscriptionFact): SubscriptionStatus | null {
  const { status, pauseCollection: pause } = subscription;
  const isBilled = status === 'active' || status === 'past_due' || status === 'trialing';
  if (!isBilled || pause === null || policy.pauseCollection === 'ignore') return status;
  return pause.behavior === 'void' || pause.behavior === 'mark_uncollectible' ? 'paused' : status;
}

/** The first in the tenant's order that any subscription has; an unknown status decides nothing. */
export function billingStatus(policy: BillingPolicy, subscriptions: readonly SubscriptionFact[]): BillingStatus {
  let best: SubscriptionStatus | null = null;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const subscription of subscriptions) {
    const status = effectiveStatus(policy, subscription);
    const rank = status === null ? undefined : policy.statusRank.get(status);
    if (rank !== undefined && rank < bestRank) [best, bestRank] = [status, rank];
  }
  return best ?? 'none';
}

/**
 * Whether the subscription is set to end, and when: with this period, in a later one (a fixed term), or unknown.
 * Two encodings mean the same: `cancel_at_period_end`, and `cancel_at` at the period's end (customer portal).
 */
export function cancellation(
  subscription: SubscriptionFact,
  asOfS: number,
): 'none' | 'period_end' | 'later' | 'unknown' {
  if (subscription.isCancelAtPeriodEnd) return 'period_end';
  const { cancelAtS } = subscription;
  if (cancelAtS === null) return 'none';
  if (cancelAtS <= asOfS) return 'period_end';
  const latestEndS = latestPeriodEnd(subscription);
  if (latestEndS === null) return 'unknown';
  return cancelAtS <= latestEndS ? 'period_end' : 'later';
}

/** Items of one subscription may have periods of their own; the latest end is when all of them are over. */
export function latestPeriodEnd(subscription: SubscriptionFact): number | null {
  let latest: number | null = null;
  for (const { currentPeriodEndS } of subscription.items) {
    if (currentPeriodEndS !== null && (latest === null || currentPeriodEndS > latest)) latest = currentPeriodEndS;
  }
  return latest;
}
