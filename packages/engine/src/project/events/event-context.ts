/** What every mapping of a Stripe event to GrowthOS events needs, and the parts that all payloads share. */
import type { BillingEventData, BillingEventName, PlanView } from '@growthos/contracts/events/billing.ts';
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import { fromEpochS } from '#base/clock.ts';
import type { NewBusEvent } from '#bus/index.ts';
import { type BillingContext, priceProduct } from '../billing/context.ts';
import { contractMrr, valueItems } from '../billing/mrr.ts';
import { namedPlan, primaryItem } from '../billing/plan.ts';
import type { AccountScope } from '../objects/store.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';

export interface EventContext {
  readonly scope: AccountScope;
  readonly contactId: string | null;
  readonly customerId: string | null;
  /** Prices, products, coupons and rules; MRR in payloads is computed as on the contact. */
  readonly billing: BillingContext;
  /** Stripe's event; null where an event follows from stored facts or from time alone. */
  readonly stripeEvent: { readonly id: string; readonly type: string; readonly createdS: number };
}

type Payload<N extends BillingEventName> = Omit<BillingEventData<N>, 'stripe_account' | 'livemode' | 'customer_id'>;

/**
 * A GrowthOS event with its payload. `fact` names the real fact that it tells of: the same fact is told once, however
 * often and in however many ways Stripe says it.
 */
export function billingEvent<N extends BillingEventName>(
  context: EventContext,
  event: { readonly name: N; readonly fact: string; readonly data: Payload<N>; readonly atS?: number | null },
): NewBusEvent {
  const { scope, stripeEvent } = context;
  const cause: EventCause = { kind: 'stripe_event', id: stripeEvent.id, type: stripeEvent.type };
  return {
    workspaceId: scope.workspaceId,
    contactId: context.contactId,
    type: event.name,
    source: `stripe:${scope.stripeAccount}`,
    time: fromEpochS(event.atS ?? stripeEvent.createdS),
    data: {
      stripe_account: scope.stripeAccount,
      livemode: scope.livemode,
      customer_id: context.customerId,
      ...event.data,
    },
    cause,
    dedupeKey: `${event.name}:${scope.stripeAccount}:${event.fact}`,
  };
}

export function iso(epochS: number): string {
  return fromEpochS(epochS).toISOString();
}

export function isoOrNull(epochS: number | null): string | null {
  return epochS === null ? null : iso(epochS);
}

/** The plan as a payload shows it: the main item, by the same choice as `contact.plan`. */
export function planView(billing: BillingContext, subscription: SubscriptionFact): PlanView {
  const primary = primaryItem(valueItems(billing, subscription));
  const named = namedPlan(billing, primary);
  return {
    price_id: named.priceId,
    product_id: primary?.productId ?? null,
    name: named.name ?? priceProduct(billing, primary?.price ?? null)?.name ?? null,
    tier: named.tier,
    interval: primary?.price?.interval ?? null,
    interval_count: primary?.price?.intervalCount ?? null,
    quantity: primary?.item.quantity ?? null,
  };
}

/** What the subscription's items are worth a month, whatever its status; null where something needed is unknown. */
export function contractMrrMinor(billing: BillingContext, subscription: SubscriptionFact): number | null {
  const amountMinor = contractMrr(billing, subscription);
  return amountMinor === null ? null : Number(amountMinor);
}
