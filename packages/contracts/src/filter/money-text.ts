/** Currencies without minor units, as Stripe counts them. Source: docs.stripe.com/currencies, zero-decimal currencies. */
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
/** Currencies with thousandths. Source: docs.stripe.com/currencies, three-decimal currencies. */
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));

/** 4999 usd is "49.99 USD"; 500 jpy is "500 JPY". */
export function moneyText(amountMinor: number, currency: string): string {
  const digits = ZERO_DECIMAL.has(currency) ? 0 : THREE_DECIMAL.has(currency) ? 3 : 2;
  const whole = Math.abs(amountMinor)
    .toString()
    .padStart(digits + 1, '0');
  const cut = whole.length - digits;
  const sign = amountMinor < 0 ? '-' : '';
  return `${sign}${whole.slice(0, cut)}${digits > 0 ? `.${whole.slice(cut)}` : ''} ${currency.toUpperCase()}`;
}
