import { cancelNow } from '#billing/cancel.ts';
import { removeDiscount } from '#billing/discounts.ts';
import { endPeriod } from '#billing/renew.ts';
import type { Scope } from '#billing/scope.ts';
import { createSubscription } from '#billing/subscribe.ts';
import { resumePaused, type SubscriptionChange, updateSubscription } from '#billing/update-subscription.ts';
import type { CancelInput, Simulator, SubscribeInput, Who } from '#simulator.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import type { World } from '#store/world.ts';
import { findCustomer, findPrice, findSubscription, scopeFor } from './find.ts';

export interface Done {
  readonly scope: Scope;
  readonly row: SubscriptionRow;
}

export function subscribe(world: World, input: SubscribeInput): Done {
  const scope = scopeFor(world, input);
  const price = findPrice(scope, input.price);
  const hasDiscount = input.coupon !== undefined || input.promotionCode !== undefined;
  const row = createSubscription(scope, {
    customer: findCustomer(scope, input).id,
    items: [{ price: price.id, quantity: input.quantity ?? 1 }],
    trialEnd: input.trialDays === undefined ? null : world.clock.nowS() + input.trialDays * 86_400,
    discounts: hasDiscount ? [{ coupon: input.coupon, promotionCode: input.promotionCode }] : [],
    metadata: { ...input.metadata },
    ...(input.currency === undefined ? {} : { currency: input.currency }),
  });
  return { scope, row };
}

export function edit(world: World, who: Who, wanted: SubscriptionChange): Done {
  const scope = scopeFor(world, who);
  const row = findSubscription(scope, who);
  updateSubscription(scope, row, wanted);
  return { scope, row };
}

export function changePlan(world: World, input: Parameters<Simulator['changePlan']>[0]): Done {
  const scope = scopeFor(world, input);
  const row = findSubscription(scope, input);
  const item = row.items[0];
  if (!item) throw new Error(`subscription ${row.id} has no item`);
  return edit(
    world,
    { ...input, subscription: row.id },
    {
      items: [{ id: item.id, price: findPrice(scope, input.price).id }],
      prorationBehavior: input.proration ?? 'create_prorations',
    },
  );
}

export function changeQuantity(world: World, input: Parameters<Simulator['changeQuantity']>[0]): Done {
  const row = findSubscription(scopeFor(world, input), input);
  const item = row.items[0];
  if (!item) throw new Error(`subscription ${row.id} has no item`);
  return edit(world, { ...input, subscription: row.id }, { items: [{ id: item.id, quantity: input.quantity }] });
}

export function cancel(world: World, input: CancelInput): Done {
  const details = { comment: input.comment ?? null, feedback: input.feedback ?? null };
  const when = input.when ?? 'now';
  if (when === 'now') {
    const scope = scopeFor(world, input);
    const row = findSubscription(scope, input);
    cancelNow(scope, row, { ...details, reason: input.reason ?? 'cancellation_requested' });
    return { scope, row };
  }
  if (when instanceof Date)
    return edit(world, input, { cancelAt: Math.floor(when.getTime() / 1000), cancellation: details });
  if (input.encoding === 'cancel_at') {
    const row = findSubscription(scopeFor(world, input), input);
    return edit(world, input, { cancelAt: row.periodEnd, cancellation: details });
  }
  return edit(world, input, { cancelAtPeriodEnd: true, cancellation: details });
}

export function uncancel(world: World, input: Who): Done {
  return edit(world, input, { cancelAt: null });
}

export function resume(world: World, input: Who): Done {
  const scope = scopeFor(world, input);
  const row = findSubscription(scope, input);
  if (row.status === 'paused') resumePaused(scope, row);
  else updateSubscription(scope, row, { pauseCollection: null });
  return { scope, row };
}

export function dropDiscounts(world: World, input: Who): Done {
  const scope = scopeFor(world, input);
  const row = findSubscription(scope, input);
  for (const id of row.discounts) {
    const discount = scope.state.discounts.get(id);
    if (discount) removeDiscount(scope, discount);
  }
  return { scope, row };
}

/** A cheat that Stripe does not offer: the running period, or trial, ends at this second and is collected at once. */
export function renewNow(world: World, input: Who): Done {
  const scope = scopeFor(world, input);
  const row = findSubscription(scope, input);
  if (row.endedAt !== null) throw new Error(`subscription ${row.id} has ended`);
  if (row.periodEnd > world.clock.nowS()) {
    row.periodEnd = world.clock.nowS();
    row.billingCycleAnchor = row.periodEnd;
    if (row.status === 'trialing') row.trialEnd = row.periodEnd;
  }
  endPeriod(scope, row, { collectAtOnce: true });
  return { scope, row };
}
