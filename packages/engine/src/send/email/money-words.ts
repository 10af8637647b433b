import { currencyExponent, majorText } from '#base/money.ts';

const FORMATS = new Map<string, Intl.NumberFormat>();

/** `20000`, `usd` is "$200.00"; `1200`, `jpy` is "¥1,200". Text that is no amount is left as it is. */
export function moneyWords(amount: unknown, currency: unknown): string {
  if ((typeof amount !== 'number' && typeof amount !== 'bigint') || typeof currency !== 'string')
    return typeof amount === 'string' ? amount : '';
  const exponent = currencyExponent(currency.toLowerCase());
  if (exponent === null) return `${amount} ${currency.toUpperCase()}`;
  const code = currency.toUpperCase();
  const format =
    FORMATS.get(code) ??
    new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency: code,
      minimumFractionDigits: exponent,
      maximumFractionDigits: exponent,
    });
  FORMATS.set(code, format);
  return format.format(Number(majorText(BigInt(amount), currency.toLowerCase())));
}
