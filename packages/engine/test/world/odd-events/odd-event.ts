/** One odd Stripe event, and what it must tell: see scenarios/odd-events.scenario.test.ts. */
import type { BillingEventName } from '@growthos/contracts/events/billing.ts';
import { type Json, MONTH, type Shape } from '../stripe-shapes.ts';

export interface OddEvent {
  readonly what: string;
  readonly shape: Shape;
  readonly type: string;
  readonly object: unknown;
  readonly previous?: unknown;
  /** Laid over the event itself. */
  readonly envelope?: Json;
  readonly tells: readonly BillingEventName[];
}

export const LATER_S = MONTH.start + 86_400;
export const updated = 'customer.subscription.updated';

export function odd(
  what: string,
  event: readonly [Shape, string, unknown, unknown?],
  tells: readonly BillingEventName[] = [],
  envelope?: Json,
): OddEvent {
  const [shape, type, object, previous] = event;
  return {
    what,
    shape,
    type,
    object,
    ...(previous === undefined ? {} : { previous }),
    ...(envelope === undefined ? {} : { envelope }),
    tells,
  };
}

/** One that tells nothing. */
export const quiet = (what: string, shape: Shape, type: string, object: unknown, previous?: unknown): OddEvent =>
  odd(what, [shape, type, object, previous]);
