import { subscriptionOf } from '#billing/scope.ts';
import { updateSubscription } from '#billing/update-subscription.ts';
import { missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { pageWithin } from '#http/page.ts';
import { expand } from '#render/expand.ts';
import { renderSubscriptionItem } from '#render/subscription.ts';
import type { Out } from '#render/view.ts';
import type { ItemRow, SubscriptionRow } from '#store/subscription.ts';

const PRORATIONS = ['create_prorations', 'always_invoice', 'none'] as const;

export function subscriptionItemRoutes(api: Api): void {
  api.on({ method: 'GET', path: '/v1/subscription_items', resource: 'subscription' }, (call) => {
    const row = subscriptionOf(call.scope, call.input.required('subscription'), 'subscription');
    const page = pageWithin(row.items, call.input);
    const body: Out = {
      object: 'list',
      data: page.rows.map((item) => renderSubscriptionItem(call.view, row, item)),
      has_more: page.hasMore,
      url: call.path,
    };
    return expand(call.view, body, call.input.texts('expand') ?? []);
  });
  api.on({ method: 'POST', path: '/v1/subscription_items', resource: 'subscription' }, (call) => {
    const row = subscriptionOf(call.scope, call.input.required('subscription'), 'subscription');
    updateSubscription(call.scope, row, {
      items: [
        {
          price: call.input.required('price'),
          quantity: call.input.integer('quantity') ?? 1,
          metadata: call.input.metadata() ?? {},
        },
      ],
      prorationBehavior: call.input.oneOf('proration_behavior', PRORATIONS) ?? 'create_prorations',
    });
    return showItem(call, row, row.items.at(-1));
  });
  api.on({ method: 'GET', path: '/v1/subscription_items/:id', resource: 'subscription' }, (call) => {
    const found = find(call);
    return showItem(call, found.row, found.item);
  });
  api.on({ method: 'POST', path: '/v1/subscription_items/:id', resource: 'subscription' }, (call) => {
    const { row, item } = find(call);
    const price = call.input.text('price') ?? call.input.text('plan');
    const quantity = call.input.integer('quantity');
    const metadata = call.input.metadata(item.metadata);
    updateSubscription(call.scope, row, {
      items: [
        {
          id: item.id,
          ...(price === undefined ? {} : { price }),
          ...(quantity === undefined ? {} : { quantity }),
          ...(metadata === undefined ? {} : { metadata }),
        },
      ],
      prorationBehavior: call.input.oneOf('proration_behavior', PRORATIONS) ?? 'create_prorations',
    });
    return showItem(
      call,
      row,
      row.items.find((candidate) => candidate.id === item.id),
    );
  });
  api.on({ method: 'DELETE', path: '/v1/subscription_items/:id', resource: 'subscription' }, (call) => {
    const { row, item } = find(call);
    updateSubscription(call.scope, row, { items: [{ id: item.id, deleted: true }] });
    return { id: item.id, object: 'subscription_item', deleted: true };
  });
}

function find(call: Call): { row: SubscriptionRow; item: ItemRow } {
  const id = call.param('id');
  for (const row of call.state.subscriptions.newestFirst()) {
    const item = row.items.find((candidate) => candidate.id === id);
    if (item) return { row: call.state.subscriptions.keep(row), item };
  }
  throw missing('subscription_item', id);
}

function showItem(call: Call, row: SubscriptionRow, item: ItemRow | undefined): Out {
  if (!item) throw missing('subscription_item', call.param('id'));
  return expand(call.view, renderSubscriptionItem(call.view, row, item), call.input.texts('expand') ?? []);
}
