/**
 * Where each property of a contact stands in the database: what filters, templates and pages may read. Names come from
 * `contracts`; nothing outside this map can be named in a query.
 */
import type { ContactProperty } from '@growthos/contracts/contact-properties.ts';

/** Column of the table `contact`, for every built-in property. Money columns hold minor units (bigint). */
export const CONTACT_COLUMNS: Readonly<Record<ContactProperty, string>> = {
  email: 'email',
  name: 'name',
  user_id: 'user_id',
  timezone: 'timezone',
  locale: 'locale',
  country: 'country',
  created_at: 'created_at',
  last_seen_at: 'last_seen_at',
  billing_status: 'billing_status',
  plan: 'plan',
  plan_name: 'plan_name',
  tier: 'tier',
  plan_interval: 'plan_interval',
  quantity: 'quantity',
  mrr: 'mrr_minor',
  trial_end_date: 'trial_end_date',
  subscription_start_date: 'subscription_start_date',
  payment_method_on_file: 'payment_method_on_file',
  payment_method_brand: 'payment_method_brand',
  payment_method_last4: 'payment_method_last4',
  payment_method_expires_at: 'payment_method_expires_at',
  ltv: 'ltv_minor',
  last_plan: 'last_plan',
  cancels_at: 'cancels_at',
  canceled_at: 'canceled_at',
  cancel_reason: 'cancel_reason',
  renews_at: 'renews_at',
  last_payment_at: 'last_payment_at',
  failed_attempts: 'failed_attempts',
  failed_payment_at: 'failed_payment_at',
  next_payment_attempt_at: 'next_payment_attempt_at',
  first_paid_at: 'first_paid_at',
  engagement_score: 'engagement_score',
  nps_score: 'nps_score',
  first_utm_source: 'first_utm_source',
  first_utm_medium: 'first_utm_medium',
  first_utm_campaign: 'first_utm_campaign',
  first_referrer_domain: 'first_referrer_domain',
  acquisition_channel: 'acquisition_channel',
};

/** The column that holds the currency of a money property. */
export const CURRENCY_COLUMNS: Readonly<Partial<Record<ContactProperty, string>>> = {
  mrr: 'mrr_currency',
  ltv: 'ltv_currency',
};
