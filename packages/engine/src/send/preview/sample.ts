import { addMs } from '#base/clock.ts';
import type { ContactRow } from '../render-scope.ts';

/** Somebody of whom everything is known: for a look at a text before anybody has come into the sequence. */
export function samplePerson(now: Date): ContactRow {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    timezone: 'Europe/London',
    plan_name: 'Pro',
    tier: 'pro',
    billing_status: 'active',
    mrr_minor: 9900n,
    mrr_currency: 'usd',
    engagement_score: 82,
    trial_end_date: addMs(now, 3 * 86_400_000),
    merged_into: null,
    erased_at: null,
    traits: {},
  };
}

/** What starts most sequences, with every field that a text may name. */
export function samplePayload(now: Date): Record<string, unknown> {
  return {
    invoice_id: 'in_sample',
    subscription_id: 'sub_sample',
    amount_minor: 9900,
    currency: 'usd',
    decline_code: 'insufficient_funds',
    hosted_invoice_url: 'https://invoice.stripe.com/i/sample',
    next_payment_attempt: addMs(now, 3 * 86_400_000).toISOString(),
    plan: { name: 'Pro' },
    plan_before: { name: 'Starter' },
    voluntary: true,
    feedback: 'too_expensive',
    date: addMs(now, 3 * 86_400_000).toISOString(),
  };
}
