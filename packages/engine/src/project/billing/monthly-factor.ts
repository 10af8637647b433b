/** How many billing periods fall into one month, as an exact fraction. */
import { type Fraction, fraction } from '#base/fraction.ts';
import type { PriceFact, PriceInterval } from '../stripe/price.ts';

/**
 * A year is 12 months (Stripe's own rule), 52 weeks or 365 days (the majority of code that reads Stripe).
 * The last two do not agree with each other; Stripe publishes neither.
 */
const PERIODS_PER_YEAR: Readonly<Record<PriceInterval, bigint>> = { day: 365n, week: 52n, month: 12n, year: 1n };

/** Null where the interval is unknown or absurd. Two weeks is 52/24; three months is 12/36. */
export function monthlyFactor(price: Pick<PriceFact, 'interval' | 'intervalCount'>): Fraction | null {
  const { interval, intervalCount } = price;
  if (interval === null || intervalCount === null || intervalCount <= 0) return null;
  const perYear = PERIODS_PER_YEAR[interval];
  // Months and years get their shortest form, as they are nearly all there is.
  if (interval === 'month') return fraction(1n, BigInt(intervalCount));
  return fraction(perYear, 12n * BigInt(intervalCount));
}
