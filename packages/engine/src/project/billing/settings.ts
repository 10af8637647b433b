/**
 * A workspace's billing settings: each choice that no source settles, with its default and one plain sentence.
 * Stripe's own Dashboard settings cannot be read through its API, so a team that wants the same figures copies them here.
 */
import { z } from 'zod';
import { SUBSCRIPTION_STATUSES } from '../stripe/subscription.ts';

/** A decimal without sign; a rate of 0 would hide money, so it is refused. */
const rateText = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,15})?$/, 'A rate is a plain decimal such as 1.10')
  .refine((text) => /[1-9]/.test(text), 'A rate must be above zero');

const currencyCode = z
  .string()
  .regex(/^[a-zA-Z]{3}$/, 'A currency is three letters, such as usd')
  .transform((code) => code.toLowerCase());

const tierName = z.string().trim().min(1).max(60);

const DEFAULT_STATUS_ORDER = [
  'past_due',
  'active',
  'trialing',
  'unpaid',
  'paused',
  'incomplete',
  'canceled',
  'incomplete_expired',
] as const;

export const BillingSettingsSchema = z.strictObject({
  reportCurrency: currencyCode.nullable().default(null).meta({
    title: 'Report currency',
    description:
      "The currency of the single MRR and lifetime value; when empty, your Stripe account's. Without a rate a contact keeps its own.",
  }),
  rates: z.record(currencyCode, rateText).default({}).meta({
    title: 'Exchange rates',
    description: 'How many units of the report currency one unit of each currency is worth, such as eur 1.10.',
  }),
  ratesAsOf: z.iso.date().nullable().default(null).meta({
    title: 'Date of the exchange rates',
    description: 'The day on which you took these rates, shown beside converted figures.',
  }),
  useImpliedRates: z.boolean().default(true).meta({
    title: 'Use rates of settled charges',
    description: "Where you gave no rate, take it from the account's latest settled charge; it includes Stripe's fee.",
  }),
  impliedRateMaxAgeDays: z.number().int().min(1).max(366).default(30).meta({
    title: 'Oldest settled charge for a rate, days',
    description: 'A charge older than this gives no exchange rate.',
  }),
  cancelScheduled: z.enum(['exclude', 'include_until_end']).default('exclude').meta({
    title: 'Subscriptions set to cancel',
    description: 'Whether MRR leaves when the cancellation is asked for, as in Stripe, or when the period ends.',
  }),
  fixedTerm: z.enum(['count', 'exclude']).default('count').meta({
    title: 'Subscriptions that end after this period',
    description: 'Whether a subscription with an end date beyond the current period counts until its last period.',
  }),
  pauseCollection: z.enum(['exclude', 'ignore']).default('exclude').meta({
    title: 'Paused collection',
    description:
      'Whether a subscription whose invoices are voided or marked uncollectible leaves MRR and reads paused.',
  }),
  keepAsDraft: z.enum(['count', 'exclude']).default('count').meta({
    title: 'Collection paused with drafts kept',
    description: 'Whether a subscription whose invoices wait as drafts still counts in MRR.',
  }),
  discounts: z
    .strictObject({
      repeating: z.boolean().default(false).meta({
        title: 'Subtract discounts of limited duration',
        description: 'Whether a coupon that runs for some months lowers MRR; permanent coupons always do.',
      }),
      once: z.boolean().default(false).meta({
        title: 'Subtract one-time discounts',
        description: 'Whether a coupon for one invoice lowers MRR while it is on the subscription.',
      }),
    })
    .prefault({}),
  discountOrder: z.enum(['as_listed', 'percent_first', 'amount_first']).default('as_listed').meta({
    title: 'Order of stacked discounts',
    description: 'In which order several discounts of one subscription or item are taken off.',
  }),
  customerDiscountBesideItems: z.boolean().default(true).meta({
    title: 'Customer discount beside item discounts',
    description: "Whether a customer's discount still applies when only single items have discounts of their own.",
  }),
  amountOffMixedIntervals: z.enum(['shortest_interval', 'all_items']).default('shortest_interval').meta({
    title: 'Amount off with mixed intervals',
    description: 'Whether an amount off is taken only from the items billed most often, or spread over all items.',
  }),
  meteredBaseFee: z.enum(['exclude', 'include']).default('exclude').meta({
    title: 'Base fee of metered prices',
    description: 'Whether the flat fee of the first tier of a metered price counts in MRR.',
  }),
  inclusiveTaxUnknown: z.enum(['keep_gross', 'unknown']).default('keep_gross').meta({
    title: 'Included tax at an unknown rate',
    description: 'Whether MRR keeps the price with tax, with a warning, or is unknown when Stripe computes the tax.',
  }),
  statusOrder: z
    .array(z.enum(SUBSCRIPTION_STATUSES))
    .refine((order) => new Set(order).size === SUBSCRIPTION_STATUSES.length, 'Name each status exactly once')
    .default([...DEFAULT_STATUS_ORDER])
    .meta({
      title: 'Which status wins',
      description: 'With several subscriptions, the contact has the first of these statuses that any of them has.',
    }),
  openDisputes: z.enum(['subtract', 'ignore']).default('subtract').meta({
    title: 'Open disputes',
    description: 'Whether the money of an open dispute is out of lifetime value until the dispute is won.',
  }),
  paidOutsideStripe: z.enum(['include', 'exclude']).default('include').meta({
    title: 'Invoices paid outside Stripe',
    description: 'Whether an invoice marked as paid by bank transfer or cash counts in lifetime value.',
  }),
  tiers: z
    .strictObject({
      prices: z.record(z.string(), tierName).default({}).meta({
        title: 'Tier by price',
        description: 'The tier of each price, by price id; it wins over the tier of the product.',
      }),
      products: z.record(z.string(), tierName).default({}).meta({
        title: 'Tier by product',
        description: 'The tier of each product, by product id.',
      }),
    })
    .prefault({}),
});

export type BillingSettings = z.output<typeof BillingSettingsSchema>;
export type BillingSettingsInput = z.input<typeof BillingSettingsSchema>;

export const DEFAULT_BILLING_SETTINGS: BillingSettings = BillingSettingsSchema.parse({});
