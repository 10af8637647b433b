/**
 * Stripe objects as its API versions write them, by hand from Stripe's own changelog: for tests that want the shape of a
 * certain version, and its oddities, where the simulator would only write what it has itself.
 */
export type Json = Readonly<Record<string, unknown>>;

/** 2026-11-01, before everything that the tests play. */
const CREATED_S = 1_793_491_200;
const DAY_S = 86_400;
export const MONTH = { start: CREATED_S, end: CREATED_S + 30 * DAY_S } as const;

/**
 * `plans`: before prices (2019). `legacy`: 2020-08-27, with plan, price and a single discount. `acacia`: 2024, discounts as
 * a list. `basil` and later: periods on the items, an invoice's subscription under `parent`.
 */
export type Shape = 'plans' | 'legacy' | 'acacia' | 'basil' | 'clover';

export const API_VERSION: Readonly<Record<Shape, string>> = {
  plans: '2019-05-16',
  legacy: '2020-08-27',
  acacia: '2024-12-18.acacia',
  basil: '2025-06-30.basil',
  clover: '2025-10-29.clover',
};

const isNew = (shape: Shape): boolean => shape === 'basil' || shape === 'clover';

export function price(over: Json = {}): Json {
  return {
    id: 'price_pro',
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: CREATED_S,
    currency: 'usd',
    livemode: false,
    metadata: {},
    nickname: null,
    product: 'prod_pro',
    recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed', meter: null, trial_period_days: null },
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: 20_000,
    unit_amount_decimal: '20000',
    ...over,
  };
}

/** The plan that Stripe writes beside, or before 2020 instead of, a price. */
export function plan(over: Json = {}): Json {
  return {
    id: 'price_pro',
    object: 'plan',
    active: true,
    aggregate_usage: null,
    amount: 20_000,
    amount_decimal: '20000',
    billing_scheme: 'per_unit',
    created: CREATED_S,
    currency: 'usd',
    interval: 'month',
    interval_count: 1,
    livemode: false,
    metadata: {},
    nickname: null,
    product: 'prod_pro',
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
    ...over,
  };
}

export function item(shape: Shape, over: Json = {}): Json {
  return {
    id: 'si_1',
    object: 'subscription_item',
    created: CREATED_S,
    ...(isNew(shape) ? { current_period_start: MONTH.start, current_period_end: MONTH.end } : {}),
    metadata: {},
    plan: plan(),
    ...(shape === 'plans' ? {} : { price: price() }),
    quantity: 1,
    subscription: 'sub_1',
    tax_rates: [],
    ...over,
  };
}

export const list = (data: readonly unknown[], over: Json = {}): Json => ({
  object: 'list',
  data,
  has_more: false,
  total_count: data.length,
  url: '/v1/subscription_items?subscription=sub_1',
  ...over,
});

export function subscription(shape: Shape, over: Json = {}): Json {
  return {
    id: 'sub_1',
    object: 'subscription',
    application: null,
    billing_cycle_anchor: CREATED_S,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    collection_method: 'charge_automatically',
    created: CREATED_S,
    ...(shape === 'plans' ? {} : { currency: 'usd' }),
    ...(isNew(shape)
      ? { billing_mode: { type: 'flexible', flexible: {} } }
      : { current_period_start: MONTH.start, current_period_end: MONTH.end, discount: null }),
    customer: 'cus_1',
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    ...(shape === 'plans' || shape === 'legacy' ? {} : { discounts: [] }),
    ended_at: null,
    items: list([item(shape)]),
    latest_invoice: 'in_1',
    livemode: false,
    metadata: {},
    pause_collection: null,
    pending_update: null,
    plan: plan(),
    quantity: 1,
    schedule: null,
    start_date: CREATED_S,
    status: 'active',
    ...(shape === 'plans' || shape === 'legacy' ? {} : { test_clock: null, trial_settings: null }),
    trial_end: null,
    trial_start: null,
    ...over,
  };
}

export function invoice(shape: Shape, over: Json = {}): Json {
  return {
    id: 'in_1',
    object: 'invoice',
    amount_due: 20_000,
    amount_paid: 20_000,
    amount_remaining: 0,
    attempt_count: 1,
    attempted: true,
    billing_reason: 'subscription_cycle',
    ...(isNew(shape)
      ? {
          parent: {
            type: 'subscription_details',
            quote_details: null,
            subscription_details: { metadata: {}, subscription: 'sub_1' },
          },
        }
      : {
          charge: 'ch_1',
          discount: null,
          paid: true,
          paid_out_of_band: false,
          payment_intent: 'pi_1',
          subscription: 'sub_1',
          tax: null,
        }),
    collection_method: 'charge_automatically',
    created: CREATED_S,
    currency: 'usd',
    customer: 'cus_1',
    customer_email: 'ada@analytical.example',
    discounts: [],
    due_date: null,
    hosted_invoice_url: 'https://invoice.stripe.com/i/acct_1/test_1',
    lines: list([], { url: '/v1/invoices/in_1/lines' }),
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: 'ADA-0001',
    period_end: MONTH.end,
    period_start: MONTH.start,
    status: 'paid',
    status_transitions: {
      finalized_at: CREATED_S,
      marked_uncollectible_at: null,
      paid_at: CREATED_S,
      voided_at: null,
    },
    subtotal: 20_000,
    total: 20_000,
    ...over,
  };
}

/** What an open invoice has that a paid one has not. */
export const UNPAID: Json = {
  status: 'open',
  amount_paid: 0,
  amount_remaining: 20_000,
  paid: false,
  status_transitions: { finalized_at: CREATED_S, marked_uncollectible_at: null, paid_at: null, voided_at: null },
};

export function charge(shape: Shape, over: Json = {}): Json {
  return {
    id: 'ch_1',
    object: 'charge',
    amount: 5_000,
    amount_captured: 5_000,
    amount_refunded: 0,
    balance_transaction: 'txn_1',
    billing_details: { address: null, email: null, name: null, phone: null },
    captured: true,
    created: CREATED_S,
    currency: 'usd',
    customer: 'cus_1',
    disputed: false,
    failure_code: null,
    failure_message: null,
    ...(isNew(shape) ? {} : { invoice: null }),
    livemode: false,
    metadata: {},
    outcome: { network_status: 'approved_by_network', reason: null, risk_level: 'normal', type: 'authorized' },
    paid: true,
    payment_intent: 'pi_1',
    payment_method: 'pm_1',
    payment_method_details: { card: { brand: 'visa', exp_month: 4, exp_year: 2030, last4: '4242' }, type: 'card' },
    refunded: false,
    ...(shape === 'plans' || shape === 'legacy' ? { refunds: list([], { url: '/v1/charges/ch_1/refunds' }) } : {}),
    status: 'succeeded',
    ...over,
  };
}

export function customer(over: Json = {}): Json {
  return {
    id: 'cus_1',
    object: 'customer',
    address: null,
    balance: 0,
    created: CREATED_S,
    currency: 'usd',
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: 'ada@analytical.example',
    invoice_prefix: 'ADA',
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null },
    livemode: false,
    metadata: {},
    name: 'Ada Lovelace',
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
    ...over,
  };
}
