/**
 * Events as Stripe sends them, about 4 KB each, written for this benchmark: half `customer.subscription.updated`, half
 * `invoice.payment_failed`, of a thousand customers, each a second later than the one before (an ordering guard by time
 * thus lets every one of them write). In the shape of 2024-06-20, the newest that the peer knows.
 */
export const ACCOUNT = 'acct_1Bench';
export const CUSTOMERS = 1_000;
const START_S = 1_780_000_000;
const DAY_S = 86_400;
const MONTH_S = 30 * DAY_S;

export const customerId = (n: number): string => id('cus', n);
export const subscriptionId = (n: number): string => id('sub', n);

/** The nth event of all that are ever sent; never the same one twice. */
export function eventBody(nth: number): string {
  const n = (nth >> 1) % CUSTOMERS;
  const atS = START_S + nth;
  const isSubscription = nth % 2 === 0;
  return JSON.stringify({
    id: id('evt', nth),
    object: 'event',
    account: ACCOUNT,
    api_version: '2024-06-20',
    created: atS,
    data: isSubscription
      ? { object: subscription(n, nth, atS), previous_attributes: { quantity: 1 + ((nth + 1) % 40) } }
      : { object: invoice(n, nth, atS) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: id('req', nth), idempotency_key: `00000000-0000-4000-8000-${hex(nth, 12)}` },
    type: isSubscription ? 'customer.subscription.updated' : 'invoice.payment_failed',
  });
}

function hex(n: number, width: number): string {
  return n.toString(16).padStart(width, '0');
}

function id(prefix: string, n: number): string {
  return `${prefix}_1Bench${hex(n, 16)}`;
}

const PLANS = ['Starter', 'Pro', 'Team'] as const;

function price(n: number, atS: number): Record<string, unknown> {
  const amount = 2_000 + (n % 9) * 1_500;
  return {
    id: id('price', n % 9),
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: atS - 90 * DAY_S,
    currency: 'usd',
    custom_unit_amount: null,
    livemode: false,
    lookup_key: `${PLANS[n % 3]?.toLowerCase()}_monthly_${n % 9}`,
    metadata: { tier: PLANS[n % 3], seats_included: '5', support: 'business hours' },
    nickname: `${PLANS[n % 3]} monthly`,
    product: id('prod', n % 3),
    recurring: {
      aggregate_usage: null,
      interval: 'month',
      interval_count: 1,
      meter: null,
      trial_period_days: 14,
      usage_type: 'licensed',
    },
    tax_behavior: 'exclusive',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: amount,
    unit_amount_decimal: String(amount),
  };
}

function plan(n: number, atS: number): Record<string, unknown> {
  const amount = 2_000 + (n % 9) * 1_500;
  return {
    id: id('price', n % 9),
    object: 'plan',
    active: true,
    aggregate_usage: null,
    amount,
    amount_decimal: String(amount),
    billing_scheme: 'per_unit',
    created: atS - 90 * DAY_S,
    currency: 'usd',
    interval: 'month',
    interval_count: 1,
    livemode: false,
    metadata: { tier: PLANS[n % 3], seats_included: '5', support: 'business hours' },
    meter: null,
    nickname: `${PLANS[n % 3]} monthly`,
    product: id('prod', n % 3),
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: 14,
    usage_type: 'licensed',
  };
}

function subscription(n: number, nth: number, atS: number): Record<string, unknown> {
  const quantity = 1 + (nth % 40);
  return {
    id: subscriptionId(n),
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { enabled: true, liability: { type: 'self' } },
    billing_cycle_anchor: START_S - 10 * DAY_S,
    billing_cycle_anchor_config: null,
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    collection_method: 'charge_automatically',
    created: START_S - 40 * DAY_S,
    currency: 'usd',
    current_period_end: atS + MONTH_S,
    current_period_start: atS - DAY_S,
    customer: customerId(n),
    days_until_due: null,
    default_payment_method: id('pm', n),
    default_source: null,
    default_tax_rates: [],
    description: `${PLANS[n % 3]} for customer ${n}, with priority support and a monthly review call`,
    discount: null,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } },
    items: subscriptionItems(n, atS, quantity),
    latest_invoice: id('in', n),
    livemode: false,
    metadata: { user_id: `user-${n}`, workspace: `ws-${n % 200}`, sold_by: `colleague-${n % 17}@growth.example` },
    ...subscriptionSettings(),
    plan: plan(n, atS),
    quantity,
    schedule: null,
    start_date: START_S - 40 * DAY_S,
    status: 'active',
    test_clock: null,
    transfer_data: null,
    trial_end: START_S - 26 * DAY_S,
    trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } },
    trial_start: START_S - 40 * DAY_S,
  };
}

function subscriptionItems(n: number, atS: number, quantity: number): Record<string, unknown> {
  return {
    object: 'list',
    data: [
      {
        id: id('si', n),
        object: 'subscription_item',
        billing_thresholds: null,
        created: START_S - 40 * DAY_S,
        discounts: [],
        metadata: {},
        plan: plan(n, atS),
        price: price(n, atS),
        quantity,
        subscription: subscriptionId(n),
        tax_rates: [],
      },
    ],
    has_more: false,
    total_count: 1,
    url: `/v1/subscription_items?subscription=${subscriptionId(n)}`,
  };
}

function subscriptionSettings(): Record<string, unknown> {
  return {
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: { card: { network: null, request_three_d_secure: 'automatic' } },
      payment_method_types: ['card', 'link', 'sepa_debit'],
      save_default_payment_method: 'on_subscription',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
  };
}

function invoiceLine(n: number, atS: number, total: number): Record<string, unknown> {
  return {
    id: id('il', n),
    object: 'line_item',
    amount: total,
    amount_excluding_tax: total,
    currency: 'usd',
    description: `1 × ${PLANS[n % 3]} (at $${total / 100}.00 / month)`,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: id('in', n),
    livemode: false,
    metadata: { user_id: `user-${n}` },
    period: { end: atS + MONTH_S, start: atS },
    plan: plan(n, atS),
    price: price(n, atS),
    proration: false,
    proration_details: { credited_items: null },
    quantity: 1,
    subscription: subscriptionId(n),
    subscription_item: id('si', n),
    tax_amounts: [],
    tax_rates: [],
    type: 'subscription',
    unit_amount_excluding_tax: String(total),
  };
}

function invoice(n: number, nth: number, atS: number): Record<string, unknown> {
  const total = 2_000 + (n % 9) * 1_500;
  return Object.assign(invoiceHead(n, nth, atS, total), {
    lines: {
      object: 'list',
      data: [invoiceLine(n, atS, total)],
      has_more: false,
      total_count: 1,
      url: `/v1/invoices/${id('in', n)}/lines`,
    },
    livemode: false,
    metadata: {},
    next_payment_attempt: atS + 3 * DAY_S,
    number: `BENCH-${hex(n, 6).toUpperCase()}-0002`,
    on_behalf_of: null,
    paid: false,
    paid_out_of_band: false,
    payment_intent: id('pi', n),
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: atS,
    period_start: atS - MONTH_S,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    quote: null,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'open',
    status_transitions: { finalized_at: atS, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subscription: subscriptionId(n),
    subscription_details: { metadata: { user_id: `user-${n}` } },
    subtotal: total,
    subtotal_excluding_tax: total,
    tax: null,
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_tax_amounts: [],
    transfer_data: null,
    webhooks_delivered_at: atS,
  });
}

function invoiceHead(n: number, nth: number, atS: number, total: number): Record<string, unknown> {
  return {
    id: id('in', n),
    object: 'invoice',
    account_country: 'US',
    account_name: 'Analytical Engines',
    account_tax_ids: null,
    amount_due: total,
    amount_paid: 0,
    amount_remaining: total,
    amount_shipping: 0,
    application: null,
    application_fee_amount: null,
    attempt_count: 1 + (nth % 4),
    attempted: true,
    auto_advance: true,
    automatic_tax: { enabled: false, liability: null, status: null },
    billing_reason: 'subscription_cycle',
    // Of customers without a card: a failure that names a charge would wait for what it tells, and none is sent.
    charge: null,
    collection_method: 'charge_automatically',
    created: atS,
    currency: 'usd',
    custom_fields: null,
    customer: customerId(n),
    customer_address: {
      city: 'London',
      country: 'GB',
      line1: `${n} Dorset Street`,
      line2: null,
      postal_code: 'W1',
      state: null,
    },
    customer_email: `billing+${n}@customer-${n % 97}.example`,
    customer_name: `Customer ${n} Ltd`,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discount: null,
    discounts: [],
    due_date: null,
    effective_at: atS,
    ending_balance: 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: `https://invoice.stripe.example/i/${ACCOUNT}/test_${hex(n, 40)}`,
    invoice_pdf: `https://pay.stripe.example/invoice/${ACCOUNT}/test_${hex(n, 40)}/pdf`,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
  };
}
