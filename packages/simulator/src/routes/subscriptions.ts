import { cancelNow } from '#billing/cancel.ts';
import { removeDiscount } from '#billing/discounts.ts';
import { change } from '#billing/record.ts';
import { nowS, priceOf, subscriptionOf } from '#billing/scope.ts';
import { createSubscription } from '#billing/subscribe.ts';
import {
  pauseOutright,
  resumePaused,
  type SubscriptionChange,
  updateSubscription,
} from '#billing/update-subscription.ts';
import { invalid } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { timeFilter } from '#http/page.ts';
import { renderSubscription } from '#render/subscription.ts';
import { shapeOf } from '#render/version.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import { createInput } from './subscription-create-input.ts';
import { changeInput } from './subscription-change-input.ts';

const STATUSES = [
  'active',
  'all',
  'canceled',
  'ended',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'trialing',
  'unpaid',
] as const;

export function subscriptionRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/subscriptions', resource: 'subscription' }, (call) => {
    const flexible = shapeOf(call.version).since('clover') ? 'flexible' : 'classic';
    const row = createSubscription(call.scope, { billingMode: flexible, ...createInput(call) });
    return call.show('subscription', row);
  });
  api.on({ method: 'GET', path: '/v1/subscriptions', resource: 'subscription' }, listSubscriptions);
  api.on({ method: 'GET', path: '/v1/subscriptions/:id', resource: 'subscription' }, (call) =>
    call.show('subscription', subscriptionOf(call.scope, call.param('id'))),
  );
  api.on({ method: 'POST', path: '/v1/subscriptions/:id', resource: 'subscription' }, (call) => {
    const row = subscriptionOf(call.scope, call.param('id'));
    const wanted = changeInput(call, row);
    if (row.endedAt !== null) updateEnded(call, row, wanted);
    else updateSubscription(call.scope, row, wanted);
    return call.show('subscription', row);
  });
  api.on({ method: 'DELETE', path: '/v1/subscriptions/:id', resource: 'subscription' }, cancel);
  api.on({ method: 'POST', path: '/v1/subscriptions/:id/cancel', resource: 'subscription' }, cancel);
  api.on({ method: 'POST', path: '/v1/subscriptions/:id/resume', resource: 'subscription' }, (call) => {
    const row = subscriptionOf(call.scope, call.param('id'));
    resumePaused(call.scope, row);
    return call.show('subscription', row);
  });
  api.on({ method: 'POST', path: '/v1/subscriptions/:id/pause', resource: 'subscription' }, (call) => {
    const row = subscriptionOf(call.scope, call.param('id'));
    pauseOutright(call.scope, row);
    return call.show('subscription', row);
  });
  api.on({ method: 'DELETE', path: '/v1/subscriptions/:id/discount', resource: 'subscription' }, (call) => {
    const row = subscriptionOf(call.scope, call.param('id'));
    const discount = row.discounts[0] === undefined ? undefined : call.state.discounts.get(row.discounts[0]);
    if (!discount) throw invalid('This subscription has no discount.', undefined, 'resource_missing');
    removeDiscount(call.scope, discount);
    return { id: discount.id, object: 'discount', deleted: true };
  });
}

function listSubscriptions(call: Call): ReturnType<Call['show']> {
  const { input, state } = call;
  const status = input.oneOf('status', STATUSES);
  const customer = input.text('customer');
  const price = input.text('price') ?? input.text('plan');
  if (price !== undefined) priceOf(call.scope, price);
  const collection = input.text('collection_method');
  const isCreated = timeFilter(input);
  const isStarting = timeFilter(input, 'current_period_start');
  const isEnding = timeFilter(input, 'current_period_end');
  return call.list(
    state.subscriptions,
    {
      keep: (row) =>
        hasStatus(row, status) &&
        isCreated(row.created) &&
        isStarting(row.periodStart) &&
        isEnding(row.periodEnd) &&
        (collection === undefined || row.collectionMethod === collection) &&
        (price === undefined || row.items.some((item) => item.price === price)),
      ...(customer === undefined ? {} : { within: state.subscriptions.inGroup(customer) }),
    },
    renderSubscription,
  );
}

/** Without a status, everything that has not been canceled; `ended` is canceled or expired before it was paid. */
function hasStatus(row: SubscriptionRow, status: (typeof STATUSES)[number] | undefined): boolean {
  if (status === 'all') return true;
  if (status === undefined) return row.status !== 'canceled' && row.status !== 'incomplete_expired';
  if (status === 'ended') return row.status === 'canceled' || row.status === 'incomplete_expired';
  return row.status === status;
}

function cancel(call: Call): ReturnType<Call['show']> {
  const row = subscriptionOf(call.scope, call.param('id'));
  const details = call.input.hash('cancellation_details');
  cancelNow(call.scope, row, {
    feedback: details?.text('feedback') ?? null,
    comment: details?.text('comment') ?? null,
  });
  return call.show('subscription', row);
}

function updateEnded(call: Call, row: SubscriptionRow, wanted: SubscriptionChange): void {
  if (wanted.metadata === undefined && wanted.cancellation === undefined) {
    throw invalid('A canceled subscription can only update its cancellation_details and metadata.');
  }
  change(
    call.scope,
    { kind: 'subscription', row, type: nowS(call.scope) > 0 ? 'customer.subscription.updated' : null },
    () => {
      if (wanted.metadata !== undefined) row.metadata = wanted.metadata;
      if (wanted.cancellation) row.cancellation = { ...row.cancellation, ...wanted.cancellation };
    },
  );
}
