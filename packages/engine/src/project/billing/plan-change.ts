/**
 * What changed between two moments of one contact, as two independent answers.
 * `movement` is about money: the contact's MRR before and after, so that cancelling one subscription and starting
 * another in the same window is one change. `kind` is about what was done, first match in a fixed order.
 * Only a change of product is an upgrade or a downgrade: a longer interval, more seats, a seller's new price or the end
 * of a coupon is none of them, whatever it does to MRR.
 */
import { minorToJson } from '#base/money.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';
import type { ImpliedRate } from './billing-summary.ts';
import { type ChangeKind, findChange, type SubscriptionPair, subscriptionPairs } from './change-kind.ts';
import { type BillingContext, billingContext, type BillingSnapshot } from './context.ts';
import { singleFigure } from './currency.ts';
import { type ContactMrr, contactMrr } from './contact-mrr.ts';
import { contractMrr, subscriptionMrr, valueItems } from './mrr.ts';
import { primaryItem } from './plan.ts';

export type Movement = 'new' | 'reactivation' | 'expansion' | 'contraction' | 'churn' | 'none';
export type PlanEvent = 'upgrade' | 'downgrade' | 'lateral';

export interface CurrencyChange {
  readonly beforeMinor: number | null;
  readonly afterMinor: number | null;
}

export interface PlanChange {
  /** Null when MRR before or after is unknown. */
  readonly movement: Movement | null;
  readonly kind: ChangeKind;
  /** Only for `plan_change`; null also when the two values cannot be compared. */
  readonly planEvent: PlanEvent | null;
  readonly isIntervalChanged: boolean;
  /** The subscription in which it happened; the new one where one replaced another. */
  readonly subscriptionId: string | null;
  readonly planBefore: string | null;
  readonly planAfter: string | null;
  readonly currency: string | null;
  readonly mrrBeforeMinor: number | null;
  readonly mrrAfterMinor: number | null;
  readonly deltaMinor: number | null;
  readonly byCurrency: Readonly<Record<string, CurrencyChange>>;
}

export type BillingMoment = BillingSnapshot & { readonly impliedRates?: readonly ImpliedRate[] };

export function planChange(input: {
  readonly before: BillingMoment;
  readonly after: BillingMoment;
  /** Whether the contact's MRR was ever above zero: tells `reactivation` from `new`. */
  readonly hadPositiveMrrBefore: boolean;
}): PlanChange {
  const before = momentOf(input.before);
  const after = momentOf(input.after);
  const pairs = subscriptionPairs(input.before.subscriptions, input.after.subscriptions);
  const found = findChange({ before: before.context, after: after.context }, pairs);
  const totals = compareTotals(before, after);
  const isFx =
    found.kind === 'none' && totals.isSameByCurrency && totals.deltaMinor !== null && totals.deltaMinor !== 0n;
  return {
    movement: movementOf({
      before: before.mrr,
      after: after.mrr,
      totals,
      hadPositiveMrrBefore: input.hadPositiveMrrBefore,
    }),
    kind: isFx ? 'fx' : found.kind,
    planEvent: found.kind === 'plan_change' ? planEventOf({ before, after, pair: found.pair, totals }) : null,
    isIntervalChanged: found.isIntervalChanged,
    subscriptionId: found.pair?.after[0]?.id ?? found.pair?.before[0]?.id ?? null,
    planBefore: primaryPrice(before.context, found.pair?.before ?? []),
    planAfter: primaryPrice(after.context, found.pair?.after ?? []),
    currency: totals.currency,
    mrrBeforeMinor: toJson(totals.beforeMinor),
    mrrAfterMinor: toJson(totals.afterMinor),
    deltaMinor: toJson(totals.deltaMinor),
    byCurrency: changesByCurrency(before.mrr, after.mrr),
  };
}

interface Moment {
  readonly context: BillingContext;
  readonly impliedRates: readonly ImpliedRate[];
  readonly mrr: ContactMrr;
}

function momentOf(snapshot: BillingMoment): Moment {
  const context = billingContext(snapshot);
  const all = snapshot.subscriptions.map((subscription) => subscriptionMrr(context, { subscription }));
  return { context, impliedRates: snapshot.impliedRates ?? [], mrr: contactMrr(all) };
}

interface Totals {
  readonly currency: string | null;
  readonly beforeMinor: bigint | null;
  readonly afterMinor: bigint | null;
  readonly deltaMinor: bigint | null;
  readonly isSameByCurrency: boolean;
}

/** Both totals in one currency: the report currency if it can be had, else the only one that occurs on either side. */
function compareTotals(before: Moment, after: Moment): Totals {
  const { reportCurrency } = after.context.policy;
  const sole = soleCurrency(before.mrr, after.mrr);
  const isSameByCurrency = isSame(before.mrr, after.mrr);
  const inCurrency = (currency: string | null): Totals => {
    const beforeMinor = total(before, currency);
    const afterMinor = total(after, currency);
    const deltaMinor = beforeMinor === null || afterMinor === null ? null : afterMinor - beforeMinor;
    return { currency, beforeMinor, afterMinor, deltaMinor, isSameByCurrency };
  };
  const reported = inCurrency(reportCurrency ?? sole);
  return reported.deltaMinor === null && sole !== null && sole !== reportCurrency ? inCurrency(sole) : reported;
}

function soleCurrency(before: ContactMrr, after: ContactMrr): string | null {
  const currencies = new Set([...before.currencies, ...after.currencies]);
  return currencies.size === 1 ? ([...currencies][0] ?? null) : null;
}

function total(moment: Moment, currency: string | null): bigint | null {
  const { mrr, context, impliedRates } = moment;
  if (mrr.isUnknown) return null;
  if (mrr.byCurrency.size === 0) return 0n;
  const exchange = { policy: context.policy, asOfS: context.asOfS, impliedRates };
  const single = singleFigure(exchange, { byCurrency: mrr.byCurrency, fallbackCurrency: currency });
  return single.currency === currency || single.amountMinor === 0n ? single.amountMinor : null;
}

function isSame(before: ContactMrr, after: ContactMrr): boolean {
  const currencies = new Set([...before.byCurrency.keys(), ...after.byCurrency.keys()]);
  for (const currency of currencies) {
    if ((before.byCurrency.get(currency) ?? 0n) !== (after.byCurrency.get(currency) ?? 0n)) return false;
  }
  return before.isUnknown === after.isUnknown;
}

function movementOf(input: {
  readonly before: ContactMrr;
  readonly after: ContactMrr;
  readonly totals: Totals;
  readonly hadPositiveMrrBefore: boolean;
}): Movement | null {
  const { before, after, totals } = input;
  if (before.isUnknown || after.isUnknown) return null;
  const hadAny = isPositive(before);
  const hasAny = isPositive(after);
  if (!hadAny && hasAny) return input.hadPositiveMrrBefore ? 'reactivation' : 'new';
  if (hadAny && !hasAny) return 'churn';
  // A changed exchange rate moves the total but nobody's subscription.
  if (totals.isSameByCurrency) return 'none';
  const delta = totals.deltaMinor ?? sharedSign(before, after);
  if (delta === null) return null;
  return delta === 0n ? 'none' : delta > 0n ? 'expansion' : 'contraction';
}

function isPositive({ byCurrency }: ContactMrr): boolean {
  for (const amountMinor of byCurrency.values()) {
    if (amountMinor > 0n) return true;
  }
  return false;
}

/** Without a rate, several currencies still have a direction if none of them goes the other way. */
function sharedSign(before: ContactMrr, after: ContactMrr): bigint | null {
  let sign = 0n;
  for (const currency of new Set([...before.byCurrency.keys(), ...after.byCurrency.keys()])) {
    const delta = (after.byCurrency.get(currency) ?? 0n) - (before.byCurrency.get(currency) ?? 0n);
    if (delta === 0n) continue;
    const own = delta > 0n ? 1n : -1n;
    if (sign !== 0n && sign !== own) return null;
    sign = own;
  }
  return sign;
}

/** By the sign of the MRR delta; for a trial or a pause, which have no MRR, by what the two plans would count. */
function planEventOf(input: {
  readonly before: Moment;
  readonly after: Moment;
  readonly pair: SubscriptionPair | null;
  readonly totals: Totals;
}): PlanEvent | null {
  const { before, after, pair, totals } = input;
  const isOutside = (totals.beforeMinor ?? 0n) === 0n && (totals.afterMinor ?? 0n) === 0n;
  const counted = totals.deltaMinor;
  const delta = isOutside || counted === null ? contractDelta(before, after, pair) : counted;
  if (delta === null) return null;
  return delta === 0n ? 'lateral' : delta > 0n ? 'upgrade' : 'downgrade';
}

function contractDelta(before: Moment, after: Moment, pair: SubscriptionPair | null): bigint | null {
  if (pair === null) return null;
  const currencies = new Set([...pair.before, ...pair.after].map(({ currency }) => currency));
  if (currencies.size !== 1) return null;
  const was = contractTotal(before.context, pair.before);
  const is = contractTotal(after.context, pair.after);
  return was === null || is === null ? null : is - was;
}

function contractTotal(context: BillingContext, subscriptions: readonly SubscriptionFact[]): bigint | null {
  let sum = 0n;
  for (const subscription of subscriptions) {
    const amountMinor = contractMrr(context, subscription);
    if (amountMinor === null) return null;
    sum += amountMinor;
  }
  return sum;
}

function primaryPrice(context: BillingContext, subscriptions: readonly SubscriptionFact[]): string | null {
  return primaryItem(subscriptions.flatMap((subscription) => valueItems(context, subscription)))?.item.priceId ?? null;
}

function changesByCurrency(before: ContactMrr, after: ContactMrr): Record<string, CurrencyChange> {
  const currencies = [...new Set([...before.currencies, ...after.currencies])].sort();
  return Object.fromEntries(
    currencies.map((currency) => [
      currency,
      { beforeMinor: knownIn(before, currency), afterMinor: knownIn(after, currency) },
    ]),
  );
}

function knownIn(mrr: ContactMrr, currency: string): number | null {
  const amountMinor = mrr.byCurrency.get(currency);
  if (amountMinor !== undefined) return minorToJson(amountMinor);
  return mrr.currencies.has(currency) ? null : 0;
}

function toJson(amountMinor: bigint | null): number | null {
  return amountMinor === null ? null : minorToJson(amountMinor);
}
