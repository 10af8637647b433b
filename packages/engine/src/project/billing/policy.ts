/** The settings, made ready for arithmetic once per settings object instead of once per contact. */
import { type Fraction, parseDecimal } from '#base/fraction.ts';
import type { SubscriptionStatus } from '../stripe/subscription.ts';
import type { BillingSettings } from './settings.ts';

export interface BillingPolicy extends BillingSettings {
  /** Units of the report currency for one unit of the key, as an exact fraction. */
  readonly rateOf: ReadonlyMap<string, Fraction>;
  readonly statusRank: ReadonlyMap<SubscriptionStatus, number>;
}

const compiled = new WeakMap<BillingSettings, BillingPolicy>();

export function billingPolicy(settings: BillingSettings): BillingPolicy {
  const known = compiled.get(settings);
  if (known !== undefined) return known;
  const rateOf = new Map<string, Fraction>();
  for (const [currency, text] of Object.entries(settings.rates)) {
    const rate = parseDecimal(text);
    if (rate !== null && rate.numerator > 0n) rateOf.set(currency, rate);
  }
  const statusRank = new Map(settings.statusOrder.map((status, rank) => [status, rank]));
  const policy = { ...settings, rateOf, statusRank };
  compiled.set(settings, policy);
  return policy;
}
