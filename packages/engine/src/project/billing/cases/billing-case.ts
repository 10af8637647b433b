/** One billing case: raw Stripe objects in, the summary's fields compared with what the case expects. */
import { isRecord } from '#base/is-record.ts';
import { readStripeObject, type StripeFact } from '../../stripe/read.ts';
import type { BillingInput, BillingSummary } from '../billing-summary.ts';
import type { BillingSettings } from '../settings.ts';
import { summarizeBilling } from '../summary.ts';
import { asMoment, asRecord, type CaseRecord, caseSettings, compareFields, type Mismatch } from './case-file.ts';

export function checkBillingCase(given: CaseRecord): readonly Mismatch[] {
  const asOf = asMoment(given['as_of'], 'as_of');
  const facts = readFacts(asRecord(given['stripe'], 'stripe'));
  const tenant = asRecord(given['tenant'] ?? {}, 'tenant');
  const run = (expected: CaseRecord, policy?: unknown): readonly Mismatch[] => {
    const settings = caseSettings(
      accountSettings(given),
      withoutPolicy(tenant),
      tenant['policy'],
      given['policy'],
      policy,
    );
    return compareFields(wanted(expected), fieldsOf(summarizeBilling(inputOf(facts, { settings, asOf }))));
  };
  const mismatches = [...run(asRecord(given['expected'], 'expected'))];
  for (const alternative of alternatives(given['expected_alt'])) {
    const { policy, why: _why, ...expected } = alternative;
    const label = JSON.stringify(policy);
    mismatches.push(...run(expected, policy).map((miss) => ({ ...miss, field: `${miss.field} under ${label}` })));
  }
  return mismatches;
}

/** The report currency is the account's own unless the tenant says otherwise. */
function accountSettings(given: CaseRecord): CaseRecord {
  const account = given['account'] ?? asRecord(given['stripe'], 'stripe')['account'];
  const currency = isRecord(account) ? account['default_currency'] : undefined;
  return typeof currency === 'string' ? { report_currency: currency } : {};
}

function withoutPolicy(tenant: CaseRecord): CaseRecord {
  const { policy: _policy, ...rest } = tenant;
  return rest;
}

function alternatives(given: unknown): readonly CaseRecord[] {
  if (given === undefined || given === null) return [];
  return (Array.isArray(given) ? given : [given]).map((entry) => asRecord(entry, 'expected_alt'));
}

/** Every Stripe object under `stripe`, whatever the name of its list; kinds that the engine does not use are passed over. */
function readFacts(stripe: CaseRecord): readonly StripeFact[] {
  const facts: StripeFact[] = [];
  for (const value of Object.values(stripe)) {
    for (const raw of objectsIn(value)) {
      const { fact } = readStripeObject(raw);
      if (fact !== null) facts.push(fact);
    }
  }
  return facts;
}

function objectsIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isRecord(value) && value['object'] === 'list' && Array.isArray(value['data'])) return value['data'];
  return [value];
}

function inputOf(
  facts: readonly StripeFact[],
  { settings, asOf }: { readonly settings: BillingSettings; readonly asOf: Date },
): BillingInput {
  const of = <T extends StripeFact['object']>(object: T) =>
    facts.filter((fact): fact is Extract<StripeFact, { readonly object: T }> => fact.object === object);
  return {
    customers: of('customer'),
    subscriptions: of('subscription'),
    charges: of('charge'),
    invoices: of('invoice'),
    invoicePayments: of('invoice_payment'),
    refunds: of('refund'),
    disputes: of('dispute'),
    creditNotes: of('credit_note'),
    paymentMethods: of('payment_method'),
    prices: of('price'),
    products: of('product'),
    coupons: of('coupon'),
    discounts: of('discount'),
    settings,
    asOf,
  };
}

/** Warnings are a set; the case may list them in any order. */
function wanted(expected: CaseRecord): CaseRecord {
  const warnings = expected['warnings'];
  return Array.isArray(warnings) ? { ...expected, warnings: warnings.map(String).sort() } : expected;
}

function fieldsOf(summary: BillingSummary): CaseRecord {
  return {
    mrr_minor: summary.mrrMinor,
    currency: summary.mrrCurrency,
    mrr_by_currency: summary.mrrByCurrency,
    billing_status: summary.billingStatus,
    plan: summary.plan,
    plan_name: summary.planName,
    tier: summary.tier,
    last_plan: summary.lastPlan,
    trial_end_date: isoTime(summary.trialEndDateS),
    subscription_start_date: isoTime(summary.subscriptionStartDateS),
    payment_method_on_file: summary.paymentMethod.isOnFile,
    payment_method_brand: summary.paymentMethod.brand,
    payment_method_last4: summary.paymentMethod.last4,
    cancels_at: isoTime(summary.cancelsAtS),
    renews_at: isoTime(summary.renewsAtS),
    last_payment_at: isoTime(summary.lastPaymentAtS),
    failed_attempts: summary.failedAttempts,
    collection_paused: summary.isCollectionPaused,
    ltv_by_currency: summary.ltvByCurrency,
    ltv_minor: summary.ltvMinor,
    ltv_currency: summary.ltvCurrency,
    plans: summary.plans.map(({ priceId }) => priceId),
    warnings: summary.warnings,
  };
}

function isoTime(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
