import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface CouponFact {
  readonly object: 'coupon';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly isDeleted: boolean;
  readonly name: string | null;
  /** Null when Stripe says something that we do not know. */
  readonly duration: 'forever' | 'once' | 'repeating' | null;
  readonly durationInMonths: number | null;
  /** 33.33 stays `"33.33"`: a percentage read as a decimal, never as a float. */
  readonly percentOffDecimal: string | null;
  readonly amountOffMinor: number | null;
  readonly currency: string | null;
  /** Amount off by lower-case currency. Null when not expanded. */
  readonly currencyOptions: Readonly<Record<string, number>> | null;
  /** Null when not expanded, or when the coupon is not limited: Stripe leaves it out in both cases. */
  readonly productIds: readonly string[] | null;
  readonly isValid: boolean | null;
  readonly redeemByS: number | null;
  readonly maxRedemptions: number | null;
  readonly timesRedeemed: number | null;
  readonly createdS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readCoupon(raw: unknown): ReadResult<CouponFact> {
  return readAs(raw, { objects: ['coupon'], read: couponFact });
}

export function couponFact(source: RawObject, id: string): CouponFact {
  return {
    object: 'coupon',
    id,
    livemode: source.bool('livemode'),
    isDeleted: source.bool('deleted') ?? false,
    name: source.text('name'),
    duration: source.choice('duration', ['forever', 'once', 'repeating']),
    durationInMonths: source.int('duration_in_months'),
    percentOffDecimal: source.decimal('percent_off'),
    amountOffMinor: source.int('amount_off'),
    currency: source.text('currency')?.toLowerCase() ?? null,
    currencyOptions: currencyOptions(source),
    productIds: productIds(source),
    isValid: source.bool('valid'),
    redeemByS: source.seconds('redeem_by'),
    maxRedemptions: source.int('max_redemptions'),
    timesRedeemed: source.int('times_redeemed'),
    createdS: source.seconds('created'),
    metadata: source.metadata('metadata'),
  };
}

function currencyOptions(source: RawObject): CouponFact['currencyOptions'] {
  const options = source.child('currency_options');
  if (options === null) return null;
  const entries: [string, number][] = [];
  for (const currency of options.keys()) {
    const amountOffMinor = options.child(currency)?.int('amount_off') ?? null;
    if (amountOffMinor !== null) entries.push([currency.toLowerCase(), amountOffMinor]);
  }
  return Object.fromEntries(entries);
}

function productIds(source: RawObject): CouponFact['productIds'] {
  const products = source.child('applies_to')?.list('products') ?? null;
  return products === null ? null : products.entries.filter((id): id is string => typeof id === 'string');
}
