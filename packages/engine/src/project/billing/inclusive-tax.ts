/** Tax that is inside the price does not belong to MRR. Tax on top never touches it. */
import { add, compare, divide, type Fraction, fraction, ONE, parseDecimal } from '#base/fraction.ts';
import type { SubscriptionFact, SubscriptionItemFact } from '../stripe/subscription.ts';
import type { TaxRateFact } from '../stripe/tax-rate.ts';
import type { BillingWarningName } from './warning.ts';

export type InclusiveTax =
  /** Divide by this; null when no tax is inside the price. */
  | { readonly divisor: Fraction | null; readonly percentText: string }
  /** The price includes tax, but Stripe does not tell the rate. */
  | { readonly unknown: Extract<BillingWarningName, 'tax_inclusive_rate_unknown' | 'tax_rate_invalid'> };

const NO_TAX: InclusiveTax = { divisor: null, percentText: '' };
const HUNDRED = fraction(100n);

/**
 * The rates on the item, else the subscription's defaults. Under Stripe Tax the rate is not on the subscription.
 * A customer who is exempt or under reverse charge pays the whole price as net.
 */
export function inclusiveTax(input: {
  readonly item: SubscriptionItemFact;
  readonly subscription: SubscriptionFact;
  readonly taxBehavior: 'inclusive' | 'exclusive' | 'unspecified' | null;
  readonly isTaxExempt: boolean;
}): InclusiveTax {
  const { item, subscription } = input;
  if (input.isTaxExempt) return NO_TAX;
  const rates = item.taxRates.length > 0 ? item.taxRates : subscription.defaultTaxRates;
  if (rates.some((rate) => rate.isInclusive === null)) return { unknown: 'tax_inclusive_rate_unknown' };
  const inclusive = rates.filter((rate) => rate.isInclusive === true);
  if (inclusive.length > 0) return divisorOf(inclusive);
  const isHidden = subscription.isAutomaticTax && input.taxBehavior === 'inclusive';
  return isHidden ? { unknown: 'tax_inclusive_rate_unknown' } : NO_TAX;
}

function divisorOf(rates: readonly TaxRateFact[]): InclusiveTax {
  let divisor = ONE;
  for (const { percentageDecimal } of rates) {
    const percent = percentageDecimal === null ? null : parseDecimal(percentageDecimal);
    if (percent === null || percent.numerator < 0n || compare(percent, HUNDRED) > 0)
      return { unknown: 'tax_rate_invalid' };
    divisor = add(divisor, divide(percent, HUNDRED));
  }
  return { divisor, percentText: rates.map((rate) => `${rate.percentageDecimal} %`).join(' + ') };
}
