/**
 * From figures per currency to one figure in the report currency.
 * Rates, in this order: the tenant's table, then what the account's own newest settled charge implies, else none.
 * A missing rate is never 1: there is no single figure then, and the missing currencies are named.
 */
import { type Fraction, fraction, multiply, powerOfTen, divide, roundHalfUp } from '#base/fraction.ts';
import { convertMinor, currencyExponent } from '#base/money.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { ImpliedRate } from './billing-summary.ts';
import type { BillingPolicy } from './policy.ts';

export interface SingleFigure {
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
  readonly missingRates: readonly string[];
}

export interface Exchange {
  readonly policy: BillingPolicy;
  readonly asOfS: number;
  readonly impliedRates: readonly ImpliedRate[];
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
    const isEmpty = input.byCurrency.size === 0;
    if (isEmpty) return { amountMinor: 0n, currency: input.fallbackCurrency, missingRates: [] };
    return { amountMinor: null, currency: null, missingRates: [...input.byCurrency.keys()].sort() };
  }
  let amountMinor = 0n;
  const missingRates: string[] = [];
  for (const [currency, part] of input.byCurrency) {
    const converted = part === 0n ? 0n : convert(exchange, { amountMinor: part, from: currency, to: target });
    if (converted === null) missingRates.push(currency);
    else amountMinor += converted;
  }
  if (missingRates.length > 0) return { amountMinor: null, currency: target, missingRates: missingRates.sort() };
  return { amountMinor, currency: target, missingRates };
}

/** The one currency that matters: amounts of zero are zero in any currency and need no rate. */
function onlyCurrency(byCurrency: ReadonlyMap<string, bigint>): string | undefined {
  if (byCurrency.size === 1) return [...byCurrency.keys()][0];
  const paying = [...byCurrency].filter(([, amountMinor]) => amountMinor !== 0n);
  return paying.length === 1 ? paying[0]?.[0] : undefined;
}

function convert(
  exchange: Exchange,
  input: { readonly amountMinor: bigint; readonly from: string; readonly to: string },
): bigint | null {
  if (input.from === input.to) return input.amountMinor;
  const { policy } = exchange;
  const rate = policy.reportCurrency === input.to ? policy.rateOf.get(input.from) : undefined;
  if (rate !== undefined) return convertMinor({ ...input, rate });
  const implied = newestImpliedRate(exchange, input);
  return implied === null ? null : roundHalfUp(multiply(fraction(input.amountMinor), implied));
}

/** Minor units of `to` for one minor unit of `from`, so no exponent has to be known. */
function newestImpliedRate(
  { policy, asOfS, impliedRates }: Exchange,
  pair: { readonly from: string; readonly to: string },
): Fraction | null {
  if (!policy.useImpliedRates) return null;
  const oldestS = asOfS - policy.impliedRateMaxAgeDays * 86_400;
  let newest: ImpliedRate | null = null;
  for (const rate of impliedRates) {
    if (rate.from !== pair.from || rate.to !== pair.to || rate.atS < oldestS || rate.atS > asOfS) continue;
    if (newest === null || rate.atS > newest.atS) newest = rate;
  }
  return newest === null ? null : fraction(BigInt(newest.toMinor), BigInt(newest.fromMinor));
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
