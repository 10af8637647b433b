import { createProduct } from '#billing/catalogue.ts';
import { createPrice } from '#billing/catalogue.ts';
import { announce, change } from '#billing/record.ts';
import { nowS } from '#billing/scope.ts';
import { invalid, missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { timeFilter } from '#http/page.ts';
import { renderProduct } from '#render/catalogue.ts';
import type { ProductRow } from '#store/catalogue.ts';
import { priceInput } from './prices.ts';

export function productRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/products', resource: 'product' }, (call) => {
    const { input } = call;
    const id = input.text('id');
    const row = createProduct(call.scope, {
      ...(id === undefined ? {} : { id }),
      name: input.required('name'),
      active: input.flag('active') ?? true,
      description: input.text('description') ?? null,
      metadata: input.metadata() ?? {},
      unitLabel: input.text('unit_label') ?? null,
      url: input.text('url') ?? null,
    });
    const priced = input.hash('default_price_data');
    if (priced) row.defaultPrice = createPrice(call.scope, { ...priceInput(priced), product: row.id }).id;
    return call.show('product', row);
  });
  api.on({ method: 'GET', path: '/v1/products', resource: 'product' }, (call) => {
    const active = call.input.flag('active');
    const ids = call.input.texts('ids');
    const isCreated = timeFilter(call.input);
    return call.list(
      call.state.products,
      {
        keep: (row) =>
          isCreated(row.created) &&
          (active === undefined || row.active === active) &&
          (ids === undefined || ids.includes(row.id)),
      },
      renderProduct,
    );
  });
  api.on({ method: 'GET', path: '/v1/products/:id', resource: 'product' }, (call) =>
    call.show('product', productOf(call)),
  );
  api.on({ method: 'POST', path: '/v1/products/:id', resource: 'product' }, update);
  api.on({ method: 'DELETE', path: '/v1/products/:id', resource: 'product' }, (call) => {
    const row = productOf(call);
    if (call.state.prices.inGroup(row.id).some((price) => !price.deleted)) {
      throw invalid('This product cannot be deleted because it has one or more user-created prices.', 'id');
    }
    announce(call.scope, 'product.deleted', 'product', row);
    row.deleted = true;
    return { id: row.id, object: 'product', deleted: true };
  });
}

function update(call: Call): ReturnType<Call['show']> {
  const { input } = call;
  const row = productOf(call);
  change(call.scope, { kind: 'product', row, type: 'product.updated' }, () => {
    row.name = input.text('name') ?? row.name;
    row.active = input.flag('active') ?? row.active;
    row.metadata = input.metadata(row.metadata) ?? row.metadata;
    const description = input.clearable('description');
    if (description !== undefined) row.description = description;
    const defaultPrice = input.clearable('default_price');
    if (defaultPrice !== undefined) row.defaultPrice = defaultPrice;
    row.updated = nowS(call.scope);
  });
  return call.show('product', row);
}

function productOf(call: Call): ProductRow {
  const row = call.state.products.get(call.param('id'));
  if (!row || row.deleted) throw missing('product', call.param('id'));
  return row;
}
