import { createPrice, createProduct, type NewPrice } from '#billing/catalogue.ts';
import { announce, change } from '#billing/record.ts';
import { priceOf, type Scope } from '#billing/scope.ts';
import { missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import type { Input } from '#http/input.ts';
import { timeFilter } from '#http/page.ts';
import { renderPlan, renderPrice } from '#render/catalogue.ts';
import type { Recurring, Tier } from '#store/catalogue.ts';

const INTERVALS = ['day', 'week', 'month', 'year'] as const;

export function priceRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/prices', resource: 'plan' }, (call) => {
    const product = productFor(call.scope, call.input);
    const row = createPrice(call.scope, { ...priceInput(call.input), product });
    const key = row.lookupKey;
    if (key !== null && call.input.flag('transfer_lookup_key')) {
      for (const other of call.state.prices.all()) if (other !== row && other.lookupKey === key) other.lookupKey = null;
    }
    return call.show('price', row);
  });
  api.on({ method: 'GET', path: '/v1/prices', resource: 'plan' }, listPrices);
  api.on({ method: 'GET', path: '/v1/prices/:id', resource: 'plan' }, (call) =>
    call.show('price', priceOf(call.scope, call.param('id'), 'id')),
  );
  api.on({ method: 'POST', path: '/v1/prices/:id', resource: 'plan' }, (call) => {
    const row = priceOf(call.scope, call.param('id'), 'id');
    change(call.scope, { kind: 'price', row, type: 'price.updated' }, () => {
      row.active = call.input.flag('active') ?? row.active;
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
      const nickname = call.input.clearable('nickname');
      if (nickname !== undefined) row.nickname = nickname;
      const lookupKey = call.input.clearable('lookup_key');
      if (lookupKey !== undefined) row.lookupKey = lookupKey;
    });
    return call.show('price', row);
  });
  planRoutes(api);
}

function listPrices(call: Call): ReturnType<Call['show']> {
  const { input } = call;
  const active = input.flag('active');
  const product = input.text('product');
  const currency = input.text('currency');
  const type = input.oneOf('type', ['recurring', 'one_time']);
  const lookupKeys = input.texts('lookup_keys');
  const isCreated = timeFilter(input);
  return call.list(
    call.state.prices,
    {
      keep: (row) =>
        isCreated(row.created) &&
        (active === undefined || row.active === active) &&
        (product === undefined || row.product === product) &&
        (currency === undefined || row.currency === currency) &&
        (type === undefined || (row.recurring === null) === (type === 'one_time')) &&
        (lookupKeys === undefined || (row.lookupKey !== null && lookupKeys.includes(row.lookupKey))),
    },
    renderPrice,
  );
}

function planRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/plans', resource: 'plan' }, (call) => {
    const { input, scope } = call;
    const id = input.text('id');
    const row = createPrice(scope, {
      ...priceInput(input),
      ...(id === undefined ? {} : { id }),
      product: productFor(scope, input),
      unitAmount: input.integer('amount') ?? null,
      unitAmountDecimal: input.text('amount_decimal') ?? null,
      recurring: recurringOf(input),
    });
    return call.show('plan', row);
  });
  api.on({ method: 'GET', path: '/v1/plans', resource: 'plan' }, (call) => {
    const active = call.input.flag('active');
    const product = call.input.text('product');
    return call.list(
      call.state.prices,
      {
        keep: (row) =>
          row.recurring !== null &&
          (active === undefined || row.active === active) &&
          (product === undefined || row.product === product),
      },
      renderPlan,
    );
  });
  api.on({ method: 'GET', path: '/v1/plans/:id', resource: 'plan' }, (call) => call.show('plan', planOf(call)));
  api.on({ method: 'POST', path: '/v1/plans/:id', resource: 'plan' }, (call) => {
    const row = planOf(call);
    change(call.scope, { kind: 'plan', row, type: 'plan.updated' }, () => {
      row.active = call.input.flag('active') ?? row.active;
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
    });
    announce(call.scope, 'price.updated', 'price', row);
    return call.show('plan', row);
  });
  api.on({ method: 'DELETE', path: '/v1/plans/:id', resource: 'plan' }, (call) => {
    const row = planOf(call);
    announce(call.scope, 'plan.deleted', 'plan', row);
    announce(call.scope, 'price.deleted', 'price', row);
    row.deleted = true;
    return { id: row.id, object: 'plan', deleted: true };
  });
}

function planOf(call: Call): ReturnType<typeof priceOf> {
  const row = call.state.prices.get(call.param('id'));
  if (!row || row.deleted || row.recurring === null) throw missing('plan', call.param('id'));
  return row;
}

/** The parameters of a price, without its product. */
export function priceInput(input: Input): Omit<NewPrice, 'product'> {
  const recurring = input.hash('recurring');
  const transform = input.hash('transform_quantity');
  return {
    currency: input.required('currency'),
    unitAmount: input.integer('unit_amount') ?? null,
    unitAmountDecimal: input.text('unit_amount_decimal') ?? null,
    recurring: recurring ? recurringOf(recurring) : null,
    tiersMode: input.oneOf('tiers_mode', ['graduated', 'volume']) ?? null,
    tiers: (input.hashes('tiers') ?? []).map(tierOf),
    currencyOptions: currencyOptionsOf(input),
    nickname: input.text('nickname') ?? null,
    lookupKey: input.text('lookup_key') ?? null,
    active: input.flag('active') ?? true,
    metadata: input.metadata() ?? {},
    transformQuantity: transform
      ? { divideBy: transform.integer('divide_by') ?? 1, round: transform.oneOf('round', ['up', 'down']) ?? 'up' }
      : null,
    ...(input.has('tax_behavior') ? { taxBehavior: input.required('tax_behavior') } : {}),
  };
}

function recurringOf(input: Input): Partial<Recurring> {
  return {
    interval: input.oneOf('interval', INTERVALS) ?? 'month',
    intervalCount: input.integer('interval_count') ?? 1,
    usageType: input.oneOf('usage_type', ['licensed', 'metered']) ?? 'licensed',
    trialPeriodDays: input.integer('trial_period_days') ?? null,
    meter: input.text('meter') ?? null,
  };
}

function tierOf(input: Input): Tier {
  const upTo = input.text('up_to');
  return {
    flatAmount: input.integer('flat_amount') ?? null,
    unitAmount: input.integer('unit_amount') ?? null,
    upTo: upTo === undefined || upTo === 'inf' ? null : Number(upTo),
  };
}

function currencyOptionsOf(input: Input): Record<string, number> {
  const options = input.hash('currency_options');
  const out: Record<string, number> = {};
  for (const currency of options?.names() ?? []) out[currency] = options?.hash(currency)?.integer('unit_amount') ?? 0;
  return out;
}

/** An existing product, or a new one from `product_data` (prices) or a `product` hash (plans). */
function productFor(scope: Scope, input: Input): string {
  const data =
    input.hash('product_data') ?? (input.has('product') && isHash(input) ? input.hash('product') : undefined);
  if (data) return createProduct(scope, { name: data.required('name'), metadata: data.metadata() ?? {} }).id;
  const id = input.required('product');
  if (!scope.state.products.get(id)) throw missing('product', id, 'product');
  return id;
}

function isHash(input: Input): boolean {
  try {
    return input.text('product') === undefined;
  } catch {
    return true;
  }
}
