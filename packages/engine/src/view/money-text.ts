import type { MoneyView } from '@growthos/contracts/http/money-view.ts';
import { currencyExponent, majorText, minorToJson } from '#base/money.ts';

const formatters = new Map<string, Intl.NumberFormat>();

/** With as many decimals as the currency has at Stripe: ¥1,200, $12.00, KWD 1.500. */
function formatterOf(currency: string): Intl.NumberFormat {
  let formatter = formatters.get(currency);
  if (!formatter) {
    const digits = currencyExponent(currency) ?? 0;
    formatter = new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency: currency.toUpperCase(),
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    formatters.set(currency, formatter);
  }
  return formatter;
}

const IS_CURRENCY = /^[a-z]{3}$/;

/** "$200.00" for 20000 of usd. What is no currency code stands behind the number as it is. */
export function moneyText(amountMinor: bigint, currency: string): string {
  const major = majorText(amountMinor, currency);
  if (!IS_CURRENCY.test(currency)) return `${major} ${currency}`;
  // A no-break space would make the text differ from what a person types into a search.
  return formatterOf(currency).format(Number(major)).replaceAll('\u00a0', ' ');
}

/** Null where the amount or its currency is unknown, or the amount is beyond what JSON can hold exactly. */
export function moneyView(
  amountMinor: bigint | number | null | undefined,
  currency: string | null | undefined,
): MoneyView | null {
  if (amountMinor === null || amountMinor === undefined || currency === null || currency === undefined) return null;
  if (typeof amountMinor === 'number' && !Number.isSafeInteger(amountMinor)) return null;
  const exact = BigInt(amountMinor);
  const amount = minorToJson(exact);
  return amount === null ? null : { amountMinor: amount, currency, formatted: moneyText(exact, currency) };
}

/** A map of sums per currency as a list, the largest number first. */
export function moneyViews(byCurrency: Readonly<Record<string, number>> | null): MoneyView[] {
  return Object.entries(byCurrency ?? {})
    .flatMap(([currency, amountMinor]) => moneyView(amountMinor, currency) ?? [])
    .sort((left, right) => right.amountMinor - left.amountMinor);
}

/** Stripe prices a unit in up to 12 decimals of the minor unit. Source: Stripe API, price.unit_amount_decimal. */
const UNIT_DECIMALS_MAX = 12;

/**
 * An amount with parts of the minor unit, such as a price for one unit ("9900", "-0.25"): "$99.00", "-$0.0025". Null for
 * what is no such number.
 */
export function unitAmountText(amountDecimal: string | null, currency: string | null): string | null {
  if (amountDecimal === null || currency === null || !IS_CURRENCY.test(currency)) return null;
  if (/^-?\d+$/.test(amountDecimal)) return moneyText(BigInt(amountDecimal), currency);
  if (!/^-?\d+\.\d+$/.test(amountDecimal)) return null;
  const exponent = currencyExponent(currency) ?? 0;
  // For reading only: a double has more digits than a price below a cent.
  return new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: currency.toUpperCase(),
    minimumFractionDigits: exponent,
    maximumFractionDigits: UNIT_DECIMALS_MAX,
  }).format(Number(amountDecimal) / 10 ** exponent);
}
