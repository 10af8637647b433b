/**
 * What one subscription item bills per period, in minor units, before discounts and tax:
 * unit price x quantity (or tiers, or packages), from Stripe's decimal strings, rounded half up once at the line.
 */
import { add, type Fraction, fraction, multiply, parseDecimal, roundHalfUp, ZERO } from '#base/fraction.ts';
import type { PriceFact, PriceTierFact } from '../stripe/price.ts';
import type { BillingWarningName } from './warning.ts';

/** One step of the multiplication, for the explanation: `units` at `unitAmount`, plus `flatAmount`. */
export interface LinePart {
  readonly units: bigint;
  readonly unitAmount: Fraction;
  readonly flatAmount: Fraction;
  /** Upper end of the tier; null for the last tier and for prices without tiers. */
  readonly upTo: number | null;
}

export interface LineAmount {
  readonly amountMinor: bigint;
  readonly parts: readonly LinePart[];
}

export type LineResult = LineAmount | { readonly unknown: BillingWarningName };

/** A trillion in a two-decimal currency. Nothing real costs more per line, so a larger figure is a broken one. */
const LINE_MAX_MINOR = 10n ** 14n;

export function lineAmount(input: {
  readonly price: PriceFact;
  readonly quantity: number | null;
  /** The subscription's currency, in which it is billed. */
  readonly currency: string;
}): LineResult {
  const { price, quantity } = input;
  if (quantity === null || quantity < 0) return { unknown: 'quantity_invalid' };
  const amounts = amountsIn(price, input.currency);
  if ('unknown' in amounts) return amounts;
  const parts =
    price.billingScheme === 'tiered'
      ? tieredParts(price.tiersMode, amounts.tiers, quantity)
      : price.billingScheme === 'per_unit'
        ? unitParts(price, amounts.unitAmountDecimal, quantity)
        : { unknown: 'pricing_model_unknown' as const };
  if ('unknown' in parts) return parts;
  const exact = parts.reduce((sum, part) => add(sum, partAmount(part)), ZERO);
  const amountMinor = roundHalfUp(exact);
  return amountMinor > LINE_MAX_MINOR ? { unknown: 'amount_invalid' } : { amountMinor, parts };
}

export function partAmount(part: LinePart): Fraction {
  return add(multiply(fraction(part.units), part.unitAmount), part.flatAmount);
}

type Amounts = { readonly unitAmountDecimal: string | null; readonly tiers: readonly PriceTierFact[] | null };

/** A price of another currency than the subscription's bills the amounts of its option for that currency. */
function amountsIn(price: PriceFact, currency: string): Amounts | { readonly unknown: BillingWarningName } {
  if (price.currency === null) return { unknown: 'currency_missing' };
  if (price.currency === currency) return price;
  return ownOption(price.currencyOptions, currency) ?? { unknown: 'currency_options_missing' };
}

export function ownOption<T>(options: Readonly<Record<string, T>> | null, currency: string): T | undefined {
  return options !== null && Object.hasOwn(options, currency) ? options[currency] : undefined;
}

type Parts = readonly LinePart[] | { readonly unknown: BillingWarningName };

function unitParts(price: PriceFact, unitAmountDecimal: string | null, quantity: number): Parts {
  if (unitAmountDecimal === null) return { unknown: 'amount_missing' };
  const unitAmount = amount(unitAmountDecimal);
  if (unitAmount === null) return { unknown: 'amount_invalid' };
  const units = packages(price.transformQuantity, quantity);
  if (units === null) return { unknown: 'quantity_invalid' };
  return [{ units, unitAmount, flatAmount: ZERO, upTo: null }];
}

/** Package pricing: 25 seats in packages of 10 are 3 packages rounding up, 2 rounding down. */
function packages(transform: PriceFact['transformQuantity'], quantity: number): bigint | null {
  const units = BigInt(quantity);
  if (transform === null) return units;
  const { divideBy, round } = transform;
  if (divideBy === null || divideBy <= 0 || round === null) return null;
  const size = BigInt(divideBy);
  return round === 'up' ? (units + size - 1n) / size : units / size;
}

function tieredParts(mode: PriceFact['tiersMode'], tiers: Amounts['tiers'], quantity: number): Parts {
  if (tiers === null || tiers.length === 0) return { unknown: 'tiers_missing' };
  if (mode === null) return { unknown: 'pricing_model_unknown' };
  const parts: LinePart[] = [];
  let below = 0;
  for (const [index, tier] of tiers.entries()) {
    const { upTo } = tier;
    if (upTo !== null && upTo <= below) return { unknown: 'tiers_missing' };
    const reaches = upTo === null || quantity <= upTo;
    const isFirst = index === 0;
    // The first tier's flat fee is due even at quantity 0.
    if (mode === 'graduated' ? isFirst || quantity > below : reaches) {
      const units = mode === 'volume' ? quantity : (reaches ? quantity : (upTo ?? quantity)) - below;
      const part = tierPart(tier, units);
      if (part === null) return { unknown: 'amount_invalid' };
      parts.push(part);
    }
    if (reaches) return parts;
    below = upTo ?? below;
  }
  // The quantity lies beyond the last tier that we were given.
  return { unknown: 'tiers_missing' };
}

function tierPart(tier: PriceTierFact, units: number): LinePart | null {
  if (tier.unitAmountDecimal === null && tier.flatAmountDecimal === null) return null;
  const unitAmount = amount(tier.unitAmountDecimal ?? '0');
  const flatAmount = amount(tier.flatAmountDecimal ?? '0');
  if (unitAmount === null || flatAmount === null) return null;
  return { units: BigInt(units), unitAmount, flatAmount, upTo: tier.upTo };
}

/** The flat fee of a metered price's first tier, which is due whatever the usage. */
export function meteredBaseFee(price: PriceFact, currency: string): LineResult {
  const amounts = amountsIn(price, currency);
  if ('unknown' in amounts) return amounts;
  if (price.billingScheme !== 'tiered') return { amountMinor: 0n, parts: [] };
  const [first] = amounts.tiers ?? [];
  if (first === undefined) return { unknown: 'tiers_missing' };
  const part = tierPart({ ...first, unitAmountDecimal: '0' }, 0);
  return part === null ? { unknown: 'amount_invalid' } : { amountMinor: roundHalfUp(part.flatAmount), parts: [part] };
}

/** Stripe's amounts are never negative; a negative one is broken data. */
function amount(decimal: string): Fraction | null {
  const parsed = parseDecimal(decimal);
  return parsed === null || parsed.numerator < 0n ? null : parsed;
}
