/**
 * Billing truth for one contact. In: everything that Stripe says about it, as facts, the tenant's settings, the moment.
 * Out: the summary that becomes the contact's billing properties. Pure: the same input gives the same output, in any
 * order of the facts, so figures agree whether they came by backfill, webhook or reconcile. Never throws on bad facts:
 * what is unknown is null with a named warning.
 */
import { minorToJson } from '#base/money.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { InvoiceFact } from '../stripe/invoice.ts';
import type { BillingInput, BillingSummary } from './billing-summary.ts';
import { type BillingContext, billingContext, factsById } from './context.ts';
import { exchangeOf, singleFigure } from './currency.ts';
import { cancelsAt, renewsAt, subscriptionStartDate, trialEndDate } from './dates.ts';
import { openFailedInvoice } from './failed-invoice.ts';
import { type ContactMrr, contactMrr } from './contact-mrr.ts';
import { lifetimeValue, totalsToJson } from './ltv.ts';
import { subscriptionMrr, type ValuedItem, valueItems } from './mrr.ts';
import { paymentMethodOnFile } from './payment-method.ts';
import { lastPlan, namedPlan, planEntries, primaryItem, primarySubscription, type ValuedSubscription } from './plan.ts';
import { billingStatus, isLive } from './status.ts';
import type { BillingWarning, BillingWarningName } from './warning.ts';

export function summarizeBilling(given: BillingInput): BillingSummary {
  const input = inOrder(given);
  const context = billingContext(input);
  const { asOfS, policy } = context;
  const { subscriptions, customers, charges = [], invoices = [], invoicePayments = [] } = input;
  const live = subscriptions
    .filter(isLive)
    .map((subscription) => ({ subscription, items: valueItems(context, subscription) }));
  const primary = primarySubscription(context, live);
  const item = primaryItem(primary?.items ?? []);
  const money = moneyOf(context, { input, live });
  const failed = openFailedInvoice({ invoices, invoicePayments, charges, subscriptions });
  return {
    billingStatus: billingStatus(policy, subscriptions),
    primarySubscriptionId: primary?.subscription.id ?? null,
    ...planOf(context, { item, input }),
    plans: planEntries(context, { live, primary: item }),
    ...money,
    trialEndDateS: trialEndDate(subscriptions, asOfS),
    subscriptionStartDateS: subscriptionStartDate(primary?.subscription ?? null, subscriptions),
    cancelsAtS: cancelsAt(subscriptions),
    renewsAtS: renewsAt(policy, { subscriptions, asOfS }),
    lastPaymentAtS: lastPaymentAt(charges, invoices),
    failedAttempts: failed?.attempt ?? 0,
    isCollectionPaused: live.some(({ subscription }) => subscription.pauseCollection !== null),
    paymentMethod: paymentMethodOnFile({
      customers,
      subscriptions,
      primary: primary?.subscription ?? null,
      paymentMethods: factsById(input.paymentMethods),
      charges,
    }),
    openFailedInvoice: failed,
  };
}

function planOf(context: BillingContext, { item, input }: { item: ValuedItem | null; input: BillingInput }) {
  const now = namedPlan(context, item);
  const last = lastPlan(context, input.subscriptions);
  return {
    plan: now.priceId,
    planName: now.name,
    tier: now.tier,
    lastPlan: last.priceId,
    lastPlanName: last.name,
  };
}

/** Facts sorted by id, so that no answer depends on the order in which they were read. */
function inOrder(input: BillingInput): BillingInput {
  const { customers, subscriptions, invoices = [] } = input;
  if (customers.length < 2 && subscriptions.length < 2 && invoices.length < 2) return input;
  return { ...input, customers: byId(customers), subscriptions: byId(subscriptions), invoices: byId(invoices) };
}

function byId<T extends { readonly id: string }>(facts: readonly T[]): readonly T[] {
  return facts.length < 2 ? facts : [...facts].sort((left, right) => (left.id < right.id ? -1 : 1));
}

function moneyOf(
  context: BillingContext,
  { input, live }: { input: BillingInput; live: readonly ValuedSubscription[] },
) {
  const { subscriptions } = input;
  const exchange = exchangeOf(context, input);
  const valued = new Map(live.map(({ subscription, items }) => [subscription, items]));
  const all = subscriptions.map((subscription) =>
    subscriptionMrr(context, { subscription, valued: valued.get(subscription) }),
  );
  const mrr = contactMrr(all);
  const ltv = lifetimeValue(context.policy, input);
  const fallbackCurrency = ownCurrency(input);
  const single = singleFigure(exchange, { byCurrency: mrr.byCurrency, fallbackCurrency });
  const ltvSingle = singleFigure(exchange, { byCurrency: ltv.byCurrency, fallbackCurrency });
  const isLtvUnknown = ltv.warnings.some(({ name }) => name !== 'invoice_payments_unknown');
  const isMissingRate = !mrr.isUnknown && single.amountMinor === null;
  const details: BillingWarning[] = all.flatMap(({ warnings }) => warnings);
  if (isMissingRate) details.push({ name: 'fx_rate_missing', subjectId: null });
  details.push(...ltv.warnings);
  return {
    mrrMinor: mrr.isUnknown || single.amountMinor === null ? null : minorToJson(single.amountMinor),
    mrrCurrency: mrr.isUnknown ? unknownCurrency(context, { mrr, fallbackCurrency }) : single.currency,
    mrrByCurrency: totalsToJson(mrr.byCurrency),
    mrrMissingRates: single.missingRates,
    ltvMinor: isLtvUnknown || ltvSingle.amountMinor === null ? null : minorToJson(ltvSingle.amountMinor),
    ltvCurrency: ltvSingle.currency,
    ltvByCurrency: totalsToJson(ltv.byCurrency),
    ltvMissingRates: ltvSingle.missingRates,
    ...warningsOf(details),
  };
}

/** An unknown figure still has a currency, if all that could be in it have the same one. */
function unknownCurrency(
  { policy }: BillingContext,
  { mrr, fallbackCurrency }: { readonly mrr: ContactMrr; readonly fallbackCurrency: string | null },
): string | null {
  if (policy.reportCurrency !== null) return policy.reportCurrency;
  if (mrr.currencies.size > 1) return null;
  return [...mrr.currencies][0] ?? fallbackCurrency;
}

/** Where nothing is billed now: the currency that the contact is or was billed in. */
function ownCurrency({ customers, subscriptions, charges = [] }: BillingInput): string | null {
  const ofCustomer = customers.find(({ currency }) => currency !== null)?.currency;
  const ofSubscription = subscriptions.find(({ currency }) => currency !== null)?.currency;
  if (ofCustomer !== undefined || ofSubscription !== undefined) return ofCustomer ?? ofSubscription ?? null;
  let newest: ChargeFact | null = null;
  for (const charge of charges) {
    if (charge.currency !== null && (newest === null || isNewer(charge, newest))) newest = charge;
  }
  return newest?.currency ?? null;
}

function isNewer(left: ChargeFact, right: ChargeFact): boolean {
  const byAge = (left.createdS ?? 0) - (right.createdS ?? 0);
  return byAge === 0 ? left.id > right.id : byAge > 0;
}

function warningsOf(details: readonly BillingWarning[]): Pick<BillingSummary, 'warnings' | 'warningDetails'> {
  if (details.length === 0) return { warnings: [], warningDetails: [] };
  const names = new Set<BillingWarningName>(details.map(({ name }) => name));
  const warningDetails = [...details].sort((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
  return { warnings: [...names].sort(), warningDetails };
}

function sortKey({ name, subjectId }: BillingWarning): string {
  return `${name} ${subjectId}`;
}

/** The newest payment that brought money, through Stripe or outside. */
function lastPaymentAt(charges: readonly ChargeFact[], invoices: readonly InvoiceFact[]): number | null {
  let newest: number | null = null;
  for (const { status, isCaptured, createdS, amountCapturedMinor, amountMinor } of charges) {
    const brought = status === 'succeeded' && isCaptured !== false && (amountCapturedMinor ?? amountMinor ?? 0) > 0;
    if (brought && createdS !== null && (newest === null || createdS > newest)) newest = createdS;
  }
  for (const { status, amountPaidMinor, paidAtS } of invoices) {
    const brought = status === 'paid' && (amountPaidMinor ?? 0) > 0;
    if (brought && paidAtS !== null && (newest === null || paidAtS > newest)) newest = paidAtS;
  }
  return newest;
}
