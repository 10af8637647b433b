import { isRecord } from '#base/is-record.ts';
import type { RawObject } from './raw-object.ts';

export interface TaxRateFact {
  readonly id: string | null;
  readonly isInclusive: boolean | null;
  /** Per cent, as a decimal string; null when Stripe gave only the id. */
  readonly percentageDecimal: string | null;
}

export function taxRateFacts(source: RawObject, key: string): readonly TaxRateFact[] {
  const entries = source.list(key)?.entries ?? [];
  return entries.map((entry, index) => {
    if (typeof entry === 'string') return { id: entry, isInclusive: null, percentageDecimal: null };
    if (!isRecord(entry)) {
      source.warn('wrong_type', `${key}.${index}`);
      return { id: null, isInclusive: null, percentageDecimal: null };
    }
    const rate = source.nested(entry, `${key}.${index}`);
    return {
      id: rate.text('id'),
      isInclusive: rate.bool('inclusive'),
      percentageDecimal: rate.decimal('percentage'),
    };
  });
}
