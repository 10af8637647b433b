/** Raw Stripe objects for tests: the smallest that Stripe could send, with what the test cares about laid over. */
import { readCustomer } from '#project/stripe/customer.ts';
import { readSubscription, type SubscriptionFact } from '#project/stripe/subscription.ts';
import type { BillingInput, BillingSummary } from '#project/billing/billing-summary.ts';
import { type BillingSettingsInput, BillingSettingsSchema } from '#project/billing/settings.ts';
import { summarizeBilling } from '#project/billing/summary.ts';

export type Raw = Readonly<Record<string, unknown>>;

/** 2026-11-24T00:00:00Z */
export const AS_OF = new Date(1_795_478_400_000);

export function rawPrice(over: Raw & { readonly interval?: string; readonly count?: number } = {}): Raw {
  const { interval = 'month', count = 1, usage = 'licensed', ...rest } = over;
  return {
    id: 'price_m',
    object: 'price',
    currency: 'usd',
    product: 'prod_m',
    billing_scheme: 'per_unit',
    unit_amount: 2900,
    unit_amount_decimal: null,
    type: 'recurring',
    recurring: { interval, interval_count: count, usage_type: usage },
    ...rest,
  };
}

export function rawItem(over: Raw = {}): Raw {
  return {
    id: 'si_1',
    object: 'subscription_item',
    current_period_start: 1_793_491_200,
    current_period_end: 1_796_083_200,
    discounts: [],
    tax_rates: [],
    quantity: 1,
    price: rawPrice(),
    ...over,
  };
}

export function rawSubscription(over: Raw & { readonly items?: readonly Raw[] } = {}): Raw {
  const { items = [rawItem()], ...rest } = over;
  return {
    id: 'sub_1',
    object: 'subscription',
    customer: 'cus_1',
    status: 'active',
    currency: 'usd',
    created: 1_768_435_200,
    start_date: 1_768_435_200,
    cancel_at: null,
    cancel_at_period_end: false,
    discounts: [],
    default_tax_rates: [],
    items: { object: 'list', has_more: false, data: items },
    ...rest,
  };
}

export function rawDiscount(coupon: Raw, over: Raw = {}): Raw {
  const whole = { id: 'OFF', object: 'coupon', duration: 'forever', percent_off: null, amount_off: null, ...coupon };
  return { id: 'di_1', object: 'discount', end: null, source: { type: 'coupon', coupon: whole }, ...over };
}

export function subscription(over: Parameters<typeof rawSubscription>[0] = {}): SubscriptionFact {
  return known(readSubscription(rawSubscription(over)).fact);
}

export function known<T>(fact: T | null | undefined): T {
  if (fact === null || fact === undefined) throw new Error('the object was not read');
  return fact;
}

export function settings(over: BillingSettingsInput = {}): BillingInput['settings'] {
  return BillingSettingsSchema.parse(over);
}

/** The summary of one contact with these raw subscriptions, and whatever else is given. */
export function summarize(
  subscriptions: readonly Raw[],
  over: Partial<BillingInput> & { readonly customer?: Raw } = {},
): BillingSummary {
  const { customer = { id: 'cus_1', object: 'customer', currency: 'usd' }, ...rest } = over;
  return summarizeBilling({
    customers: [known(readCustomer(customer).fact)],
    subscriptions: subscriptions.map((raw) => known(readSubscription(raw).fact)),
    settings: settings(),
    asOf: AS_OF,
    ...rest,
  });
}
