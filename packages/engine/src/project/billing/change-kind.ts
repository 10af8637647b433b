/** What was done to a contact's subscriptions between two moments: the first match of a fixed order. */
import type { DiscountRef } from '../stripe/discount.ts';
import type { SubscriptionFact, SubscriptionItemFact } from '../stripe/subscription.ts';
import { type BillingContext, itemPrice } from './context.ts';
import { effectiveStatus, isLive, isOver } from './status.ts';

/** In the order of precedence; `none` when nothing that we know of changed. */
export const CHANGE_KINDS = [
  'trial_converted',
  'trial_canceled',
  'payment_failed',
  'payment_recovered',
  'cancel_scheduled',
  'cancel_reverted',
  'subscription_ended',
  'subscription_started',
  'subscription_added',
  'collection_paused',
  'collection_resumed',
  'plan_change',
  'item_added',
  'item_removed',
  'interval_change',
  'price_change',
  'quantity_change',
  'discount_change',
  'fx',
  'none',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What belongs together: one subscription at both moments, or those that ended and those that replaced them. */
export interface SubscriptionPair {
  readonly before: readonly SubscriptionFact[];
  readonly after: readonly SubscriptionFact[];
  readonly isReplaced: boolean;
}

export interface FoundChange {
  readonly kind: ChangeKind;
  readonly pair: SubscriptionPair | null;
  readonly isIntervalChanged: boolean;
}

interface Contexts {
  readonly before: BillingContext;
  readonly after: BillingContext;
}

export function subscriptionPairs(
  before: readonly SubscriptionFact[],
  after: readonly SubscriptionFact[],
): readonly SubscriptionPair[] {
  const afterById = new Map(after.map((subscription) => [subscription.id, subscription]));
  const beforeById = new Map(before.map((subscription) => [subscription.id, subscription]));
  const ended = before.filter((was) => isLive(was) && isGone(afterById.get(was.id)));
  const started = after.filter((is) => isLive(is) && !wasLive(beforeById.get(is.id)));
  const isReplaced = ended.length > 0 && started.length > 0;
  const replaced = new Set(isReplaced ? [...ended, ...started].map(({ id }) => id) : []);
  const pairs: SubscriptionPair[] = isReplaced ? [{ before: ended, after: started, isReplaced }] : [];
  for (const was of before) {
    if (!replaced.has(was.id)) {
      pairs.push({ before: [was], after: present(afterById.get(was.id)), isReplaced: false });
    }
  }
  for (const is of after) {
    const isNew = isLive(is) && !beforeById.has(is.id) && !replaced.has(is.id);
    if (isNew) pairs.push({ before: [], after: [is], isReplaced: false });
  }
  return pairs;
}

function wasLive(subscription: SubscriptionFact | undefined): boolean {
  return subscription !== undefined && isLive(subscription);
}

function isGone(subscription: SubscriptionFact | undefined): boolean {
  return subscription === undefined || isOver(subscription);
}

function present(subscription: SubscriptionFact | undefined): readonly SubscriptionFact[] {
  return subscription === undefined ? [] : [subscription];
}

export function findChange(contexts: Contexts, pairs: readonly SubscriptionPair[]): FoundChange {
  let best: FoundChange = { kind: 'none', pair: null, isIntervalChanged: false };
  const hadLive = pairs.some((pair) => pair.before.some(isLive));
  for (const pair of pairs) {
    const contents = contentChange(contexts, pair);
    const kind = lifecycleChange(contexts, { pair, hadLive }) ?? contents.kind;
    const change = { kind, pair, isIntervalChanged: contents.isIntervalChanged };
    if (rank(kind) < rank(best.kind)) best = change;
  }
  if (best.kind !== 'none') return best;
  // The same plan again under a new subscription: the only thing that happened is the start.
  const replaced = pairs.find(({ isReplaced }) => isReplaced);
  return replaced === undefined ? best : { ...best, kind: 'subscription_started', pair: replaced };
}

function rank(kind: ChangeKind): number {
  return CHANGE_KINDS.indexOf(kind);
}

function lifecycleChange(
  contexts: Contexts,
  { pair, hadLive }: { readonly pair: SubscriptionPair; readonly hadLive: boolean },
): ChangeKind | null {
  if (pair.isReplaced) {
    const isPaidFor = pair.after.some(({ status }) => status === 'active');
    return isPaidFor && pair.before.every(({ status }) => status === 'trialing') ? 'trial_converted' : null;
  }
  const [was] = pair.before;
  const [is] = pair.after;
  if (was === undefined) return hadLive ? 'subscription_added' : 'subscription_started';
  if (is === undefined) {
    if (!isLive(was)) return null;
    return was.status === 'trialing' ? 'trial_canceled' : 'subscription_ended';
  }
  return (
    statusChange(was, is, hadLive) ??
    (isOver(is) ? null : (scheduleChange(was, is) ?? pauseChange(contexts, { was, is })))
  );
}

function statusChange(was: SubscriptionFact, is: SubscriptionFact, hadLive: boolean): ChangeKind | null {
  if (was.status === is.status) return null;
  const isOwing = is.status === 'past_due' || is.status === 'unpaid';
  if (was.status === 'trialing') {
    if (is.status === 'active') return 'trial_converted';
    // Also a trial that ran out without a card: it ended without converting.
    return isOwing ? 'payment_failed' : 'trial_canceled';
  }
  const wasOwing = was.status === 'past_due' || was.status === 'unpaid';
  if (is.status === 'active' && wasOwing) return 'payment_recovered';
  if (is.status === 'past_due' && was.status === 'unpaid') return 'payment_recovered';
  if (isOwing && isLive(was)) return 'payment_failed';
  if (is.status === 'incomplete_expired') return 'payment_failed';
  if (isOver(is)) return isLive(was) ? 'subscription_ended' : null;
  if (!isLive(was) && isLive(is)) return hadLive ? 'subscription_added' : 'subscription_started';
  if (is.status === 'paused') return 'collection_paused';
  return was.status === 'paused' ? 'collection_resumed' : null;
}

function scheduleChange(was: SubscriptionFact, is: SubscriptionFact): ChangeKind | null {
  if (isSetToEnd(was) === isSetToEnd(is)) return null;
  return isSetToEnd(is) ? 'cancel_scheduled' : 'cancel_reverted';
}

/** In either encoding: the flag, or a date. */
export function isSetToEnd(subscription: SubscriptionFact): boolean {
  return subscription.isCancelAtPeriodEnd || subscription.cancelAtS !== null;
}

function pauseChange(
  contexts: Contexts,
  { was, is }: { readonly was: SubscriptionFact; readonly is: SubscriptionFact },
): ChangeKind | null {
  const wasPaused = was.pauseCollection !== null || effectiveStatus(contexts.before.policy, was) === 'paused';
  const isPaused = is.pauseCollection !== null || effectiveStatus(contexts.after.policy, is) === 'paused';
  if (wasPaused === isPaused) return null;
  return isPaused ? 'collection_paused' : 'collection_resumed';
}

/** An item as far as it matters for telling changes apart. */
interface Content {
  readonly product: string;
  readonly interval: string;
  readonly price: string;
  readonly quantity: string;
}

function contentChange(contexts: Contexts, pair: SubscriptionPair): Pick<FoundChange, 'kind' | 'isIntervalChanged'> {
  if (pair.before.length === 0 || pair.after.length === 0) return { kind: 'none', isIntervalChanged: false };
  const before = contents(contexts.before, pair.before);
  const after = contents(contexts.after, pair.after);
  const isIntervalChanged = differ(before, after, ({ interval }) => interval);
  return { kind: contentKind({ before, after }) ?? discountKind(contexts, pair), isIntervalChanged };
}

type Sides = { readonly before: readonly Content[]; readonly after: readonly Content[] };

function contentKind({ before, after }: Sides): ChangeKind | null {
  const products = { before: before.map(({ product }) => product), after: after.map(({ product }) => product) };
  if (differ(before, after, ({ product }) => product)) {
    if (isSubset(products.before, products.after)) return 'item_added';
    return isSubset(products.after, products.before) ? 'item_removed' : 'plan_change';
  }
  if (differ(before, after, ({ product, interval }) => `${product} ${interval}`)) return 'interval_change';
  if (differ(before, after, ({ product, price }) => `${product} ${price}`)) return 'price_change';
  return differ(before, after, ({ price, quantity }) => `${price} ${quantity}`) ? 'quantity_change' : null;
}

function isSubset(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((product) => whole.includes(product));
}

/** Compares as sets: the same price on two items instead of one is no other product, interval or price. */
function differ(before: readonly Content[], after: readonly Content[], key: (content: Content) => string): boolean {
  return signature(before.map(key)) !== signature(after.map(key));
}

function signature(keys: readonly string[]): string {
  return [...new Set(keys)].sort().join('|');
}

/** Quantities of one price are added up, so that one item split in two is no change. */
function contents(context: BillingContext, subscriptions: readonly SubscriptionFact[]): readonly Content[] {
  const items = subscriptions.flatMap((subscription) => subscription.items);
  const quantities = new Map<string, number>();
  for (const item of items) {
    const key = item.priceId ?? '';
    quantities.set(key, (quantities.get(key) ?? 0) + (item.quantity ?? 0));
  }
  return items.map((item) => content(context, item, quantities.get(item.priceId ?? '') ?? 0));
}

function content(context: BillingContext, item: SubscriptionItemFact, quantity: number): Content {
  const price = itemPrice(context, item);
  const amount = price?.unitAmountDecimal ?? JSON.stringify(price?.tiers ?? null);
  return {
    product: price?.productId ?? item.priceId ?? '',
    interval: `${price?.intervalCount ?? '?'} ${price?.interval ?? '?'}`,
    price: `${item.priceId ?? ''} ${amount}`,
    quantity: `${quantity}`,
  };
}

function discountKind(contexts: Contexts, pair: SubscriptionPair): ChangeKind {
  const before = discounts(contexts.before, pair.before);
  const after = discounts(contexts.after, pair.after);
  return before === after ? 'none' : 'discount_change';
}

/** Which coupons are running, on the items, the subscription and the customer; a discount's own id does not matter. */
function discounts(context: BillingContext, subscriptions: readonly SubscriptionFact[]): string {
  const refs = subscriptions.flatMap((subscription) => {
    const customer = subscription.customerId === null ? undefined : context.customers.get(subscription.customerId);
    return [
      ...subscription.items.flatMap((item) => item.discounts),
      ...subscription.discounts,
      ...(customer?.discounts ?? []),
    ];
  });
  return signature(refs.filter((ref) => isRunning(context, ref)).map((ref) => couponKey(context, ref)));
}

function isRunning(context: BillingContext, ref: DiscountRef): boolean {
  const discount = ref.discount ?? (ref.id === null ? undefined : context.discounts.get(ref.id));
  return discount?.endS === null || discount?.endS === undefined || discount.endS > context.asOfS;
}

function couponKey(context: BillingContext, ref: DiscountRef): string {
  const discount = ref.discount ?? (ref.id === null ? undefined : context.discounts.get(ref.id));
  return discount?.couponId ?? ref.id ?? '';
}
