/**
 * A Stripe price, or the plan that it replaced, as one fact.
 * Amounts are decimal strings of minor units, because Stripe prices may be finer than a cent.
 * What Stripe leaves out unless expanded (tiers, currency options) is null here, which means "unknown", not "none".
 */
import { isRecord } from '#base/is-record.ts';
import { productFact, type ProductFact } from './product.ts';
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export const PRICE_INTERVALS = ['day', 'week', 'month', 'year'] as const;
export type PriceInterval = (typeof PRICE_INTERVALS)[number];

export interface PriceTierFact {
  /** Null for the last tier, which has no upper end; Stripe writes null or `inf`. */
  readonly upTo: number | null;
  readonly flatAmountDecimal: string | null;
  readonly unitAmountDecimal: string | null;
}

export interface PriceCurrencyOptionFact {
  readonly unitAmountDecimal: string | null;
  readonly tiers: readonly PriceTierFact[] | null;
  readonly taxBehavior: 'inclusive' | 'exclusive' | 'unspecified' | null;
}

export interface PriceFact {
  readonly object: 'price';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly isDeleted: boolean;
  readonly isActive: boolean | null;
  readonly productId: string | null;
  /** Present if the product came expanded. */
  readonly product: ProductFact | null;
  readonly currency: string | null;
  /** `per_unit` when absent; null when Stripe says something that we do not know. */
  readonly billingScheme: 'per_unit' | 'tiered' | null;
  /** Minor units. Null for tiered prices and where the customer chooses the amount. */
  readonly unitAmountDecimal: string | null;
  readonly tiersMode: 'graduated' | 'volume' | null;
  readonly tiers: readonly PriceTierFact[] | null;
  readonly transformQuantity: { readonly divideBy: number | null; readonly round: 'up' | 'down' | null } | null;
  /** Null for one-time prices and for an interval that we do not know. */
  readonly interval: PriceInterval | null;
  readonly intervalCount: number | null;
  /** `licensed` when absent; null when Stripe says something that we do not know. */
  readonly usageType: 'licensed' | 'metered' | null;
  readonly trialPeriodDays: number | null;
  readonly taxBehavior: 'inclusive' | 'exclusive' | 'unspecified' | null;
  /** By lower-case currency. Null when not expanded. */
  readonly currencyOptions: Readonly<Record<string, PriceCurrencyOptionFact>> | null;
  readonly nickname: string | null;
  readonly lookupKey: string | null;
  readonly createdS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

const TAX_BEHAVIORS = ['inclusive', 'exclusive', 'unspecified'] as const;

export function readPrice(raw: unknown): ReadResult<PriceFact> {
  return readAs(raw, { objects: ['price', 'plan'], read: priceFact });
}

export function priceFact(source: RawObject, id: string): PriceFact {
  const recurring = source.child('recurring') ?? source;
  const product = source.expanded('product');
  const productId = source.idOf('product');
  return {
    object: 'price',
    id,
    livemode: source.bool('livemode'),
    isDeleted: source.bool('deleted') ?? false,
    isActive: source.bool('active'),
    productId,
    product: product !== null && productId !== null ? productFact(product, productId) : null,
    currency: source.text('currency')?.toLowerCase() ?? null,
    billingScheme: source.has('billing_scheme') ? source.choice('billing_scheme', ['per_unit', 'tiered']) : 'per_unit',
    unitAmountDecimal: firstDecimal(source, ['unit_amount_decimal', 'unit_amount', 'amount_decimal', 'amount']),
    tiersMode: source.choice('tiers_mode', ['graduated', 'volume']),
    tiers: tierFacts(source),
    transformQuantity: transformQuantity(source),
    interval: recurring.choice('interval', PRICE_INTERVALS),
    intervalCount: recurring.has('interval_count') ? recurring.int('interval_count') : 1,
    usageType: recurring.has('usage_type') ? recurring.choice('usage_type', ['licensed', 'metered']) : 'licensed',
    trialPeriodDays: recurring.int('trial_period_days'),
    taxBehavior: source.choice('tax_behavior', TAX_BEHAVIORS),
    currencyOptions: currencyOptions(source),
    nickname: source.text('nickname') ?? source.text('name'),
    lookupKey: source.text('lookup_key'),
    createdS: source.seconds('created'),
    metadata: source.metadata('metadata'),
  };
}

/** The first of `keys` that is present; `unit_amount` is null where the price is finer than a minor unit. */
function firstDecimal(source: RawObject, keys: readonly string[]): string | null {
  const key = keys.find((candidate) => source.has(candidate));
  return key === undefined ? null : source.decimal(key);
}

function tierFacts(source: RawObject): readonly PriceTierFact[] | null {
  const list = source.list('tiers');
  if (list === null) return null;
  return list.entries.map((entry, index) => {
    if (!isRecord(entry)) {
      source.warn('wrong_type', `tiers.${index}`);
      // A tier that ends at 0 covers nothing, so the amount stays unknown instead of becoming wrong.
      return { upTo: 0, flatAmountDecimal: null, unitAmountDecimal: null };
    }
    const tier = source.nested(entry, `tiers.${index}`);
    return {
      upTo: tierEnd(tier),
      flatAmountDecimal: firstDecimal(tier, ['flat_amount_decimal', 'flat_amount']),
      unitAmountDecimal: firstDecimal(tier, ['unit_amount_decimal', 'unit_amount', 'amount']),
    };
  });
}

function tierEnd(tier: RawObject): number | null {
  const value = tier.value('up_to');
  if (value === null || value === undefined || value === 'inf') return null;
  return tier.int('up_to') ?? 0;
}

function transformQuantity(source: RawObject): PriceFact['transformQuantity'] {
  const transform = source.child('transform_quantity') ?? source.child('transform_usage');
  if (transform === null) return null;
  return { divideBy: transform.int('divide_by'), round: transform.choice('round', ['up', 'down']) };
}

function currencyOptions(source: RawObject): PriceFact['currencyOptions'] {
  const options = source.child('currency_options');
  if (options === null) return null;
  const entries: [string, PriceCurrencyOptionFact][] = [];
  for (const currency of options.keys()) {
    const option = options.child(currency);
    if (option === null) continue;
    entries.push([
      currency.toLowerCase(),
      {
        unitAmountDecimal: firstDecimal(option, ['unit_amount_decimal', 'unit_amount']),
        tiers: tierFacts(option),
        taxBehavior: option.choice('tax_behavior', TAX_BEHAVIORS),
      },
    ]);
  }
  return Object.fromEntries(entries);
}
