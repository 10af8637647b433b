import { z } from 'zod';

/**
 * The GrowthOS events that come from Stripe: names exactly as the mission gives them, payloads flat and snake_case, so
 * that a filter can name any of their fields. Money is an integer in the currency's minor unit, its currency beside it;
 * times are ISO 8601 in UTC. Every payload carries `stripe_account` and `livemode`.
 */
const minor = z.number().int();
const currency = z.string().length(3).describe('ISO 4217, lower case as Stripe writes it');
const instant = z.string().describe('ISO 8601, UTC');
const base = {
  stripe_account: z.string(),
  livemode: z.boolean(),
  customer_id: z.string().nullable().describe('Stripe customer (cus_...)'),
};
const plan = z.object({
  price_id: z.string().nullable(),
  product_id: z.string().nullable(),
  name: z.string().nullable(),
  tier: z.string().nullable(),
  interval: z.string().nullable().describe('day, week, month or year'),
  interval_count: z.number().int().nullable(),
  quantity: z.number().int().nullable(),
});
export type PlanView = z.infer<typeof plan>;

export const PaymentSucceeded = z.object({
  ...base,
  invoice_id: z.string().nullable(),
  charge_id: z.string().nullable(),
  subscription_id: z.string().nullable(),
  amount_minor: minor,
  currency,
  billing_reason: z
    .string()
    .nullable()
    .describe('subscription_create, subscription_cycle, manual, ...; null for a one-off charge'),
  paid_out_of_band: z.boolean(),
  attempt: z.number().int().nullable(),
  paid_at: instant,
});

export const SubscriptionCreated = z.object({
  ...base,
  subscription_id: z.string(),
  status: z.string(),
  plan,
  mrr_minor: minor.nullable(),
  currency: currency.nullable(),
  trial_end: instant.nullable(),
});

/** What changed. A plain renewal is none of these and makes no event. */
export const SUBSCRIPTION_CHANGES = [
  'upgrade',
  'downgrade',
  'lateral',
  'quantity',
  'interval',
  'price',
  'discount',
  'item_added',
  'item_removed',
  'cancel_scheduled',
  'cancel_reverted',
  'trial_extended',
  'plan_change',
] as const;

export const SubscriptionUpdated = z.object({
  ...base,
  subscription_id: z.string(),
  change: z.enum(SUBSCRIPTION_CHANGES),
  status: z.string(),
  plan_before: plan.nullable(),
  plan: plan.nullable(),
  mrr_before_minor: minor.nullable(),
  mrr_minor: minor.nullable(),
  mrr_delta_minor: minor.nullable(),
  currency: currency.nullable(),
  cancels_at: instant.nullable(),
});

export const SubscriptionCanceled = z.object({
  ...base,
  subscription_id: z.string(),
  plan,
  mrr_before_minor: minor.nullable(),
  currency: currency.nullable(),
  reason: z.string().nullable().describe('cancellation_requested, payment_failed, payment_disputed, ...'),
  feedback: z.string().nullable(),
  comment: z.string().nullable(),
  voluntary: z.boolean().nullable().describe('null where Stripe gives no reason'),
  never_paid: z.boolean().describe('the first payment never went through (incomplete_expired)'),
  ended_at: instant,
});

export const InvoicePaymentFailed = z.object({
  ...base,
  invoice_id: z.string(),
  subscription_id: z.string().nullable(),
  amount_minor: minor,
  currency,
  attempt: z.number().int(),
  decline_code: z.string().nullable(),
  failure_message: z.string().nullable(),
  next_payment_attempt: instant.nullable(),
  hosted_invoice_url: z.string().nullable(),
  billing_reason: z.string().nullable(),
});

export const TrialWillEnd = z.object({
  ...base,
  subscription_id: z.string(),
  trial_end: instant,
  plan,
});

const trial = { ...base, subscription_id: z.string(), plan, trial_end: instant.nullable() };
export const TrialStarted = z.object(trial);
export const TrialConverted = z.object({ ...trial, mrr_minor: minor.nullable(), currency: currency.nullable() });
export const TrialExpired = z.object({ ...trial, status: z.string() });

const subscriptionMoment = { ...base, subscription_id: z.string(), plan };
export const SubscriptionPaused = z.object({
  ...subscriptionMoment,
  how: z.enum(['status', 'collection']),
  resumes_at: instant.nullable(),
});
export const SubscriptionResumed = z.object({ ...subscriptionMoment, how: z.enum(['status', 'collection']) });
export const SubscriptionReactivated = z.object({
  ...base,
  subscription_id: z.string(),
  started_at: instant,
});

export const PaymentRecovered = z.object({
  ...base,
  invoice_id: z.string(),
  subscription_id: z.string().nullable(),
  amount_minor: minor,
  currency,
  attempts: z.number().int().describe('as Stripe counts them on the invoice: the first one and its automatic retries'),
  recovered_at: instant,
});

export const PaymentActionRequired = z.object({
  ...base,
  invoice_id: z.string(),
  subscription_id: z.string().nullable(),
  amount_minor: minor,
  currency,
  hosted_invoice_url: z.string().nullable(),
});

export const ChargeRefunded = z.object({
  ...base,
  charge_id: z.string(),
  amount_refunded_minor: minor.describe('refunded so far, of this charge'),
  refund_minor: minor.describe('refunded by this refund'),
  amount_minor: minor,
  currency,
  is_full: z.boolean(),
});

const dispute = {
  ...base,
  dispute_id: z.string(),
  charge_id: z.string().nullable(),
  amount_minor: minor,
  currency,
  reason: z.string().nullable(),
  status: z.string(),
};
export const DisputeOpened = z.object(dispute);
export const DisputeClosed = z.object(dispute);

export const CardExpiring = z.object({
  ...base,
  brand: z.string().nullable(),
  last4: z.string().nullable(),
  expires_month: z.number().int(),
  expires_year: z.number().int(),
});

export const CustomerLinked = z.object({
  ...base,
  linked_by: z.enum(['existing_link', 'metadata_user_id', 'client_reference_id', 'email', 'new_contact', 'person']),
});

/** Name, schema, the Stripe events behind it, and what it says: `docs/events.md` is made from this list. */
export const BILLING_EVENTS = {
  payment_succeeded: {
    schema: PaymentSucceeded,
    from: ['invoice.paid', 'invoice.payment_succeeded', 'charge.succeeded', 'charge.captured'],
    says: 'A payment went through: once per invoice or one-off charge, however often Stripe says so.',
  },
  subscription_created: {
    schema: SubscriptionCreated,
    from: ['customer.subscription.created'],
    says: 'A new subscription.',
  },
  subscription_updated: {
    schema: SubscriptionUpdated,
    from: ['customer.subscription.updated'],
    says: 'A subscription changed; `change` says how. A renewal is not a change.',
  },
  subscription_canceled: {
    schema: SubscriptionCanceled,
    from: ['customer.subscription.deleted', 'customer.subscription.updated'],
    says: 'A subscription has ended.',
  },
  'invoice.payment_failed': {
    schema: InvoicePaymentFailed,
    from: ['invoice.payment_failed'],
    says: 'An attempt to collect an invoice failed: once per invoice and attempt. It waits up to two seconds for the charge that says why; without one the reason is null.',
  },
  'customer.subscription.trial_will_end': {
    schema: TrialWillEnd,
    from: ['customer.subscription.trial_will_end'],
    says: 'A trial ends soon: once per subscription and trial end.',
  },
  trial_started: {
    schema: TrialStarted,
    from: ['customer.subscription.created', 'customer.subscription.updated'],
    says: 'A trial began.',
  },
  trial_converted: {
    schema: TrialConverted,
    from: ['customer.subscription.updated'],
    says: 'A trial became an active subscription.',
  },
  trial_expired: {
    schema: TrialExpired,
    from: ['customer.subscription.updated', 'customer.subscription.deleted'],
    says: 'A trial ended without becoming active.',
  },
  subscription_paused: {
    schema: SubscriptionPaused,
    from: ['customer.subscription.paused', 'customer.subscription.updated'],
    says: 'A subscription, or its collection, was paused.',
  },
  subscription_resumed: {
    schema: SubscriptionResumed,
    from: ['customer.subscription.resumed', 'customer.subscription.updated'],
    says: 'A paused subscription, or its collection, goes on.',
  },
  subscription_reactivated: {
    schema: SubscriptionReactivated,
    from: ['customer.subscription.created', 'customer.subscription.updated'],
    says: 'Somebody who had stopped paying pays again.',
  },
  payment_recovered: {
    schema: PaymentRecovered,
    from: ['invoice.paid'],
    says: 'An invoice was paid after at least one failed attempt.',
  },
  payment_action_required: {
    schema: PaymentActionRequired,
    from: ['invoice.payment_action_required'],
    says: 'The customer must confirm a payment (3-D Secure).',
  },
  charge_refunded: { schema: ChargeRefunded, from: ['charge.refunded'], says: 'Money went back, in part or whole.' },
  dispute_opened: {
    schema: DisputeOpened,
    from: ['charge.dispute.created'],
    says: 'The cardholder disputes a charge.',
  },
  dispute_closed: { schema: DisputeClosed, from: ['charge.dispute.closed'], says: 'A dispute was decided.' },
  card_expiring: {
    schema: CardExpiring,
    from: [],
    says: 'The card on file expires within 30 days; made by time, not by Stripe.',
  },
  customer_linked: {
    schema: CustomerLinked,
    from: ['customer.created', 'customer.updated'],
    says: 'A Stripe customer was joined to a contact.',
  },
} as const satisfies Record<string, { schema: z.ZodType; from: readonly string[]; says: string }>;

export type BillingEventName = keyof typeof BILLING_EVENTS;
export type BillingEventData<N extends BillingEventName> = z.infer<(typeof BILLING_EVENTS)[N]['schema']>;
