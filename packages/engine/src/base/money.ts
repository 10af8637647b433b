/**
 * Currencies as Stripe counts them: how many decimals the minor unit has, and how to move between currencies.
 * Amounts are bigint minor units here and safe integers in JSON.
 */
import { type Fraction, fraction, multiply, powerOfTen, roundHalfUp } from './fraction.ts';

/** Source: Stripe's list of zero-decimal currencies. UGX is on it too, and is left out below. */
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
/** Source: Stripe's list of three-decimal currencies. */
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));
/** Stripe lists UGX as zero-decimal and, elsewhere, asks for two decimals ("to charge 5 UGX, 500"). */
const UNRESOLVED = new Set(['ugx']);

/**
 * Decimals between a currency's major and minor unit; null where Stripe contradicts itself.
 * ISK is 2: Stripe keeps it two-decimal for compatibility although the króna has none.
 */
export function currencyExponent(currency: string): 0 | 2 | 3 | null {
  if (UNRESOLVED.has(currency)) return null;
  if (ZERO_DECIMAL.has(currency)) return 0;
  return THREE_DECIMAL.has(currency) ? 3 : 2;
}

/**
 * Converts minor units at a rate per major unit, rounded half up: 1200 JPY at 0.0065 is 780 US cents.
 * Null where a currency's exponent is unresolved.
 */
export function convertMinor(input: {
  readonly amountMinor: bigint;
  readonly from: string;
  readonly to: string;
  readonly rate: Fraction;
}): bigint | null {
  const from = currencyExponent(input.from);
  const to = currencyExponent(input.to);
  if (from === null || to === null) return null;
  const shift = fraction(powerOfTen(to), powerOfTen(from));
  return roundHalfUp(multiply(multiply(fraction(input.amountMinor), input.rate), shift));
}

/** The amount as a JSON integer, or null when a double could not hold it exactly. */
export function minorToJson(amountMinor: bigint): number | null {
  const value = Number(amountMinor);
  return Number.isSafeInteger(value) ? value : null;
}

/** `1234` of usd is `"12.34"`: digits only, for logs and explanations; pages format by the reader's language. */
export function majorText(amountMinor: bigint, currency: string): string {
  const exponent = currencyExponent(currency) ?? 0;
  const digits = `${amountMinor < 0n ? -amountMinor : amountMinor}`.padStart(exponent + 1, '0');
  const sign = amountMinor < 0n ? '-' : '';
  if (exponent === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}
