/** GET /api/contacts/:id/billing/explanation -> BillingExplanation: MRR and lifetime value, line by line. */
import { z } from 'zod';
import { Instant, MoneyView } from './money-view.ts';

export const ExplainedWarning = z.object({
  name: z.string(),
  says: z.string(),
  subjectId: z.string().nullable().describe('the Stripe id of what it is about'),
});

const Shown = z.string().nullable().describe('ready to show, with parts of a cent where there are any: "$0.0025"');

/** One step of a price: "3 at $10.00, plus $5.00". Prices per unit may have parts of a cent. */
export const ExplainedStep = z.object({
  units: z.string(),
  unitShown: Shown,
  flatShown: Shown.describe('null also where nothing is added'),
  amountShown: Shown,
  unitAmountMinor: z.string().describe('decimal, in minor units'),
  flatAmountMinor: z.string().describe('decimal, in minor units'),
  amountMinor: z.string().describe('decimal, in minor units'),
  upTo: z
    .number()
    .int()
    .nullable()
    .describe('the last unit of this tier; null for the last tier and where there are none'),
});

export const ExplainedLine = z.object({
  kind: z.enum(['item', 'discount', 'tax', 'rounding']),
  label: z.string(),
  exactMinor: z.string().describe('exact, per month, in minor units: "29000/12"; the lines add up to the figure'),
  approximateMinor: z.string().describe('the same as a decimal'),
  perMonthShown: Shown,
  itemId: z.string().nullable(),
  priceId: z.string().nullable(),
  quantity: z.number().nullable(),
  steps: z.array(ExplainedStep),
  perPeriod: MoneyView.nullable(),
  factor: z.string().nullable().describe('periods per month: "1/12" for a year'),
  interval: z.string().nullable().describe('"1 year"'),
});
export type ExplainedLine = z.infer<typeof ExplainedLine>;

export const ExplainedSubscription = z.object({
  subscriptionId: z.string(),
  status: z.string().nullable(),
  reason: z.string(),
  reasonText: z.string().describe('why it counts, or why not, as a sentence'),
  amount: MoneyView.nullable().describe('per month; null where it is unknown'),
  lines: z.array(ExplainedLine),
  warnings: z.array(ExplainedWarning),
});

/** How the part in one currency became part of the single figure. */
export const ExplainedConversion = z.object({
  amount: MoneyView.nullable(),
  converted: MoneyView.nullable(),
  source: z.enum(['same_currency', 'zero', 'tenant_rate', 'implied_rate']),
  rateText: z.string().nullable().describe('the rate that you gave, or the two sides of a settled charge'),
});

const figure = {
  total: MoneyView.nullable().describe('null where it is unknown'),
  byCurrency: z.array(MoneyView),
  conversions: z.array(ExplainedConversion),
  missingRates: z.array(z.string()).describe('currencies without an exchange rate'),
};

export const ExplainedPayment = z.object({
  kind: z.enum(['charge', 'refund', 'dispute', 'paid_outside_stripe', 'credited_outside_stripe']),
  label: z.string(),
  subjectId: z.string().describe('the Stripe id of the charge, refund, ...'),
  amount: MoneyView.nullable().describe('signed'),
  at: Instant.nullable(),
});

export const BillingExplanation = z.object({
  mrr: z.object({ ...figure, subscriptions: z.array(ExplainedSubscription) }),
  ltv: z.object({ ...figure, lines: z.array(ExplainedPayment) }),
  warnings: z.array(ExplainedWarning),
});
export type BillingExplanation = z.infer<typeof BillingExplanation>;
