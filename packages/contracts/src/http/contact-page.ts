/** One person, on one page: everything above the timeline. GET /api/contacts/:id?timezone=Europe/Berlin */
import { z } from 'zod';
import { BillingStatusName } from './contacts.ts';
import { Instant, MoneyView, Tone } from './money-view.ts';

/** `timezone`: the viewer's, in which sentences name days; the workspace's where it is missing. */
export const ContactPageQuery = z.object({ timezone: z.string().max(60).optional() });
export type ContactPageQuery = z.infer<typeof ContactPageQuery>;

/** "Payment of $200.00 failed 5 minutes ago (insufficient funds). Stripe retries on 27 Nov. Step 2 of 4 of ..." */
export const Sentence = z.object({ text: z.string(), tone: Tone });
export type Sentence = z.infer<typeof Sentence>;

export const FailedPaymentView = z.object({
  amount: MoneyView.nullable(),
  /** In words: "insufficient funds". Null where Stripe gives no code. */
  reason: z.string().nullable(),
  attempt: z.number().int().nullable(),
  failedAt: Instant.nullable(),
  nextAttemptAt: Instant.nullable(),
  hostedInvoiceUrl: z.string().nullable(),
  invoiceId: z.string().nullable(),
});

export const BillingPanel = z.object({
  status: BillingStatusName,
  statusLabel: z.string(),
  tone: Tone,
  planName: z.string().nullable(),
  /** Price id. */
  plan: z.string().nullable(),
  tier: z.string().nullable(),
  interval: z.string().nullable().describe('day, week, month or year'),
  quantity: z.number().int().nullable(),
  mrr: MoneyView.nullable(),
  /** More than one entry only where the contact pays in several currencies. */
  mrrByCurrency: z.array(MoneyView),
  ltv: MoneyView.nullable(),
  ltvByCurrency: z.array(MoneyView),
  lastPlan: z.string().nullable(),
  trialEndsAt: Instant.nullable(),
  subscribedSince: Instant.nullable(),
  renewsAt: Instant.nullable(),
  cancelsAt: Instant.nullable(),
  canceledAt: Instant.nullable(),
  cancelReason: z.string().nullable().describe('voluntary, involuntary, never_paid or unknown'),
  lastPaymentAt: Instant.nullable(),
  firstPaidAt: Instant.nullable(),
  isCollectionPaused: z.boolean(),
  paymentMethod: z.object({
    /** Null: Stripe has not told us anything about this person. */
    isOnFile: z.boolean().nullable(),
    label: z.string().describe('"Visa ending in 4242, good until Nov 2027", "None on file"'),
    brand: z.string().nullable(),
    last4: z.string().nullable(),
    /** First instant after the month in which the card is good. */
    expiresAt: Instant.nullable(),
  }),
  failedPayment: FailedPaymentView.nullable(),
  /** Why a figure is unknown or doubtful, each as a sentence. */
  warnings: z.array(z.object({ name: z.string(), text: z.string() })),
  /** Up to when Stripe's tellings are in these figures; null where the contact has no Stripe customer. */
  asOf: Instant.nullable(),
});

export const IdentityView = z.object({
  kind: z.enum(['user_id', 'anonymous_id', 'email', 'stripe_customer']),
  label: z.string().describe('"Stripe customer"'),
  value: z.string(),
  source: z.string(),
  linkedBy: z.string().describe('in words: "same e-mail address"'),
  linkedAt: Instant,
  url: z.string().nullable().describe('the same thing in the Stripe Dashboard'),
});

export const CompanyView = z.object({
  id: z.string(),
  name: z.string(),
  domain: z.string().nullable(),
  role: z.string().nullable(),
  since: Instant,
  stripeCustomer: z.string().nullable(),
  memberCount: z.number().int(),
});

export const SegmentMembershipView = z.object({
  id: z.string(),
  key: z.string().nullable(),
  name: z.string(),
  since: Instant,
  /** When time alone takes the contact out again, if nothing else happens; null where it doesn't. */
  nextFlipAt: Instant.nullable(),
});

export const EnrolmentView = z.object({
  id: z.string(),
  sequenceId: z.string(),
  name: z.string(),
  status: z.enum(['running', 'done']),
  enteredAt: Instant,
  /** 1-based: "step 2 of 4". Null once it is done. */
  step: z.number().int().nullable(),
  stepCount: z.number().int(),
  /** What happens next, in words, and when. Null once it is done, or while it waits for an event without a time-out. */
  nextAction: z.string().nullable(),
  nextAt: Instant.nullable(),
  /** Held out on purpose, to measure the lift: gets no messages. */
  isHoldout: z.boolean(),
  /** Why it ended, in words; null while it runs. */
  exitReason: z.string().nullable(),
});

export const InvoiceView = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.string().describe('draft, open, paid, uncollectible or void'),
  amount: MoneyView.nullable(),
  createdAt: Instant.nullable(),
  hostedInvoiceUrl: z.string().nullable(),
  url: z.string().describe('in the Stripe Dashboard'),
});

export const SubscriptionView = z.object({
  id: z.string(),
  status: z.string(),
  statusLabel: z.string(),
  plans: z.array(z.object({ name: z.string(), quantity: z.number().int().nullable(), price: z.string().nullable() })),
  startedAt: Instant.nullable(),
  renewsAt: Instant.nullable(),
  trialEndsAt: Instant.nullable(),
  cancelsAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  url: z.string().describe('in the Stripe Dashboard'),
});

export const TouchView = z.object({
  at: Instant.nullable(),
  source: z.string().nullable(),
  medium: z.string().nullable(),
  campaign: z.string().nullable(),
  term: z.string().nullable(),
  content: z.string().nullable(),
  referrerDomain: z.string().nullable(),
  landingPage: z.string().nullable(),
  isFromStripe: z
    .boolean()
    .describe('no visit was seen: it stands in the metadata of a Stripe customer or subscription'),
});

export const ContactPage = z.object({
  /** Differs from the id asked for where that contact was merged into this one. */
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  /** The facts that matter now, the most urgent first. Never empty. */
  sentences: z.array(Sentence).min(1),
  billing: BillingPanel,
  about: z.object({
    userId: z.string().nullable(),
    createdAt: Instant,
    firstSeenAt: Instant.nullable(),
    lastSeenAt: Instant.nullable(),
    engagementScore: z.number().int().nullable().describe('0 to 100; null: no product data has come'),
    npsScore: z.number().int().nullable().describe('0 to 10'),
    country: z.string().nullable(),
    timezone: z.string().nullable(),
    locale: z.string().nullable(),
  }),
  traits: z.array(z.object({ name: z.string(), value: z.unknown() })),
  acquisition: z.object({
    channel: z.string().nullable(),
    firstTouch: TouchView.nullable(),
    lastTouchBeforePayment: TouchView.nullable(),
  }),
  identities: z.array(IdentityView),
  companies: z.array(CompanyView),
  segments: z.array(SegmentMembershipView),
  /** Running ones first, then the last few that ended. */
  sequences: z.array(EnrolmentView),
  /** The last five. */
  invoices: z.array(InvoiceView),
  subscriptions: z.array(SubscriptionView),
});
export type ContactPage = z.infer<typeof ContactPage>;
