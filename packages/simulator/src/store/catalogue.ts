import type { Metadata } from './customer.ts';
import type { Row } from './table.ts';

export interface ProductRow extends Row {
  name: string;
  active: boolean;
  description: string | null;
  images: string[];
  metadata: Metadata;
  defaultPrice: string | null;
  statementDescriptor: string | null;
  unitLabel: string | null;
  url: string | null;
  updated: number;
}

export interface Recurring {
  interval: 'day' | 'week' | 'month' | 'year';
  intervalCount: number;
  usageType: 'licensed' | 'metered';
  trialPeriodDays: number | null;
  meter: string | null;
}

export interface Tier {
  flatAmount: number | null;
  unitAmount: number | null;
  /** null is `inf`. */
  upTo: number | null;
}

export interface PriceRow extends Row {
  product: string;
  active: boolean;
  currency: string;
  unitAmount: number | null;
  /** Decimal string; whole cents unless the price says otherwise. */
  unitAmountDecimal: string | null;
  nickname: string | null;
  lookupKey: string | null;
  metadata: Metadata;
  recurring: Recurring | null;
  tiersMode: 'graduated' | 'volume' | null;
  tiers: Tier[];
  /** Other currencies, in minor units. */
  currencyOptions: Record<string, number>;
  transformQuantity: { divideBy: number; round: 'up' | 'down' } | null;
  taxBehavior: string;
}
