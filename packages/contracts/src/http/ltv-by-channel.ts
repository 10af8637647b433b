/** Which acquisition channel brings the customers of highest value: GET /api/ltv-by-channel */
import { z } from 'zod';
import { MoneyView } from './money-view.ts';

export const ChannelRow = z.object({
  /** Value of the property `acquisition_channel`; null: first seen through Stripe, so nobody knows. */
  channel: z.string().nullable(),
  label: z.string(),
  contactCount: z.number().int(),
  /** Those with a lifetime value above zero. */
  payingCount: z.number().int(),
  /** Paying of all, as "12.5%". */
  payingShare: z.string(),
  /** One entry per currency: sums of different currencies are never added up. Largest first. */
  ltv: z.array(MoneyView),
  /** Lifetime value for each paying contact, per currency. */
  ltvPerPaying: z.array(MoneyView),
  mrr: z.array(MoneyView),
  /** A segment's filter that selects exactly this row's contacts: hand it to POST /api/segments. */
  filter: z.unknown(),
});
export type ChannelRow = z.infer<typeof ChannelRow>;

export const LtvByChannel = z.object({
  /** Highest lifetime value first, by the currency that has the most paying contacts. */
  rows: z.array(ChannelRow),
  /** What the figures are, in a sentence, to show under the table. */
  definition: z.string(),
});
export type LtvByChannel = z.infer<typeof LtvByChannel>;
