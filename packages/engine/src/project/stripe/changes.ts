/**
 * What a `customer.subscription.updated` event says has changed, from any API version.
 * In: its `data.object`, raw and read, and `data.previous_attributes`. Out: the subscription before and after as facts,
 * and hints of what differs. Only hints: the money before comes from our own stored facts, because events arrive late.
 *
 * `previous_attributes` holds only changed keys, and arrays whole. Since basil a plain renewal lists all items as
 * changed, because periods moved onto them; so items count as changed only if a price or a quantity differs.
 */
import { isRecord } from '#base/is-record.ts';
import type { ReadWarning } from './raw-object.ts';
import { readSubscription, type SubscriptionFact, type SubscriptionStatus } from './subscription.ts';

export interface SubscriptionChanges {
  /** A price or quantity differs, not only a period. */
  readonly hasItemsChanged: boolean;
  readonly hasPricesChanged: boolean;
  readonly hasQuantitiesChanged: boolean;
  /** The period moved on: a renewal, a new anchor or the end of a trial. */
  readonly hasPeriodMoved: boolean;
  readonly status: { readonly before: SubscriptionStatus | null; readonly after: SubscriptionStatus | null } | null;
  /** In either encoding, the flag or the date. */
  readonly cancel: 'scheduled' | 'reverted' | null;
  readonly pause: 'paused' | 'resumed' | null;
  readonly trialEnd: { readonly beforeS: number | null; readonly afterS: number | null } | null;
  readonly hasDiscountsChanged: boolean;
  readonly hasPaymentMethodChanged: boolean;
  /** The period moved and nothing else that we look at did. */
  readonly isPlainRenewal: boolean;
}

export interface SubscriptionChange {
  readonly before: SubscriptionFact;
  readonly after: SubscriptionFact;
  readonly changes: SubscriptionChanges;
  readonly warnings: readonly ReadWarning[];
}

/** Null where what was before is no subscription. `warnings` are of reading it. */
export function changeSince(input: { object: Raw; fact: SubscriptionFact; previous: Raw }): SubscriptionChange | null {
  const { object, fact, previous } = input;
  const before = readSubscription(previousSubscription(object, previous));
  if (before.fact === null) return null;
  const changes = subscriptionChanges(before.fact, fact);
  return { before: before.fact, after: fact, changes, warnings: before.warnings };
}

type Raw = Readonly<Record<string, unknown>>;

/** How many levels of nested objects a payload may have; Stripe's have fewer than ten. */
const DEPTH_MAX = 20;

/** The object as it was: previous values laid over the present ones. */
function previousSubscription(object: Raw, previous: Raw): Raw {
  const whole = overlay(object, previous, 0);
  const isLegacy =
    !isRecord(previous['items']) && ('plan' in previous || 'quantity' in previous || 'price' in previous);
  return isLegacy ? { ...whole, items: legacyItems(whole) } : whole;
}

function overlay(present: Raw, previous: Raw, depth: number): Raw {
  const changed: [string, unknown][] = [];
  for (const [key, was] of Object.entries(previous)) {
    const is = Object.hasOwn(present, key) ? present[key] : undefined;
    // An id that was there before an object came expanded is no part of that object.
    const isNested = isRecord(is) && isRecord(was) && depth < DEPTH_MAX && !isOtherObject(is, was);
    changed.push([key, isNested ? overlay(is, was, depth + 1) : was]);
  }
  // Not by assignment: a key may be called `__proto__`.
  return { ...present, ...Object.fromEntries(changed) };
}

/** A whole other object took its place, so that no key of the present one belongs to it. */
function isOtherObject(is: Raw, was: Raw): boolean {
  return typeof was['object'] === 'string' && typeof was['id'] === 'string' && was['id'] !== is['id'];
}

/**
 * Up to acacia a change of the only item shows as the top-level `plan` and `quantity`.
 * With several items those are null, and the change is in `items`.
 */
function legacyItems(whole: Raw): unknown {
  const list = whole['items'];
  const entries = isRecord(list) && Array.isArray(list['data']) ? list['data'] : [];
  const [item, ...others]: unknown[] = entries;
  if (!isRecord(item) || others.length > 0) return list;
  const plan = whole['plan'];
  const price = isRecord(plan) ? { price: plan, plan } : {};
  const quantity = typeof whole['quantity'] === 'number' ? { quantity: whole['quantity'] } : {};
  return { ...(isRecord(list) ? list : {}), data: [{ ...item, ...price, ...quantity }] };
}

/** Compares two facts of one subscription, whatever versions they came from. */
export function subscriptionChanges(before: SubscriptionFact, after: SubscriptionFact): SubscriptionChanges {
  const hasPricesChanged = differ(before, after, ({ priceId }) => priceId ?? '');
  const hasItemsChanged = differ(before, after, ({ priceId, quantity }) => `${priceId} x ${quantity}`);
  const hasPeriodMoved = differ(before, after, (item) => `${item.currentPeriodStartS} ${item.currentPeriodEndS}`);
  const rest = {
    status: before.status === after.status ? null : { before: before.status, after: after.status },
    cancel: turned(isSetToEnd(before), isSetToEnd(after), ['scheduled', 'reverted'] as const),
    pause: turned(before.pauseCollection !== null, after.pauseCollection !== null, ['paused', 'resumed'] as const),
    trialEnd: before.trialEndS === after.trialEndS ? null : { beforeS: before.trialEndS, afterS: after.trialEndS },
    hasDiscountsChanged: discountKeys(before) !== discountKeys(after),
    hasPaymentMethodChanged: methodKey(before) !== methodKey(after),
  };
  const isOtherwiseSame = !hasItemsChanged && Object.values(rest).every((value) => value === null || value === false);
  return {
    hasItemsChanged,
    hasPricesChanged,
    hasQuantitiesChanged: hasItemsChanged && !hasPricesChanged,
    hasPeriodMoved,
    ...rest,
    isPlainRenewal: hasPeriodMoved && isOtherwiseSame,
  };
}

function differ(
  before: SubscriptionFact,
  after: SubscriptionFact,
  key: (item: SubscriptionFact['items'][number]) => string,
): boolean {
  return before.items.map(key).sort().join('|') !== after.items.map(key).sort().join('|');
}

function isSetToEnd(subscription: SubscriptionFact): boolean {
  return subscription.isCancelAtPeriodEnd || subscription.cancelAtS !== null;
}

function turned<On, Off>(was: boolean, is: boolean, [on, off]: readonly [On, Off]): On | Off | null {
  if (was === is) return null;
  return is ? on : off;
}

function discountKeys(subscription: SubscriptionFact): string {
  const refs = [...subscription.discounts, ...subscription.items.flatMap((item) => item.discounts)];
  return refs
    .map((ref) => ref.id ?? ref.discount?.couponId ?? '')
    .sort()
    .join('|');
}

function methodKey(subscription: SubscriptionFact): string {
  return `${subscription.defaultPaymentMethodId} ${subscription.defaultSourceId}`;
}
