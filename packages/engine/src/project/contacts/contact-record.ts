/**
 * A contact as the graph holds it: the columns of `contact` that change, under the names of the database. This is the one
 * shape in which contacts are read, patched and written (patch-contacts.ts), whoever has news: Stripe, the app, a person.
 */
export interface ContactRecord {
  id: string;
  email: string | null;
  name: string | null;
  user_id: string | null;
  timezone: string | null;
  locale: string | null;
  country: string | null;
  traits: Record<string, unknown>;
  property_sources: Record<string, PropertySource>;
  first_seen_at: Date | null;
  last_seen_at: Date | null;

  billing_status: string;
  plan: string | null;
  plan_name: string | null;
  tier: string | null;
  plan_interval: string | null;
  quantity: bigint | null;
  mrr_minor: bigint | null;
  mrr_currency: string | null;
  mrr_by_currency: Record<string, number>;
  trial_end_date: Date | null;
  subscription_start_date: Date | null;
  payment_method_on_file: boolean | null;
  payment_method_brand: string | null;
  payment_method_last4: string | null;
  payment_method_expires_at: Date | null;
  ltv_minor: bigint | null;
  ltv_currency: string | null;
  ltv_by_currency: Record<string, number>;
  last_plan: string | null;
  cancels_at: Date | null;
  canceled_at: Date | null;
  cancel_reason: string | null;
  renews_at: Date | null;
  last_payment_at: Date | null;
  failed_attempts: number | null;
  failed_payment_at: Date | null;
  next_payment_attempt_at: Date | null;
  failed_payment: Record<string, unknown> | null;
  first_paid_at: Date | null;
  collection_paused: boolean;
  billing_warnings: string[];
  billing_as_of: Date | null;
  billing_due_at: Date | null;

  engagement_score: number | null;
  nps_score: number | null;
  first_touch: Record<string, unknown> | null;
  last_touch_before_payment: Record<string, unknown> | null;
  first_utm_source: string | null;
  first_utm_medium: string | null;
  first_utm_campaign: string | null;
  first_referrer_domain: string | null;
  acquisition_channel: string | null;
}

/** Who said so, the strongest first: a weaker source never overwrites a stronger one. */
export const PROPERTY_SOURCES = ['person', 'app', 'stripe'] as const;
export type PropertySource = (typeof PROPERTY_SOURCES)[number];

const DATES = [
  'first_seen_at',
  'last_seen_at',
  'trial_end_date',
  'subscription_start_date',
  'payment_method_expires_at',
  'cancels_at',
  'canceled_at',
  'renews_at',
  'last_payment_at',
  'failed_payment_at',
  'next_payment_attempt_at',
  'first_paid_at',
  'billing_as_of',
  'billing_due_at',
] as const;
const JSON_VALUES = [
  'traits',
  'property_sources',
  'mrr_by_currency',
  'ltv_by_currency',
  'failed_payment',
  'billing_warnings',
  'first_touch',
  'last_touch_before_payment',
] as const;
const PLAIN = [
  'email',
  'name',
  'user_id',
  'timezone',
  'locale',
  'country',
  'billing_status',
  'plan',
  'plan_name',
  'tier',
  'plan_interval',
  'quantity',
  'mrr_minor',
  'mrr_currency',
  'payment_method_on_file',
  'payment_method_brand',
  'payment_method_last4',
  'ltv_minor',
  'ltv_currency',
  'last_plan',
  'cancel_reason',
  'failed_attempts',
  'collection_paused',
  'engagement_score',
  'nps_score',
  'first_utm_source',
  'first_utm_medium',
  'first_utm_campaign',
  'first_referrer_domain',
  'acquisition_channel',
] as const;

export const CONTACT_RECORD_COLUMNS: readonly (keyof ContactRecord)[] = [...PLAIN, ...DATES, ...JSON_VALUES];

/** Columns whose change is no news to anybody: bookkeeping of the graph itself. */
export const SILENT_COLUMNS: ReadonlySet<keyof ContactRecord> = new Set([
  'property_sources',
  'billing_as_of',
  'billing_due_at',
  'first_touch',
  'last_touch_before_payment',
  'mrr_currency',
  'ltv_currency',
  'traits',
  'first_seen_at',
]);

/** The name under which a column's change is told: as in `contracts/contact-properties.ts`. */
export function propertyOfColumn(column: keyof ContactRecord): string {
  if (column === 'mrr_minor') return 'mrr';
  if (column === 'ltv_minor') return 'ltv';
  return column;
}
