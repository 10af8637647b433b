import { fromEpochS } from '#base/clock.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';
import type { Touch } from './touch.ts';

/**
 * Where a customer came from by the metadata that the seller wrote at checkout (`utm_source` and its kin, `referrer`,
 * `landing_page`): of the oldest customer that has any, else of the oldest subscription; null where none has. Stripe itself
 * keeps nothing of the kind. Pure.
 */
export function metadataTouch(input: {
  customers: readonly CustomerFact[];
  subscriptions: readonly SubscriptionFact[];
}): Touch | null {
  return oldestTouch(input.customers) ?? oldestTouch(input.subscriptions);
}

type Described = Pick<CustomerFact, 'id' | 'createdS' | 'metadata'>;

function oldestTouch(objects: readonly Described[]): Touch | null {
  const oldestFirst = [...objects].sort(
    (left, right) => (left.createdS ?? 0) - (right.createdS ?? 0) || (left.id < right.id ? -1 : 1),
  );
  return oldestFirst.map(touchOfMetadata).find((touch) => touch !== null) ?? null;
}

function touchOfMetadata({ createdS, metadata }: Described): Touch | null {
  const text = (name: string): string | null => metadata[name]?.trim().slice(0, 500) || null;
  const touch = {
    source: text('utm_source'),
    medium: text('utm_medium'),
    campaign: text('utm_campaign'),
    term: text('utm_term'),
    content: text('utm_content'),
    referrer: text('referrer'),
    landing_page: text('landing_page'),
  };
  if (Object.values(touch).every((value) => value === null)) return null;
  return { at: fromEpochS(createdS ?? 0).toISOString(), ...touch, origin: 'stripe_metadata' };
}
