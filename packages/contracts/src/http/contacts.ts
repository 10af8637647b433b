/** The list of people. */
import { z } from 'zod';
import { BILLING_STATUSES } from '../contact-properties.ts';
import { Instant, MoneyView } from './money-view.ts';
import { pageOf, PageQuery, Total } from './paging.ts';

export const BillingStatusName = z.enum(BILLING_STATUSES);

export const CONTACT_SORTS = ['newest', 'last_seen', 'mrr', 'ltv', 'name', 'trial_end'] as const;
export type ContactSort = (typeof CONTACT_SORTS)[number];

/** GET /api/contacts. Filters narrow together. */
export const ContactListQuery = PageQuery.extend({
  q: z
    .string()
    .trim()
    .max(200)
    .optional()
    .describe('start of any word of the name or e-mail; or a whole user id, Stripe customer (cus_...) or contact id'),
  status: BillingStatusName.optional(),
  plan: z.string().max(200).optional().describe('price id'),
  tier: z.string().max(60).optional(),
  segmentId: z.uuid().optional(),
  companyId: z.uuid().optional(),
  sort: z
    .enum(CONTACT_SORTS)
    .default('newest')
    .describe('newest, last_seen, mrr and ltv: largest first; name: A to Z; trial_end: running trials, soonest first'),
});
export type ContactListQuery = z.infer<typeof ContactListQuery>;

export const ContactRow = z.object({
  id: z.string(),
  name: z.string().describe('never empty: name, else e-mail, else user id'),
  email: z.string().nullable(),
  billingStatus: BillingStatusName,
  billingStatusLabel: z.string().describe('in words: "Past due"'),
  planName: z.string().nullable(),
  tier: z.string().nullable(),
  mrr: MoneyView.nullable(),
  ltv: MoneyView.nullable(),
  trialEndsAt: Instant.nullable(),
  createdAt: Instant,
  lastSeenAt: Instant.nullable(),
  engagementScore: z.number().int().nullable(),
});
export type ContactRow = z.infer<typeof ContactRow>;

export const ContactList = pageOf(ContactRow).extend({
  /** Null on pages after the first: it was told there. */
  total: Total.nullable(),
});
export type ContactList = z.infer<typeof ContactList>;

/** GET /api/contacts/filters: what the filters of the list can be set to. */
export const ContactFilters = z.object({
  statuses: z.array(z.object({ value: BillingStatusName, label: z.string() })),
  plans: z.array(z.object({ priceId: z.string(), label: z.string() })),
  tiers: z.array(z.string()),
});
export type ContactFilters = z.infer<typeof ContactFilters>;
