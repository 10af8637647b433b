/**
 * Monthly recurring revenue of one subscription, as a list of lines whose sum is the figure.
 * In: a subscription fact and the context. Out: exact lines per month (items, discounts, included tax), one rounding,
 * and the total in minor units; null with named warnings where anything needed is unknown. Never a partial sum.
 * Rules and their sources: docs on billing; each [choice] is a setting.
 */
import {
  add,
  compare,
  divide,
  type Fraction,
  fraction,
  isZero,
  multiply,
  roundHalfUp,
  subtract,
  ZERO,
} from '#base/fraction.ts';
import { minorToJson } from '#base/money.ts';
import type { PriceFact } from '../stripe/price.ts';
import type { SubscriptionFact, SubscriptionItemFact } from '../stripe/subscription.ts';
import { type BillingContext, itemPrice } from './context.ts';
import {
  type AppliedDiscount,
  discountsAboveItems,
  type ResolvedDiscounts,
  resolveDiscounts,
  takeOff,
} from './discount.ts';
import { inclusiveTax } from './inclusive-tax.ts';
import { type LineAmount, lineAmount, meteredBaseFee, ownOption } from './line-amount.ts';
import { monthlyFactor } from './monthly-factor.ts';
import { cancellation } from './status.ts';
import type { BillingWarning, BillingWarningName } from './warning.ts';

/** One addend of the figure. `amount` is per month in minor units, exact and signed. */
export type MrrLine =
  | { readonly kind: 'item'; readonly item: ValuedItem; readonly amount: Fraction }
  | {
      readonly kind: 'discount';
      readonly item: ValuedItem;
      readonly discount: AppliedDiscount;
      readonly amount: Fraction;
    }
  | { readonly kind: 'tax'; readonly item: ValuedItem; readonly percentText: string; readonly amount: Fraction }
  | { readonly kind: 'rounding'; readonly amount: Fraction };

/** Why a subscription is in MRR, or out of it with 0. */
export type MrrReason = 'counted' | 'status' | 'collection_paused' | 'cancel_scheduled' | 'fixed_term';

export interface SubscriptionMrr {
  readonly subscription: SubscriptionFact;
  readonly currency: string | null;
  /** True for active and past due: then its currency is part of the contact's MRR even at 0. */
  readonly isSubscriber: boolean;
  readonly reason: MrrReason;
  /** Null when unknown. */
  readonly amountMinor: bigint | null;
  readonly lines: readonly MrrLine[];
  readonly warnings: readonly BillingWarning[];
}

/** An item with what it lists for per month, before discounts and tax. */
export interface ValuedItem {
  readonly item: SubscriptionItemFact;
  readonly price: PriceFact | null;
  readonly productId: string | null;
  readonly isMetered: boolean;
  readonly factor: Fraction;
  readonly line: LineAmount | null;
  /** Null when unknown; zero for metered items. */
  readonly listMonthly: Fraction | null;
  readonly unknown: BillingWarningName | null;
}

/** The list value of each item, whatever the subscription's status: `plan` is chosen by it. */
export function valueItems(context: BillingContext, subscription: SubscriptionFact): readonly ValuedItem[] {
  return subscription.items.map((item) => valueItem(context, { item, currency: subscription.currency }));
}

function valueItem(
  context: BillingContext,
  input: { readonly item: SubscriptionItemFact; readonly currency: string | null },
): ValuedItem {
  const { item, currency } = input;
  const price = itemPrice(context, item);
  const productId = price?.productId ?? null;
  const isMetered = price?.usageType === 'metered';
  const without = (unknown: BillingWarningName | null): ValuedItem => {
    const listMonthly = unknown === null ? ZERO : null;
    return { item, price, productId, isMetered, factor: ZERO, line: null, listMonthly, unknown };
  };
  if (price === null) return without('price_missing');
  if (price.usageType === null) return without('pricing_model_unknown');
  if (isMetered && context.policy.meteredBaseFee === 'exclude') return without(null);
  if (currency === null) return without('currency_missing');
  const factor = monthlyFactor(price);
  if (factor === null) return without('interval_unknown');
  const line = isMetered ? meteredBaseFee(price, currency) : lineAmount({ price, quantity: item.quantity, currency });
  if ('unknown' in line) return without(line.unknown);
  const listMonthly = multiply(fraction(line.amountMinor), factor);
  return { item, price, productId, isMetered, factor, line, listMonthly, unknown: null };
}

export function subscriptionMrr(
  context: BillingContext,
  input: { readonly subscription: SubscriptionFact; readonly valued?: readonly ValuedItem[] | undefined },
): SubscriptionMrr {
  const { subscription } = input;
  const isSubscriber = subscription.status === 'active' || subscription.status === 'past_due';
  const result = (reason: MrrReason, rest: Partial<SubscriptionMrr> = {}): SubscriptionMrr => ({
    subscription,
    currency: subscription.currency,
    isSubscriber,
    reason,
    amountMinor: 0n,
    lines: [],
    warnings: [],
    ...rest,
  });
  const unknown = (name: BillingWarningName) =>
    result('counted', { amountMinor: null, warnings: [{ name, subjectId: subscription.id }] });
  if (subscription.status === null) return unknown('status_unknown');
  if (!isSubscriber) return result('status');
  const left = leavesMrr(context, subscription);
  if (left !== null) return 'unknown' in left ? unknown(left.unknown) : result(left.reason);
  const counted = countItems(context, { subscription, valued: input.valued ?? valueItems(context, subscription) });
  return result('counted', counted);
}

/** What the subscription would count if nothing but its items, discounts and tax mattered. */
export function contractMrr(context: BillingContext, subscription: SubscriptionFact): bigint | null {
  return countItems(context, { subscription, valued: valueItems(context, subscription) }).amountMinor;
}

function leavesMrr(
  { policy, asOfS }: BillingContext,
  subscription: SubscriptionFact,
): { readonly reason: MrrReason } | { readonly unknown: BillingWarningName } | null {
  const { pauseCollection: pause } = subscription;
  if (pause !== null && policy.pauseCollection === 'exclude') {
    if (pause.behavior === null) return { unknown: 'pause_behavior_unknown' };
    if (pause.behavior !== 'keep_as_draft' || policy.keepAsDraft === 'exclude') return { reason: 'collection_paused' };
  }
  if (policy.cancelScheduled === 'include_until_end') return null;
  const scheduled = cancellation(subscription, asOfS);
  if (scheduled === 'period_end') return { reason: 'cancel_scheduled' };
  if (scheduled === 'later' && policy.fixedTerm === 'exclude') return { reason: 'fixed_term' };
  return scheduled === 'unknown' ? { unknown: 'period_end_missing' } : null;
}

interface RunningItem {
  readonly valued: ValuedItem;
  readonly productId: string | null;
  readonly factor: Fraction;
  monthly: Fraction;
}

function countItems(
  context: BillingContext,
  input: { readonly subscription: SubscriptionFact; readonly valued: readonly ValuedItem[] },
): Pick<SubscriptionMrr, 'amountMinor' | 'lines' | 'warnings'> {
  const { subscription } = input;
  const warnings: BillingWarning[] = [];
  if (subscription.isItemsTruncated) warnings.push({ name: 'items_truncated', subjectId: subscription.id });
  else if (input.valued.length === 0) warnings.push({ name: 'items_missing', subjectId: subscription.id });
  for (const { unknown, item } of input.valued) {
    if (unknown !== null) warnings.push({ name: unknown, subjectId: item.id ?? subscription.id });
  }
  const { currency } = subscription;
  if (currency === null) warnings.push({ name: 'currency_missing', subjectId: subscription.id });
  if (currency === null || warnings.length > 0) return { amountMinor: null, lines: [], warnings };
  const lines: MrrLine[] = [];
  const running = input.valued.map((valued): RunningItem => {
    const monthly = valued.listMonthly ?? ZERO;
    lines.push({ kind: 'item', item: valued, amount: monthly });
    return { valued, productId: valued.productId, factor: valued.factor, monthly };
  });
  const discounted = discountItems(context, { subscription, currency, running, lines });
  const taxed = discounted.length > 0 ? discounted : taxItems(context, { subscription, currency, running, lines });
  const isUnknown = discounted.length > 0 || taxed.some((warning) => isFatalTax(context, warning.name));
  if (isUnknown) return { amountMinor: null, lines: [], warnings: taxed };
  return { ...roundOnce(lines, subscription), ...(taxed.length > 0 ? { warnings: taxed } : {}) };
}

/** One half-up rounding for the whole subscription, as a line of its own. */
function roundOnce(
  lines: MrrLine[],
  subscription: SubscriptionFact,
): Pick<SubscriptionMrr, 'amountMinor' | 'lines' | 'warnings'> {
  const exact = lines.reduce((sum, line) => add(sum, line.amount), ZERO);
  const amountMinor = roundHalfUp(exact);
  if (minorToJson(amountMinor) === null) {
    return { amountMinor: null, lines: [], warnings: [{ name: 'amount_invalid', subjectId: subscription.id }] };
  }
  const rounding = subtract(fraction(amountMinor), exact);
  if (!isZero(rounding)) lines.push({ kind: 'rounding', amount: rounding });
  return { amountMinor, lines, warnings: [] };
}

interface Stage {
  readonly subscription: SubscriptionFact;
  readonly currency: string;
  readonly running: readonly RunningItem[];
  readonly lines: MrrLine[];
}

/** Returns the reasons for which the discounted value is unknown; none means that all discounts were taken off. */
function discountItems(context: BillingContext, stage: Stage): readonly BillingWarning[] {
  const { subscription, currency, running, lines } = stage;
  const onItems = running.map(({ valued }) => resolveDiscounts(context, { refs: valued.item.discounts, currency }));
  const above = discountsAboveItems(context, {
    subscription,
    currency,
    isAnyOnItems: onItems.some(({ isAnyRunning }) => isAnyRunning),
  });
  const unknown = [...onItems, above].flatMap((resolved) => resolved.unknown);
  if (unknown.length > 0) return unknown.map((name) => ({ name, subjectId: subscription.id }));
  running.forEach((item, index) => takeOffAll(context, { lines, running: [item], resolved: onItems[index] }));
  takeOffAll(context, { lines, running, resolved: above });
  return [];
}

function takeOffAll(
  context: BillingContext,
  input: Pick<Stage, 'lines' | 'running'> & { readonly resolved: ResolvedDiscounts | undefined },
): void {
  for (const discount of input.resolved?.applied ?? []) {
    for (const { item, change } of takeOff(context.policy, { items: input.running, discount })) {
      input.lines.push({ kind: 'discount', item: item.valued, discount, amount: change });
    }
  }
}

function taxItems(context: BillingContext, stage: Stage): readonly BillingWarning[] {
  const { subscription, currency, running } = stage;
  const customer = subscription.customerId === null ? undefined : context.customers.get(subscription.customerId);
  const isTaxExempt = customer?.taxExempt === 'exempt' || customer?.taxExempt === 'reverse';
  const warnings: BillingWarning[] = [];
  for (const item of running) {
    if (isZero(item.monthly)) continue;
    const taxBehavior = taxBehaviorIn(item.valued.price, currency);
    const tax = inclusiveTax({ item: item.valued.item, subscription, taxBehavior, isTaxExempt });
    if ('unknown' in tax) warnings.push({ name: tax.unknown, subjectId: item.valued.item.id ?? subscription.id });
    else if (tax.divisor !== null && compare(tax.divisor, ZERO) > 0) {
      const net = divide(item.monthly, tax.divisor);
      const amount = subtract(net, item.monthly);
      item.monthly = net;
      stage.lines.push({ kind: 'tax', item: item.valued, percentText: tax.percentText, amount });
    }
  }
  return warnings;
}

function taxBehaviorIn(price: PriceFact | null, currency: string): PriceFact['taxBehavior'] {
  if (price === null || price.currency === currency) return price?.taxBehavior ?? null;
  return ownOption(price.currencyOptions, currency)?.taxBehavior ?? price.taxBehavior;
}

function isFatalTax({ policy }: BillingContext, name: BillingWarningName): boolean {
  return name === 'tax_rate_invalid' || policy.inclusiveTaxUnknown === 'unknown';
}
