/**
 * From figures per currency to one figure in the report currency.
 * Rates, in this order: the tenant's table, then what the account's own newest settled charge implies, else none.
 * A missing rate is never 1: several currencies have no single figure then, and the missing ones are named.
 */
import { type Fraction, fraction, multiply, powerOfTen, divide, roundHalfUp } from '#base/fraction.ts';
import { convertMinor, currencyExponent } from '#base/money.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { ImpliedRate } from './billing-summary.ts';
import type { BillingPolicy } from './policy.ts';

/** How one currency became part of the single figure. */
export interface Conversion {
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly convertedMinor: bigint;
  readonly source: 'same_currency' | 'zero' | 'tenant_rate' | 'implied_rate';
  /** The tenant's rate per major unit, or the two minor amounts of a settled charge; null where none was needed. */
  readonly rateText: string | null;
}

export interface SingleFigure {
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
  readonly missingRates: readonly string[];
  readonly conversions: readonly Conversion[];
}

export interface Exchange {
  readonly policy: BillingPolicy;
  readonly asOfS: number;
  readonly impliedRates: readonly ImpliedRate[];
}

/** The account's implied rates if they are given, else those of the contact's own charges. */
export function exchangeOf(
  { policy, asOfS }: { readonly policy: BillingPolicy; readonly asOfS: number },
  input: { readonly impliedRates?: readonly ImpliedRate[]; readonly charges?: readonly ChargeFact[] },
): Exchange {
  const own = () => (policy.reportCurrency === null ? [] : impliedRates(input.charges ?? []));
  return { policy, asOfS, impliedRates: input.impliedRates ?? own() };
}

/**
 * Each currency is converted and rounded half up, then added, as Stripe does.
 * `fallbackCurrency` is the currency of the answer where there is no amount at all.
 */
export function singleFigure(
  exchange: Exchange,
  input: { readonly byCurrency: ReadonlyMap<string, bigint>; readonly fallbackCurrency: string | null },
): SingleFigure {
  const { reportCurrency } = exchange.policy;
  const target = reportCurrency ?? onlyCurrency(input.byCurrency) ?? null;
  if (target === null) {
    // Without a report currency several currencies cannot become one figure, whatever rates exist.
    if (input.byCurrency.size === 0) return { ...NOTHING, amountMinor: 0n, currency: input.fallbackCurrency };
    return { ...NOTHING, missingRates: [...input.byCurrency.keys()].sort() };
  }
  let amountMinor = 0n;
  const missingRates: string[] = [];
  const conversions: Conversion[] = [];
  for (const [currency, part] of input.byCurrency) {
    const conversion = convert(exchange, { amountMinor: part, from: currency, to: target });
    if (conversion === null) missingRates.push(currency);
    else {
      amountMinor += conversion.convertedMinor;
      conversions.push(conversion);
    }
  }
  if (missingRates.length === 0) return { amountMinor, currency: target, missingRates, conversions };
  // One currency needs no rate to be a single figure; it keeps its own until a rate is known.
  const only = onlyCurrency(input.byCurrency);
  const kept = only === undefined ? undefined : input.byCurrency.get(only);
  if (only === undefined || kept === undefined) {
    return { amountMinor: null, currency: target, missingRates: missingRates.sort(), conversions };
  }
  const unconverted: Conversion = {
    currency: only,
    amountMinor: kept,
    convertedMinor: kept,
    source: 'same_currency',
    rateText: null,
  };
  return { amountMinor: kept, currency: only, missingRates, conversions: [unconverted] };
}

const NOTHING: SingleFigure = { amountMinor: null, currency: null, missingRates: [], conversions: [] };

/** The one currency that matters: amounts of zero are zero in any currency and need no rate. */
function onlyCurrency(byCurrency: ReadonlyMap<string, bigint>): string | undefined {
  if (byCurrency.size === 1) return [...byCurrency.keys()][0];
  const paying = [...byCurrency].filter(([, amountMinor]) => amountMinor !== 0n);
  return paying.length === 1 ? paying[0]?.[0] : undefined;
}

function convert(
  exchange: Exchange,
  input: { readonly amountMinor: bigint; readonly from: string; readonly to: string },
): Conversion | null {
  const { amountMinor, from } = input;
  const as = (convertedMinor: bigint, source: Conversion['source'], rateText: string | null): Conversion => ({
    currency: from,
    amountMinor,
    convertedMinor,
    source,
    rateText,
  });
  if (from === input.to) return as(amountMinor, 'same_currency', null);
  if (amountMinor === 0n) return as(amountMinor, 'zero', null);
  const { policy } = exchange;
  const rate = policy.reportCurrency === input.to ? policy.rateOf.get(from) : undefined;
  if (rate !== undefined) {
    const convertedMinor = convertMinor({ ...input, rate });
    if (convertedMinor === null) return null;
    return as(convertedMinor, 'tenant_rate', policy.rates[from] ?? null);
  }
  const implied = newestImpliedRate(exchange, input);
  if (implied === null) return null;
  const exact = multiply(fraction(amountMinor), fraction(BigInt(implied.toMinor), BigInt(implied.fromMinor)));
  const rateText = `${implied.fromMinor} ${implied.from} = ${implied.toMinor} ${implied.to}`;
  return as(roundHalfUp(exact), 'implied_rate', rateText);
}

/** It relates minor units to minor units, so no exponent has to be known. */
function newestImpliedRate(
  { policy, asOfS, impliedRates }: Exchange,
  pair: { readonly from: string; readonly to: string },
): ImpliedRate | null {
  if (!policy.useImpliedRates) return null;
  const oldestS = asOfS - policy.impliedRateMaxAgeDays * 86_400;
  let newest: ImpliedRate | null = null;
  for (const rate of impliedRates) {
    if (rate.from !== pair.from || rate.to !== pair.to || rate.atS < oldestS || rate.atS > asOfS) continue;
    if (newest === null || rate.atS > newest.atS) newest = rate;
  }
  return newest;
}

/** A value in major units of the report currency where a rate is known, else of its own: only to compare plans by. */
export function comparableValue(policy: BillingPolicy, input: { value: Fraction; currency: string | null }): Fraction {
  if (input.currency === null) return input.value;
  const rate = input.currency === policy.reportCurrency ? undefined : policy.rateOf.get(input.currency);
  const major = divide(input.value, fraction(powerOfTen(currencyExponent(input.currency) ?? 2)));
  return rate === undefined ? major : multiply(major, rate);
}

/**
 * Rates implied by settled charges: settlement amount over captured amount, both in minor units.
 * Not from `exchange_rate`, which already mixes in the exponents. They include Stripe's conversion fee.
 */
export function impliedRates(charges: readonly ChargeFact[]): readonly ImpliedRate[] {
  const rates: ImpliedRate[] = [];
  for (const charge of charges) {
    const { settlement, currency, createdS } = charge;
    const fromMinor = charge.amountCapturedMinor ?? charge.amountMinor;
    const toMinor = settlement?.amountMinor ?? null;
    const to = settlement?.currency ?? null;
    if (charge.status !== 'succeeded' || currency === null || to === null || to === currency || createdS === null)
      continue;
    if (fromMinor === null || fromMinor <= 0 || toMinor === null || toMinor <= 0) continue;
    rates.push({ from: currency, to, fromMinor, toMinor, atS: createdS });
  }
  return rates;
}
