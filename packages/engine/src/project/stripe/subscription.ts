/**
 * A subscription with its items, from any API version.
 * Periods are on the subscription up to acacia and on the items since basil; here they are always on the items.
 * `start` became `start_date`, `plan` became `price`, `discount` became `discounts`.
 */
import { isRecord } from '#base/is-record.ts';
import { expandedMethod } from './customer.ts';
import { discountRefs, type DiscountRef } from './discount.ts';
import type { PaymentMethodFact } from './payment-method.ts';
import { priceFact, type PriceFact } from './price.ts';
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';
import { taxRateFacts, type TaxRateFact } from './tax-rate.ts';

export const SUBSCRIPTION_STATUSES = [
  'active',
  'canceled',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'trialing',
  'unpaid',
] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

export interface SubscriptionItemFact {
  readonly id: string | null;
  readonly priceId: string | null;
  /** Null when Stripe gave only the price's id. */
  readonly price: PriceFact | null;
  /** Null on metered items, which have none, and where it could not be read. */
  readonly quantity: number | null;
  readonly currentPeriodStartS: number | null;
  readonly currentPeriodEndS: number | null;
  readonly discounts: readonly DiscountRef[];
  readonly taxRates: readonly TaxRateFact[];
  readonly createdS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface SubscriptionFact {
  readonly object: 'subscription';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly customerId: string | null;
  /** Null when Stripe says something that we do not know. */
  readonly status: SubscriptionStatus | null;
  /** Older versions have no currency of the subscription; then it is that of the first price. */
  readonly currency: string | null;
  readonly createdS: number | null;
  /** When it began, backdating counted; `createdS` is when the object was made. */
  readonly startDateS: number | null;
  readonly endedAtS: number | null;
  /** When the cancellation was asked for; the end is `endedAtS`. */
  readonly canceledAtS: number | null;
  readonly cancelAtS: number | null;
  readonly isCancelAtPeriodEnd: boolean;
  readonly cancellation: {
    readonly reason: string | null;
    readonly feedback: string | null;
    readonly comment: string | null;
  };
  readonly pauseCollection: {
    readonly behavior: 'void' | 'mark_uncollectible' | 'keep_as_draft' | null;
    readonly resumesAtS: number | null;
  } | null;
  readonly trialStartS: number | null;
  readonly trialEndS: number | null;
  /** What happens at a trial's end without a payment method: `cancel`, `create_invoice`, `pause`. */
  readonly trialEndBehavior: string | null;
  readonly items: readonly SubscriptionItemFact[];
  /** True when Stripe's embedded list was cut short, or could not be read whole: the items are not all here. */
  readonly isItemsTruncated: boolean;
  readonly discounts: readonly DiscountRef[];
  readonly defaultPaymentMethodId: string | null;
  readonly defaultPaymentMethod: PaymentMethodFact | null;
  readonly defaultSourceId: string | null;
  readonly defaultTaxRates: readonly TaxRateFact[];
  readonly isAutomaticTax: boolean;
  readonly collectionMethod: 'charge_automatically' | 'send_invoice' | null;
  readonly daysUntilDue: number | null;
  readonly billingCycleAnchorS: number | null;
  readonly billingMode: 'classic' | 'flexible' | null;
  readonly latestInvoiceId: string | null;
  readonly scheduleId: string | null;
  readonly hasPendingUpdate: boolean;
  readonly testClockId: string | null;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readSubscription(raw: unknown): ReadResult<SubscriptionFact> {
  return readAs(raw, { objects: ['subscription'], read: subscriptionFact });
}

function subscriptionFact(source: RawObject, id: string): SubscriptionFact {
  const { items, isTruncated } = subscriptionItems(source);
  const cancellation = source.child('cancellation_details');
  return {
    object: 'subscription',
    id,
    livemode: source.bool('livemode'),
    customerId: source.idOf('customer'),
    status: source.choice('status', SUBSCRIPTION_STATUSES),
    currency: source.text('currency')?.toLowerCase() ?? items[0]?.price?.currency ?? null,
    createdS: source.seconds('created'),
    startDateS: source.seconds('start_date') ?? source.seconds('start'),
    endedAtS: source.seconds('ended_at'),
    canceledAtS: source.seconds('canceled_at'),
    cancelAtS: source.seconds('cancel_at'),
    isCancelAtPeriodEnd: source.bool('cancel_at_period_end') ?? false,
    cancellation: {
      reason: cancellation?.text('reason') ?? null,
      feedback: cancellation?.text('feedback') ?? null,
      comment: cancellation?.text('comment') ?? null,
    },
    pauseCollection: pauseCollection(source),
    trialStartS: source.seconds('trial_start'),
    trialEndS: source.seconds('trial_end'),
    trialEndBehavior: source.child('trial_settings')?.child('end_behavior')?.text('missing_payment_method') ?? null,
    items,
    isItemsTruncated: isTruncated,
    discounts: discountRefs(source),
    defaultPaymentMethodId: source.idOf('default_payment_method'),
    defaultPaymentMethod: expandedMethod(source, 'default_payment_method') ?? expandedMethod(source, 'default_source'),
    defaultSourceId: source.idOf('default_source'),
    defaultTaxRates: taxRateFacts(source, 'default_tax_rates'),
    isAutomaticTax: source.child('automatic_tax')?.bool('enabled') ?? false,
    collectionMethod:
      source.choice('collection_method', COLLECTION_METHODS) ?? source.choice('billing', COLLECTION_METHODS),
    daysUntilDue: source.int('days_until_due'),
    billingCycleAnchorS: source.seconds('billing_cycle_anchor'),
    billingMode: source.child('billing_mode')?.choice('type', ['classic', 'flexible']) ?? null,
    latestInvoiceId: source.idOf('latest_invoice'),
    scheduleId: source.idOf('schedule'),
    hasPendingUpdate: source.has('pending_update'),
    testClockId: source.idOf('test_clock'),
    description: source.text('description'),
    metadata: source.metadata('metadata'),
  };
}

const COLLECTION_METHODS = ['charge_automatically', 'send_invoice'] as const;

function pauseCollection(source: RawObject): SubscriptionFact['pauseCollection'] {
  const pause = source.child('pause_collection');
  if (pause === null) return null;
  return {
    behavior: pause.choice('behavior', ['void', 'mark_uncollectible', 'keep_as_draft']),
    resumesAtS: pause.seconds('resumes_at'),
  };
}

/** Items of a subscription, or of `previous_attributes`, whose `items` is a whole list as well. */
export function subscriptionItems(source: RawObject): {
  readonly items: readonly SubscriptionItemFact[];
  readonly isTruncated: boolean;
} {
  const list = source.list('items');
  if (list === null) {
    const single = singlePlanItem(source);
    return { items: single === null ? [] : [single], isTruncated: single === null };
  }
  let isTruncated = list.isTruncated;
  const items: SubscriptionItemFact[] = [];
  list.entries.forEach((entry, index) => {
    if (isRecord(entry)) items.push(itemFact(source.nested(entry, `items.data.${index}`), source));
    else {
      source.warn('wrong_type', `items.data.${index}`);
      isTruncated = true;
    }
  });
  return { items, isTruncated };
}

function itemFact(source: RawObject, subscription: RawObject): SubscriptionItemFact {
  const key = source.has('price') ? 'price' : 'plan';
  const price = source.expanded(key);
  const priceId = source.idOf(key);
  return {
    id: source.text('id'),
    priceId,
    price: price !== null && priceId !== null ? priceFact(price, priceId) : null,
    quantity: source.int('quantity'),
    currentPeriodStartS: source.seconds('current_period_start') ?? subscription.seconds('current_period_start'),
    currentPeriodEndS: source.seconds('current_period_end') ?? subscription.seconds('current_period_end'),
    discounts: discountRefs(source),
    taxRates: taxRateFacts(source, 'tax_rates'),
    createdS: source.seconds('created'),
    metadata: source.metadata('metadata'),
  };
}

/** Single-item subscriptions repeat their plan and quantity at the top, up to the newest versions. */
function singlePlanItem(source: RawObject): SubscriptionItemFact | null {
  const key = ['plan', 'price'].find((candidate) => source.has(candidate));
  const plan = key === undefined ? null : source.expanded(key);
  const priceId = plan?.text('id') ?? null;
  if (plan === null || priceId === null) return null;
  return {
    id: null,
    priceId,
    price: priceFact(plan, priceId),
    quantity: source.int('quantity'),
    currentPeriodStartS: source.seconds('current_period_start'),
    currentPeriodEndS: source.seconds('current_period_end'),
    discounts: [],
    taxRates: [],
    createdS: null,
    metadata: {},
  };
}
