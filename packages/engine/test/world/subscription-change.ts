import { isRecord } from '#base/is-record.ts';
import { changeSince, type SubscriptionChange } from '#project/stripe/changes.ts';
import { readSubscription } from '#project/stripe/subscription.ts';

/** Null where the value is no event about a readable subscription. Without previous attributes nothing has changed. */
export function readSubscriptionChange(event: unknown): SubscriptionChange | null {
  const data = isRecord(event) ? event['data'] : undefined;
  const object = isRecord(data) ? data['object'] : undefined;
  if (!isRecord(data) || !isRecord(object)) return null;
  const previous = isRecord(data['previous_attributes']) ? data['previous_attributes'] : {};
  const after = readSubscription(object);
  if (after.fact === null) return null;
  const change = changeSince({ object, fact: after.fact, previous });
  return change === null ? null : { ...change, warnings: [...after.warnings, ...change.warnings] };
}
