/**
 * How a subscription looked before an update, from the event itself: Stripe gives the changed keys of hashes and whole
 * arrays in `previous_attributes`. So what changed does not depend on what happened to be stored, or on the order in which
 * events come.
 */
import { isRecord } from '../stripe/raw-object.ts';
import { readSubscription, type SubscriptionFact } from '../stripe/subscription.ts';

type Hash = Readonly<Record<string, unknown>>;

export function previousSubscription(object: Hash, previous: unknown): SubscriptionFact | null {
  if (!isRecord(previous) || Object.keys(previous).length === 0) return null;
  return readSubscription(withSinglePlan(overlay(object, previous), { object, previous })).fact;
}

function overlay(object: Hash, previous: Hash): Record<string, unknown> {
  const result: Record<string, unknown> = { ...object };
  for (const [key, value] of Object.entries(previous)) {
    const current = object[key];
    // `items` is a list whose array comes whole; other hashes come with their changed keys only.
    result[key] =
      isRecord(value) && isRecord(current) && !Array.isArray(value['data']) ? overlay(current, value) : value;
  }
  return result;
}

/** Versions up to acacia tell a changed plan or quantity of a single-item subscription at the top, without its items. */
function withSinglePlan(before: Record<string, unknown>, told: { object: Hash; previous: Hash }): Hash {
  const { object, previous } = told;
  if ('items' in previous || (!('plan' in previous) && !('quantity' in previous))) return before;
  const items = object['items'];
  const data = isRecord(items) && Array.isArray(items['data']) ? items['data'] : [];
  const [only, ...others] = data;
  if (!isRecord(only) || others.length > 0) return before;
  const item: Record<string, unknown> = { ...only };
  if (isRecord(before['plan']) && 'plan' in previous) {
    item['plan'] = before['plan'];
    delete item['price'];
  }
  if (typeof previous['quantity'] === 'number') item['quantity'] = previous['quantity'];
  return { ...before, items: { ...(isRecord(items) ? items : {}), data: [item] } };
}
