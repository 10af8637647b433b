/**
 * Which plan a contact has: the primary item of the primary subscription, chosen by list value per month.
 * Discounts, scheduled cancellations and pauses do not change which plan somebody has, so list value decides.
 */
import { add, compare, type Fraction, isZero, roundHalfUp, ZERO } from '#base/fraction.ts';
import { minorToJson } from '#base/money.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';
import type { PlanEntry } from './billing-summary.ts';
import { type BillingContext, priceProduct } from './context.ts';
import { comparableValue } from './currency.ts';
import { type ValuedItem, valueItems } from './mrr.ts';
import { isLive } from './status.ts';

export interface ValuedSubscription {
  readonly subscription: SubscriptionFact;
  readonly items: readonly ValuedItem[];
}

/** Lower is better. The first group that is not empty has the primary subscription. */
const GROUP = { active: 0, past_due: 0, trialing: 1, unpaid: 2, paused: 3 } as const;

function groupOf({ subscription: { status } }: ValuedSubscription): number {
  return status !== null && Object.hasOwn(GROUP, status)
    ? GROUP[status as keyof typeof GROUP]
    : Number.POSITIVE_INFINITY;
}

/** First non-empty group; in it the highest monthly value, then the newest, then the smallest id. */
export function primarySubscription(
  context: BillingContext,
  candidates: readonly ValuedSubscription[],
): ValuedSubscription | null {
  let best: { readonly of: ValuedSubscription; readonly value: Fraction } | null = null;
  for (const candidate of candidates) {
    if (groupOf(candidate) === Number.POSITIVE_INFINITY) continue;
    const contender = { of: candidate, value: subscriptionValue(context, candidate) };
    if (best === null || isBetter(contender, best)) best = contender;
  }
  return best?.of ?? null;
}

function isBetter(
  left: { readonly of: ValuedSubscription; readonly value: Fraction },
  right: { readonly of: ValuedSubscription; readonly value: Fraction },
): boolean {
  const byGroup = groupOf(left.of) - groupOf(right.of);
  if (byGroup !== 0) return byGroup < 0;
  const byValue = compare(left.value, right.value);
  if (byValue !== 0) return byValue > 0;
  const byAge = (left.of.subscription.createdS ?? 0) - (right.of.subscription.createdS ?? 0);
  if (byAge !== 0) return byAge > 0;
  return left.of.subscription.id < right.of.subscription.id;
}

function subscriptionValue({ policy }: BillingContext, { subscription, items }: ValuedSubscription): Fraction {
  const value = items.reduce((sum, item) => add(sum, item.listMonthly ?? ZERO), ZERO);
  return comparableValue(policy, { value, currency: subscription.currency });
}

/** The licensed item of the highest value, the first on a tie; the first of all where every item is metered. */
export function primaryItem(items: readonly ValuedItem[]): ValuedItem | null {
  let best: ValuedItem | null = null;
  for (const item of items) {
    if (item.isMetered) continue;
    if (best === null || compare(item.listMonthly ?? ZERO, best.listMonthly ?? ZERO) > 0) best = item;
  }
  return best ?? items[0] ?? null;
}

export interface NamedPlan {
  readonly priceId: string | null;
  readonly name: string | null;
  readonly tier: string | null;
}

const NO_PLAN: NamedPlan = { priceId: null, name: null, tier: null };

/** The product's name is what customers know; a price's nickname is often only "Monthly". */
export function namedPlan(context: BillingContext, valued: ValuedItem | null): NamedPlan {
  if (valued === null) return NO_PLAN;
  const { price, item, productId } = valued;
  const { tiers } = context.policy;
  const byPrice = item.priceId === null ? undefined : entry(tiers.prices, item.priceId);
  const byProduct = productId === null ? undefined : entry(tiers.products, productId);
  const name = priceProduct(context, price)?.name ?? price?.nickname ?? price?.lookupKey ?? null;
  return { priceId: item.priceId, name, tier: byPrice ?? byProduct ?? null };
}

function entry(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Only with nothing live: the plan of the canceled subscription that ended last. Never paid is not a last plan. */
export function lastPlan(context: BillingContext, subscriptions: readonly SubscriptionFact[]): NamedPlan {
  if (subscriptions.some(isLive)) return NO_PLAN;
  const ended = latestEnded(subscriptions);
  return ended === null ? NO_PLAN : namedPlan(context, primaryItem(valueItems(context, ended)));
}

/** The canceled subscription that ended last; on a tie the one created last, then the smallest id. */
export function latestEnded(subscriptions: readonly SubscriptionFact[]): SubscriptionFact | null {
  let latest: SubscriptionFact | null = null;
  for (const subscription of subscriptions) {
    if (subscription.status !== 'canceled') continue;
    if (latest === null || endedBefore(latest, subscription)) latest = subscription;
  }
  return latest;
}

function endedBefore(left: SubscriptionFact, right: SubscriptionFact): boolean {
  const byEnd = endS(left) - endS(right);
  if (byEnd !== 0) return byEnd < 0;
  const byAge = (left.createdS ?? 0) - (right.createdS ?? 0);
  return byAge === 0 ? left.id > right.id : byAge < 0;
}

function endS(subscription: SubscriptionFact): number {
  return subscription.endedAtS ?? subscription.canceledAtS ?? subscription.createdS ?? 0;
}

/** Every item of every live subscription, for a page that shows them all. */
export function planEntries(
  context: BillingContext,
  input: { readonly live: readonly ValuedSubscription[]; readonly primary: ValuedItem | null },
): readonly PlanEntry[] {
  return input.live.flatMap(({ subscription, items }) => {
    const { status } = subscription;
    if (status === null) return [];
    return items.map((valued): PlanEntry => {
      const { name, tier } = namedPlan(context, valued);
      const value = valued.listMonthly;
      const isPriced = value !== null && !(valued.isMetered && isZero(value));
      return {
        subscriptionId: subscription.id,
        itemId: valued.item.id,
        status,
        priceId: valued.item.priceId,
        productId: valued.productId,
        name,
        tier,
        quantity: valued.item.quantity,
        interval: valued.price?.interval ?? null,
        intervalCount: valued.price?.intervalCount ?? null,
        listMonthlyMinor: isPriced ? minorToJson(roundHalfUp(value)) : null,
        currency: subscription.currency,
        isPrimary: valued === input.primary,
      };
    });
  });
}
