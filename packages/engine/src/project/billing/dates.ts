/** The dates of a contact's billing, over all of its subscriptions. Times are epoch seconds. */
import type { SubscriptionFact } from '../stripe/subscription.ts';
import { latestEnded } from './plan.ts';
import { cancellation, effectiveStatus, isLive, latestPeriodEnd } from './status.ts';
import type { BillingPolicy } from './policy.ts';

/** The earliest end of a running trial; else the latest past one, so that "ended 3 days ago" can be asked; else null. */
export function trialEndDate(subscriptions: readonly SubscriptionFact[], asOfS: number): number | null {
  let running: number | null = null;
  let past: number | null = null;
  for (const { status, trialEndS } of subscriptions) {
    if (trialEndS === null) continue;
    if (status === 'trialing') running = running === null ? trialEndS : Math.min(running, trialEndS);
    else if (trialEndS <= asOfS) past = past === null ? trialEndS : Math.max(past, trialEndS);
  }
  return running ?? past;
}

/** When the primary subscription began, backdating counted; else when the one that ended last had begun. */
export function subscriptionStartDate(
  primary: SubscriptionFact | null,
  subscriptions: readonly SubscriptionFact[],
): number | null {
  const subscription = primary ?? latestEnded(subscriptions);
  return subscription?.startDateS ?? subscription?.createdS ?? null;
}

/** The earliest date on which a live subscription is set to end, in either of Stripe's two encodings. */
export function cancelsAt(subscriptions: readonly SubscriptionFact[]): number | null {
  return earliest(subscriptions.filter(isLive).map(endDate));
}

function endDate(subscription: SubscriptionFact): number | null {
  if (subscription.cancelAtS !== null) return subscription.cancelAtS;
  return subscription.isCancelAtPeriodEnd ? latestPeriodEnd(subscription) : null;
}

/** The next time that a subscription which goes on will bill. Items may have periods of their own. */
export function renewsAt(
  policy: BillingPolicy,
  input: { readonly subscriptions: readonly SubscriptionFact[]; readonly asOfS: number },
): number | null {
  const next = input.subscriptions.map((subscription) => {
    const status = effectiveStatus(policy, subscription);
    const isBilled = status === 'active' || status === 'past_due' || status === 'trialing';
    if (!isBilled) return null;
    const periodEndS = earliest(subscription.items.map((item) => item.currentPeriodEndS));
    if (periodEndS === null || cancellation(subscription, input.asOfS) === 'period_end') return null;
    return subscription.cancelAtS !== null && subscription.cancelAtS <= periodEndS ? null : periodEndS;
  });
  return earliest(next);
}

function earliest(times: readonly (number | null)[]): number | null {
  let first: number | null = null;
  for (const time of times) {
    if (time !== null && (first === null || time < first)) first = time;
  }
  return first;
}
