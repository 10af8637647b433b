import type { PriceRow, ProductRow, Tier } from '#store/catalogue.ts';
import { type Out, type View, when } from './view.ts';

export function renderProduct(view: View, row: ProductRow): Out {
  if (row.deleted) return { id: row.id, object: 'product', deleted: true };
  return {
    id: row.id,
    object: 'product',
    active: row.active,
    ...when(!view.shape.since('acacia'), () => ({ attributes: [] })),
    created: row.created,
    default_price: row.defaultPrice,
    description: row.description,
    images: row.images,
    livemode: view.state.livemode,
    ...when(view.shape.since('acacia'), () => ({ marketing_features: [] })),
    metadata: row.metadata,
    name: row.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: row.statementDescriptor,
    tax_code: null,
    type: 'service',
    unit_label: row.unitLabel,
    updated: row.updated,
    url: row.url,
  };
}

export function renderPrice(view: View, row: PriceRow): Out {
  if (row.deleted) return { id: row.id, object: 'price', deleted: true };
  const { shape } = view;
  return {
    id: row.id,
    object: 'price',
    active: row.active,
    billing_scheme: row.tiersMode === null ? 'per_unit' : 'tiered',
    created: row.created,
    currency: row.currency,
    ...when(shape.since('slimLists'), () => ({ custom_unit_amount: null })),
    livemode: view.state.livemode,
    lookup_key: row.lookupKey,
    metadata: row.metadata,
    nickname: row.nickname,
    product: row.product,
    recurring: row.recurring && {
      interval: row.recurring.interval,
      ...when(!shape.since('basil'), () => ({ aggregate_usage: null })),
      interval_count: row.recurring.intervalCount,
      ...when(shape.since('acacia'), () => ({ meter: row.recurring?.meter ?? null })),
      trial_period_days: row.recurring.trialPeriodDays,
      usage_type: row.recurring.usageType,
    },
    tax_behavior: row.taxBehavior,
    tiers_mode: row.tiersMode,
    transform_quantity: row.transformQuantity && {
      divide_by: row.transformQuantity.divideBy,
      round: row.transformQuantity.round,
    },
    type: row.recurring ? 'recurring' : 'one_time',
    unit_amount: row.unitAmount,
    unit_amount_decimal: row.unitAmountDecimal,
  };
}

/** The older name of a recurring price; `subscription_item.plan` and `/v1/plans` still show it. */
export function renderPlan(view: View, row: PriceRow): Out {
  const { shape } = view;
  if (row.deleted) return { id: row.id, object: 'plan', deleted: true };
  return {
    id: row.id,
    object: 'plan',
    active: row.active,
    ...when(!shape.since('basil'), () => ({ aggregate_usage: null })),
    amount: row.unitAmount,
    amount_decimal: row.unitAmountDecimal,
    billing_scheme: row.tiersMode === null ? 'per_unit' : 'tiered',
    created: row.created,
    currency: row.currency,
    interval: row.recurring?.interval ?? 'month',
    interval_count: row.recurring?.intervalCount ?? 1,
    livemode: view.state.livemode,
    metadata: row.metadata,
    ...when(shape.since('acacia'), () => ({ meter: row.recurring?.meter ?? null })),
    nickname: row.nickname,
    product: row.product,
    tiers_mode: row.tiersMode,
    transform_usage: row.transformQuantity && {
      divide_by: row.transformQuantity.divideBy,
      round: row.transformQuantity.round,
    },
    trial_period_days: row.recurring?.trialPeriodDays ?? null,
    usage_type: row.recurring?.usageType ?? 'licensed',
  };
}

/** Only when expanded. */
export function renderTiers(tiers: readonly Tier[]): Out[] {
  return tiers.map((tier) => ({
    flat_amount: tier.flatAmount,
    flat_amount_decimal: tier.flatAmount === null ? null : String(tier.flatAmount),
    unit_amount: tier.unitAmount,
    unit_amount_decimal: tier.unitAmount === null ? null : String(tier.unitAmount),
    up_to: tier.upTo,
  }));
}

/** Only when expanded; Stripe lists the price's own currency too. */
export function renderCurrencyOptions(row: PriceRow): Out {
  const out: Out = {};
  const all: Record<string, number | null> = { [row.currency]: row.unitAmount, ...row.currencyOptions };
  for (const [currency, amount] of Object.entries(all)) {
    out[currency] = {
      custom_unit_amount: null,
      tax_behavior: row.taxBehavior,
      unit_amount: amount,
      unit_amount_decimal: amount === null ? null : String(amount),
    };
  }
  return out;
}
