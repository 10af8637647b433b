/** MRR of a contact: its subscriptions' integers, added per currency. */
import type { SubscriptionMrr } from './mrr.ts';

export interface ContactMrr {
  readonly byCurrency: ReadonlyMap<string, bigint>;
  /** True if any subscription's figure is unknown; then there is no single figure. */
  readonly isUnknown: boolean;
  /** Currencies of subscribers, known or not. */
  readonly currencies: ReadonlySet<string>;
}

/** Integers per currency, added. A currency with an unknown part has no figure: a part of a sum would be a wrong one. */
export function contactMrr(all: readonly SubscriptionMrr[]): ContactMrr {
  const byCurrency = new Map<string, bigint>();
  const currencies = new Set<string>();
  const unknown = new Set<string | null>();
  for (const { currency, isSubscriber, amountMinor } of all) {
    if (amountMinor === null) unknown.add(currency);
    if (!isSubscriber || currency === null) continue;
    currencies.add(currency);
    if (amountMinor !== null) byCurrency.set(currency, (byCurrency.get(currency) ?? 0n) + amountMinor);
  }
  for (const currency of unknown) {
    if (currency !== null) byCurrency.delete(currency);
  }
  return { byCurrency, isUnknown: unknown.size > 0, currencies };
}
