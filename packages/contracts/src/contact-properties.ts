/**
 * The built-in properties of a contact: what they are called wherever they are seen (API, filters, templates, pages),
 * their type, and one sentence for a person. Custom traits stand beside them under `traits.<name>`.
 * `money` properties come in pairs: an amount in minor units and the currency in the column named by `currencyOf`.
 */
export type PropertyType = 'text' | 'number' | 'money' | 'boolean' | 'date' | 'list';

export interface PropertyInfo {
  readonly type: PropertyType;
  readonly label: string;
  readonly says: string;
  readonly group: 'person' | 'billing' | 'engagement' | 'acquisition';
  /** Closed list of values, for `text` properties that have one. */
  readonly values?: readonly string[];
  /** For money: the property that holds its currency. */
  readonly currency?: string;
}

export const BILLING_STATUSES = [
  'active',
  'trialing',
  'past_due',
  'unpaid',
  'paused',
  'incomplete',
  'canceled',
  'incomplete_expired',
  'none',
] as const;
export type BillingStatus = (typeof BILLING_STATUSES)[number];

export const CONTACT_PROPERTIES = {
  email: { type: 'text', label: 'E-mail', group: 'person', says: 'The address that messages go to.' },
  name: { type: 'text', label: 'Name', group: 'person', says: 'Full name, as your app or Stripe gave it.' },
  user_id: { type: 'text', label: 'User ID', group: 'person', says: 'The id that your own app uses for this person.' },
  timezone: { type: 'text', label: 'Time zone', group: 'person', says: 'IANA name, such as Europe/Berlin.' },
  locale: { type: 'text', label: 'Language', group: 'person', says: 'As the browser says, such as en-GB.' },
  country: { type: 'text', label: 'Country', group: 'person', says: 'Two letters, from the Stripe billing address.' },
  created_at: {
    type: 'date',
    label: 'Contact since',
    group: 'person',
    says: 'When this contact was first known here.',
  },
  last_seen_at: {
    type: 'date',
    label: 'Last seen',
    group: 'engagement',
    says: 'Last product event. Empty: never seen by the snippet, which is not the same as silent.',
  },
  billing_status: {
    type: 'text',
    label: 'Billing status',
    group: 'billing',
    values: BILLING_STATUSES,
    says: "The most urgent status of the contact's subscriptions.",
  },
  plan: { type: 'text', label: 'Plan (price ID)', group: 'billing', says: 'Price id of the main subscription item.' },
  plan_name: { type: 'text', label: 'Plan', group: 'billing', says: 'Name of the product behind the plan.' },
  tier: { type: 'text', label: 'Plan tier', group: 'billing', says: 'The tier that you gave this plan in Settings.' },
  plan_interval: {
    type: 'text',
    label: 'Billing interval',
    group: 'billing',
    values: ['day', 'week', 'month', 'year'],
    says: 'How often the plan is billed.',
  },
  quantity: { type: 'number', label: 'Seats', group: 'billing', says: 'Quantity of the main subscription item.' },
  mrr: {
    type: 'money',
    label: 'MRR',
    group: 'billing',
    currency: 'mrr_currency',
    says: 'Monthly recurring revenue, without tax, in minor units of its currency.',
  },
  trial_end_date: {
    type: 'date',
    label: 'Trial ends',
    group: 'billing',
    says: 'End of the running trial, or of the last one.',
  },
  subscription_start_date: {
    type: 'date',
    label: 'Subscribed since',
    group: 'billing',
    says: 'Start of the main subscription.',
  },
  payment_method_on_file: {
    type: 'boolean',
    label: 'Payment method on file',
    group: 'billing',
    says: 'Whether Stripe has something that it would charge.',
  },
  payment_method_brand: { type: 'text', label: 'Card brand', group: 'billing', says: 'Such as visa.' },
  payment_method_last4: { type: 'text', label: 'Card ends in', group: 'billing', says: 'Last four digits.' },
  payment_method_expires_at: {
    type: 'date',
    label: 'Card expires',
    group: 'billing',
    says: 'First instant after the month in which the card is good.',
  },
  ltv: {
    type: 'money',
    label: 'Lifetime value',
    group: 'billing',
    currency: 'ltv_currency',
    says: 'Cash received less refunds and lost disputes, tax included, fees not taken off.',
  },
  last_plan: {
    type: 'text',
    label: 'Last plan (price ID)',
    group: 'billing',
    says: 'The plan of somebody who has none now.',
  },
  cancels_at: {
    type: 'date',
    label: 'Cancels on',
    group: 'billing',
    says: 'When a scheduled cancellation takes effect.',
  },
  canceled_at: { type: 'date', label: 'Canceled on', group: 'billing', says: 'When the last subscription ended.' },
  cancel_reason: {
    type: 'text',
    label: 'Cancel reason',
    group: 'billing',
    values: ['voluntary', 'involuntary', 'never_paid', 'unknown'],
    says: 'Whether they left, or their payment failed.',
  },
  renews_at: { type: 'date', label: 'Renews on', group: 'billing', says: 'Next renewal.' },
  last_payment_at: { type: 'date', label: 'Last payment', group: 'billing', says: 'Last payment that went through.' },
  failed_attempts: {
    type: 'number',
    label: 'Failed attempts',
    group: 'billing',
    says: 'Failed tries on the oldest invoice that is still open.',
  },
  failed_payment_at: {
    type: 'date',
    label: 'Payment failed',
    group: 'billing',
    says: 'Latest failed try on an invoice that is still open; empty when nothing is open.',
  },
  next_payment_attempt_at: {
    type: 'date',
    label: 'Stripe retries on',
    group: 'billing',
    says: 'When Stripe tries the open invoice again.',
  },
  first_paid_at: { type: 'date', label: 'Paying since', group: 'billing', says: 'First payment that went through.' },
  engagement_score: {
    type: 'number',
    label: 'Engagement score',
    group: 'engagement',
    says: '0 to 100 against the rest of the workspace; empty where no product data has come.',
  },
  nps_score: { type: 'number', label: 'NPS score', group: 'engagement', says: 'Last answer, 0 to 10.' },
  first_utm_source: {
    type: 'text',
    label: 'First source',
    group: 'acquisition',
    says: 'utm_source of the first visit.',
  },
  first_utm_medium: {
    type: 'text',
    label: 'First medium',
    group: 'acquisition',
    says: 'utm_medium of the first visit.',
  },
  first_utm_campaign: {
    type: 'text',
    label: 'First campaign',
    group: 'acquisition',
    says: 'utm_campaign of the first visit.',
  },
  first_referrer_domain: {
    type: 'text',
    label: 'First referrer',
    group: 'acquisition',
    says: 'Domain that the first visit came from.',
  },
  acquisition_channel: {
    type: 'text',
    label: 'Acquisition channel',
    group: 'acquisition',
    says: 'From the first visit, by the map in Settings.',
  },
} as const satisfies Record<string, PropertyInfo>;

export type ContactProperty = keyof typeof CONTACT_PROPERTIES;
