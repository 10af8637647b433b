/**
 * What a subscription tells, from one event alone. A plain renewal tells nothing, although newer API versions list its
 * items as changed. One update may tell several things: a trial that converts and a plan that changes.
 */
import { fromEpochS } from '#base/clock.ts';
import { stableHash } from '#base/ids.ts';
import type { NewBusEvent } from '#bus/index.ts';
import { findChange, subscriptionPairs } from '../billing/change-kind.ts';
import type { BillingContext } from '../billing/context.ts';
import { planChange, type PlanEvent } from '../billing/plan-change.ts';
import { subscriptionMrr } from '../billing/mrr.ts';
import { cancellation, isOver, latestPeriodEnd } from '../billing/status.ts';
import { cancelReason } from '../contact-billing/contact-values.ts';
import type { Telling } from '../objects/telling.ts';
import type { SubscriptionChange as Told } from '../stripe/changes.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';
import { billingEvent, contractMrrMinor, type EventContext, iso, isoOrNull, planView } from './event-context.ts';

export function subscriptionEvents(
  context: EventContext,
  input: { told: SubscriptionFact; telling: Telling },
): NewBusEvent[] {
  const { told } = input;
  switch (context.stripeEvent.type) {
    case 'customer.subscription.created':
      return [created(context, told), ...(told.status === 'trialing' ? [trialStarted(context, told)] : [])];
    case 'customer.subscription.updated':
    case 'customer.subscription.pending_update_applied':
      return updated(context, input.telling);
    case 'customer.subscription.deleted':
      return ended(context, told);
    case 'customer.subscription.trial_will_end':
      return trialWillEnd(context, told);
    case 'customer.subscription.paused':
      return [paused(context, { told, how: 'status' })];
    case 'customer.subscription.resumed':
      return [resumed(context, { told, how: 'status' })];
    default:
      return [];
  }
}

function created(context: EventContext, told: SubscriptionFact): NewBusEvent {
  return billingEvent(context, {
    name: 'subscription_created',
    fact: told.id,
    data: {
      subscription_id: told.id,
      status: told.status ?? 'unknown',
      plan: planView(context.billing, told),
      mrr_minor: mrrMinor(context.billing, told),
      currency: told.currency,
      trial_end: isoOrNull(told.trialEndS),
    },
  });
}

function updated(context: EventContext, { change }: Telling): NewBusEvent[] {
  if (change === null) return [];
  return [
    ...statusChanges(context, change),
    ...pauseChanges(context, change),
    ...scheduleChanges(context, change),
    ...contentChanges(context, change),
  ];
}

function statusChanges(context: EventContext, { after: told, changes }: Told): NewBusEvent[] {
  if (changes.status === null) return [];
  if (isOver(told)) return ended(context, told);
  if (told.status === 'trialing') return [trialStarted(context, told)];
  if (changes.status.before !== 'trialing') return [];
  return told.status === 'active' ? [trialConverted(context, told)] : [trialExpired(context, told)];
}

function pauseChanges(context: EventContext, { after: told, changes }: Told): NewBusEvent[] {
  if (changes.pause === null) return [];
  return changes.pause === 'paused'
    ? [paused(context, { told, how: 'collection' })]
    : [resumed(context, { told, how: 'collection' })];
}

function scheduleChanges(context: EventContext, { before, after: told, changes }: Told): NewBusEvent[] {
  const events: NewBusEvent[] = [];
  if (changes.cancel !== null && !isOver(told)) {
    const change = changes.cancel === 'scheduled' ? 'cancel_scheduled' : 'cancel_reverted';
    events.push(changed(context, { told, before, change }));
  }
  const isTrial = told.status === 'trialing' && before.status === 'trialing';
  if (isTrial && (changes.trialEnd?.afterS ?? 0) > (changes.trialEnd?.beforeS ?? Number.POSITIVE_INFINITY)) {
    events.push(changed(context, { told, before, change: 'trial_extended' }));
  }
  return events;
}

const CONTENT_CHANGES = {
  item_added: 'item_added',
  item_removed: 'item_removed',
  interval_change: 'interval',
  price_change: 'price',
  quantity_change: 'quantity',
  discount_change: 'discount',
} as const;

/** What the subscription consists of, with status, pause and schedule held still: those are told apart. */
function contentChanges(context: EventContext, { after: told, before }: Told): NewBusEvent[] {
  // What was there before could not be read: that is no reason to say that everything is new.
  if (before.isItemsTruncated && before.items.length === 0) return [];
  const still = {
    ...before,
    status: told.status,
    pauseCollection: told.pauseCollection,
    cancelAtS: told.cancelAtS,
    isCancelAtPeriodEnd: told.isCancelAtPeriodEnd,
  };
  const { billing } = context;
  const { kind } = findChange({ before: billing, after: billing }, subscriptionPairs([still], [told]));
  if (kind === 'plan_change') {
    const change = planEvent(context, { before: still, after: told }) ?? 'plan_change';
    return [changed(context, { told, before, change })];
  }
  if (!(kind in CONTENT_CHANGES)) return [];
  return [changed(context, { told, before, change: CONTENT_CHANGES[kind as keyof typeof CONTENT_CHANGES] })];
}

/** Up, down or sideways; null where the two cannot be compared. */
function planEvent(
  { billing, stripeEvent }: EventContext,
  { before, after }: { before: SubscriptionFact; after: SubscriptionFact },
): PlanEvent | null {
  const moment = {
    customers: [],
    prices: billing.prices,
    products: billing.products,
    coupons: billing.coupons,
    discounts: billing.discounts,
    settings: billing.policy,
    asOf: fromEpochS(stripeEvent.createdS),
  };
  return planChange({
    before: { subscriptions: [before], ...moment },
    after: { subscriptions: [after], ...moment },
    hadPositiveMrrBefore: false,
  }).planEvent;
}

type SubscriptionChange = Parameters<typeof billingEvent<'subscription_updated'>>[1]['data']['change'];

function changed(
  context: EventContext,
  input: { told: SubscriptionFact; before: SubscriptionFact; change: SubscriptionChange },
): NewBusEvent {
  const { told, before, change } = input;
  const [mrrBefore, mrrAfter] = [mrrMinor(context.billing, before), mrrMinor(context.billing, told)];
  const isSameCurrency = before.currency === told.currency;
  return billingEvent(context, {
    name: 'subscription_updated',
    fact: `${told.id}:${change}:${context.stripeEvent.createdS}:${contentKey(before)}>${contentKey(told)}`,
    data: {
      subscription_id: told.id,
      change,
      status: told.status ?? 'unknown',
      plan_before: planView(context.billing, before),
      plan: planView(context.billing, told),
      mrr_before_minor: isSameCurrency ? mrrBefore : null,
      mrr_minor: mrrAfter,
      mrr_delta_minor: isSameCurrency && mrrBefore !== null && mrrAfter !== null ? mrrAfter - mrrBefore : null,
      currency: told.currency,
      cancels_at: isoOrNull(cancelsAtS(context.billing, told)),
    },
  });
}

/** Two changes of one kind in one second differ in what the subscription consisted of. */
function contentKey(subscription: SubscriptionFact): string {
  const items = subscription.items.map((item) => [item.priceId, item.quantity]);
  const discounts = subscription.discounts.map((discount) => discount.id);
  return stableHash(JSON.stringify([items, discounts, subscription.trialEndS])).toString(36);
}

function cancelsAtS(billing: BillingContext, told: SubscriptionFact): number | null {
  if (cancellation(told, billing.asOfS) === 'none') return null;
  return told.cancelAtS ?? latestPeriodEnd(told);
}

function mrrMinor(billing: BillingContext, told: SubscriptionFact): number | null {
  const { amountMinor } = subscriptionMrr(billing, { subscription: told });
  return amountMinor === null ? null : Number(amountMinor);
}

/** The end of a subscription, once, whichever of Stripe's two ways tells it; of a trial too, where it ended as one. */
function ended(context: EventContext, told: SubscriptionFact): NewBusEvent[] {
  const endedAtS = told.endedAtS ?? context.stripeEvent.createdS;
  const reason = cancelReason(told);
  const isTrialOver = told.trialEndS !== null && endedAtS <= told.trialEndS;
  return [
    billingEvent(context, {
      name: 'subscription_canceled',
      fact: told.id,
      atS: endedAtS,
      data: {
        subscription_id: told.id,
        plan: planView(context.billing, told),
        mrr_before_minor: isTrialOver || reason === 'never_paid' ? 0 : contractMrrMinor(context.billing, told),
        currency: told.currency,
        reason: told.cancellation.reason,
        feedback: told.cancellation.feedback,
        comment: told.cancellation.comment,
        voluntary: reason === 'unknown' ? null : reason === 'voluntary',
        never_paid: reason === 'never_paid',
        ended_at: iso(endedAtS),
      },
    }),
    ...(isTrialOver ? [trialExpired(context, told)] : []),
  ];
}

function trialStarted(context: EventContext, told: SubscriptionFact): NewBusEvent {
  return billingEvent(context, {
    name: 'trial_started',
    fact: `${told.id}:${told.trialStartS ?? 0}`,
    atS: told.trialStartS,
    data: { subscription_id: told.id, plan: planView(context.billing, told), trial_end: isoOrNull(told.trialEndS) },
  });
}

function trialConverted(context: EventContext, told: SubscriptionFact): NewBusEvent {
  return billingEvent(context, {
    name: 'trial_converted',
    fact: told.id,
    data: {
      subscription_id: told.id,
      plan: planView(context.billing, told),
      trial_end: isoOrNull(told.trialEndS),
      mrr_minor: mrrMinor(context.billing, told),
      currency: told.currency,
    },
  });
}

function trialExpired(context: EventContext, told: SubscriptionFact): NewBusEvent {
  return billingEvent(context, {
    name: 'trial_expired',
    fact: told.id,
    data: {
      subscription_id: told.id,
      plan: planView(context.billing, told),
      trial_end: isoOrNull(told.trialEndS),
      status: told.status ?? 'unknown',
    },
  });
}

/**
 * Stripe sends it three days before, and at once when a trial is shorter or ended early, even in the moment that takes the
 * money: then nothing is about to end. Source: stripe-node, event documentation of trial_will_end.
 */
function trialWillEnd(context: EventContext, told: SubscriptionFact): NewBusEvent[] {
  if (told.status !== 'trialing' || told.trialEndS === null || told.trialEndS <= context.stripeEvent.createdS)
    return [];
  return [
    billingEvent(context, {
      name: 'customer.subscription.trial_will_end',
      fact: `${told.id}:${told.trialEndS}`,
      data: { subscription_id: told.id, trial_end: iso(told.trialEndS), plan: planView(context.billing, told) },
    }),
  ];
}

/** Two pauses of one second differ in what was paused, and until when. */
function pauseFact(context: EventContext, { told, how }: { told: SubscriptionFact; how: string }): string {
  const until = told.pauseCollection?.resumesAtS ?? '';
  return `${told.id}:${how}:${context.stripeEvent.createdS}:${contentKey(told)}:${until}`;
}

function paused(context: EventContext, input: { told: SubscriptionFact; how: 'status' | 'collection' }): NewBusEvent {
  const { told, how } = input;
  return billingEvent(context, {
    name: 'subscription_paused',
    fact: pauseFact(context, input),
    data: {
      subscription_id: told.id,
      plan: planView(context.billing, told),
      how,
      resumes_at: isoOrNull(told.pauseCollection?.resumesAtS ?? null),
    },
  });
}

function resumed(context: EventContext, input: { told: SubscriptionFact; how: 'status' | 'collection' }): NewBusEvent {
  const { told, how } = input;
  return billingEvent(context, {
    name: 'subscription_resumed',
    fact: pauseFact(context, input),
    data: { subscription_id: told.id, plan: planView(context.billing, told), how },
  });
}
