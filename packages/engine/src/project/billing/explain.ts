/**
 * The money, line by line: what `summarizeBilling` says, and every addend behind it.
 * Nothing is computed here. The lines come from the functions that compute the figures, so a figure is the sum of its
 * lines; this file only turns them into words and JSON.
 */
import { decimalText, fractionText } from '#base/fraction.ts';
import { majorText, minorToJson } from '#base/money.ts';
import type { BillingInput, BillingSummary } from './billing-summary.ts';
import { contactMrr } from './contact-mrr.ts';
import { type BillingContext, billingContext, priceProduct } from './context.ts';
import { type Conversion, exchangeOf, singleFigure } from './currency.ts';
import type { AppliedDiscount } from './discount.ts';
import { partAmount } from './line-amount.ts';
import { lifetimeValue, type LtvLine, totalsToJson } from './ltv.ts';
import { type MrrLine, type MrrReason, type SubscriptionMrr, subscriptionMrr, type ValuedItem } from './mrr.ts';
import { summarizeBilling } from './summary.ts';
import type { BillingWarning } from './warning.ts';

export interface ExplainedLine {
  readonly kind: MrrLine['kind'];
  readonly label: string;
  /** Exact, per month, in minor units: `"29000/12"` in lowest terms. The lines of a subscription add up to its figure. */
  readonly exactMinor: string;
  /** The same for a person: rounded to four places. */
  readonly approximateMinor: string;
  readonly itemId: string | null;
  readonly priceId: string | null;
  readonly quantity: number | null;
  /** How the line's amount per period came about, step by step. */
  readonly steps: readonly ExplainedStep[];
  readonly perPeriodMinor: number | null;
  /** Periods per month, such as `1/12` for a year. */
  readonly factor: string | null;
  readonly interval: string | null;
}

export interface ExplainedStep {
  readonly units: string;
  readonly unitAmountMinor: string;
  readonly flatAmountMinor: string;
  readonly amountMinor: string;
  readonly upTo: number | null;
}

export interface ExplainedSubscription {
  readonly subscriptionId: string;
  readonly status: string | null;
  readonly currency: string | null;
  readonly reason: MrrReason;
  readonly reasonText: string;
  readonly amountMinor: number | null;
  readonly lines: readonly ExplainedLine[];
  readonly warnings: readonly BillingWarning[];
}

export interface ExplainedConversion {
  readonly currency: string;
  readonly amountMinor: number | null;
  readonly convertedMinor: number | null;
  readonly source: Conversion['source'];
  readonly rateText: string | null;
}

export interface BillingExplanation {
  readonly mrr: {
    readonly totalMinor: number | null;
    readonly currency: string | null;
    readonly byCurrency: Readonly<Record<string, number>>;
    readonly subscriptions: readonly ExplainedSubscription[];
    readonly conversions: readonly ExplainedConversion[];
    readonly missingRates: readonly string[];
  };
  readonly ltv: {
    readonly totalMinor: number | null;
    readonly currency: string | null;
    readonly byCurrency: Readonly<Record<string, number>>;
    readonly lines: readonly (Omit<LtvLine, 'amountMinor'> & {
      readonly label: string;
      readonly amountMinor: number;
    })[];
    readonly conversions: readonly ExplainedConversion[];
    readonly missingRates: readonly string[];
  };
  readonly summary: BillingSummary;
}

export function explainBilling(input: BillingInput): BillingExplanation {
  const context = billingContext(input);
  const exchange = exchangeOf(context, input);
  const summary = summarizeBilling(input);
  const all = input.subscriptions.map((subscription) => subscriptionMrr(context, { subscription }));
  const mrr = singleFigure(exchange, { byCurrency: contactMrr(all).byCurrency, fallbackCurrency: summary.mrrCurrency });
  const ltv = lifetimeValue(context.policy, input);
  const ltvSingle = singleFigure(exchange, { byCurrency: ltv.byCurrency, fallbackCurrency: summary.ltvCurrency });
  return {
    mrr: {
      totalMinor: summary.mrrMinor,
      currency: summary.mrrCurrency,
      byCurrency: summary.mrrByCurrency,
      subscriptions: all.map((one) => explainSubscription(context, one)),
      conversions: mrr.conversions.map(explainConversion),
      missingRates: summary.mrrMissingRates,
    },
    ltv: {
      totalMinor: summary.ltvMinor,
      currency: summary.ltvCurrency,
      byCurrency: totalsToJson(ltv.byCurrency),
      lines: ltv.lines.map((line) => ({
        ...line,
        label: LTV_LABELS[line.kind],
        amountMinor: Number(line.amountMinor),
      })),
      conversions: ltvSingle.conversions.map(explainConversion),
      missingRates: summary.ltvMissingRates,
    },
    summary,
  };
}

const LTV_LABELS: Readonly<Record<LtvLine['kind'], string>> = {
  charge: 'Payment captured',
  refund: 'Refunded',
  dispute: 'Disputed, money withdrawn',
  paid_outside_stripe: 'Invoice paid outside Stripe',
  credited_outside_stripe: 'Credit paid back outside Stripe',
};

const REASON_TEXTS: Readonly<Record<MrrReason, string>> = {
  counted: 'Counts in MRR.',
  status: 'Only active and past due subscriptions count in MRR.',
  collection_paused: 'Collection is paused, so nothing is earned.',
  cancel_scheduled: 'It is set to cancel at the end of the period, so it has left MRR.',
  fixed_term: 'It ends on a fixed date, and your settings leave such subscriptions out.',
};

function explainSubscription(context: BillingContext, mrr: SubscriptionMrr): ExplainedSubscription {
  const { subscription, amountMinor } = mrr;
  return {
    subscriptionId: subscription.id,
    status: subscription.status,
    currency: mrr.currency,
    reason: mrr.reason,
    reasonText: amountMinor === null ? 'It is unknown; the warnings say why.' : REASON_TEXTS[mrr.reason],
    amountMinor: amountMinor === null ? null : minorToJson(amountMinor),
    lines: mrr.lines.map((line) => explainLine(context, { line, currency: mrr.currency })),
    warnings: mrr.warnings,
  };
}

function explainLine(context: BillingContext, input: { line: MrrLine; currency: string | null }): ExplainedLine {
  const { line, currency } = input;
  const exact = { exactMinor: fractionText(line.amount), approximateMinor: decimalText(line.amount, 4) };
  if (line.kind === 'rounding') {
    return { ...NO_DETAIL, kind: line.kind, label: 'Rounded once, half up, for the whole subscription', ...exact };
  }
  const { item, price } = line.item;
  const of = { ...NO_DETAIL, kind: line.kind, itemId: item.id, priceId: item.priceId, ...exact };
  const name = priceProduct(context, price)?.name ?? price?.nickname ?? item.priceId ?? 'item';
  if (line.kind === 'discount') return { ...of, label: `${discountText(line.discount, currency)} on ${name}` };
  if (line.kind === 'tax') return { ...of, label: `Tax included in ${name}: ${line.percentText}` };
  return {
    ...of,
    label: line.item.isMetered ? `${name}: metered, usage does not count` : name,
    ...itemDetail(line.item),
  };
}

const NO_DETAIL = {
  itemId: null,
  priceId: null,
  quantity: null,
  steps: [],
  perPeriodMinor: null,
  factor: null,
  interval: null,
} as const;

function itemDetail(valued: ValuedItem) {
  const { item, line, price, factor } = valued;
  const parts = line?.parts ?? [];
  const steps = parts.map(
    (part): ExplainedStep => ({
      units: `${part.units}`,
      unitAmountMinor: decimalText(part.unitAmount, 12),
      flatAmountMinor: decimalText(part.flatAmount, 12),
      amountMinor: decimalText(partAmount(part), 12),
      upTo: part.upTo,
    }),
  );
  return {
    quantity: item.quantity,
    steps,
    perPeriodMinor: line === null ? null : minorToJson(line.amountMinor),
    factor: line === null ? null : fractionText(factor),
    interval: price?.interval == null ? null : `${price.intervalCount ?? 1} ${price.interval}`,
  };
}

function discountText({ coupon, off }: AppliedDiscount, currency: string | null): string {
  const name = coupon.name ?? coupon.id;
  if ('share' in off) return `${name}: ${coupon.percentOffDecimal} % off`;
  const amount =
    currency === null ? `${off.amountMinor}` : `${majorText(off.amountMinor, currency)} ${currency.toUpperCase()}`;
  return `${name}: ${amount} off each invoice`;
}

function explainConversion(conversion: Conversion): ExplainedConversion {
  return {
    ...conversion,
    amountMinor: minorToJson(conversion.amountMinor),
    convertedMinor: minorToJson(conversion.convertedMinor),
  };
}
