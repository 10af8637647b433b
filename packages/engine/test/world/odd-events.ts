/** Stripe events with what they must tell: see scenarios/odd-events.scenario.test.ts. */
import type { BillingEventName } from '@growthos/contracts/events/billing.ts';
import {
  charge,
  customer,
  invoice,
  item,
  type Json,
  list,
  MONTH,
  plan,
  price,
  type Shape,
  subscription,
  UNPAID,
} from './stripe-shapes.ts';

export interface OddEvent {
  readonly what: string;
  readonly shape: Shape;
  readonly type: string;
  readonly object: unknown;
  readonly previous?: unknown;
  /** Laid over the event itself. */
  readonly envelope?: Json;
  readonly tells: readonly BillingEventName[];
}

const SHAPES: readonly Shape[] = ['plans', 'legacy', 'acacia', 'basil', 'clover'];
const LATER_S = MONTH.start + 86_400;

function odd(
  what: string,
  event: readonly [Shape, string, unknown, unknown?],
  tells: readonly BillingEventName[] = [],
  envelope?: Json,
): OddEvent {
  const [shape, type, object, previous] = event;
  return {
    what,
    shape,
    type,
    object,
    ...(previous === undefined ? {} : { previous }),
    ...(envelope === undefined ? {} : { envelope }),
    tells,
  };
}

const updated = 'customer.subscription.updated';
const starter = { id: 'price_starter', unit_amount: 5_000, unit_amount_decimal: '5000' };
const starterPlan = plan({ id: 'price_starter', amount: 5_000, amount_decimal: '5000' });
const starterItem = (shape: Shape) =>
  item(shape, { plan: starterPlan, ...(shape === 'plans' ? {} : { price: price(starter) }) });

/** The same facts in each version. */
const inEveryVersion: OddEvent[] = SHAPES.flatMap((shape) => [
  odd(
    `${shape}: a new subscription`,
    [shape, 'customer.subscription.created', subscription(shape)],
    ['subscription_created'],
  ),
  odd(
    `${shape}: a plan switch`,
    [shape, updated, subscription(shape), { items: list([starterItem(shape)]), plan: starterPlan }],
    ['subscription_updated'],
  ),
  odd(`${shape}: a plain renewal, which newer versions tell with all items`, [
    shape,
    updated,
    subscription(shape),
    shape === 'basil' || shape === 'clover'
      ? {
          items: list([
            item(shape, { current_period_start: MONTH.start - 2_592_000, current_period_end: MONTH.start }),
          ]),
          latest_invoice: 'in_2',
        }
      : { current_period_start: MONTH.start - 2_592_000, current_period_end: MONTH.start, latest_invoice: 'in_2' },
  ]),
  odd(
    `${shape}: a cancellation at the period's end, by the flag`,
    [
      shape,
      updated,
      subscription(shape, { cancel_at_period_end: true, cancel_at: MONTH.end, canceled_at: LATER_S }),
      { cancel_at_period_end: false, cancel_at: null, canceled_at: null },
    ],
    ['subscription_updated'],
  ),
  odd(`${shape}: a paid invoice`, [shape, 'invoice.paid', invoice(shape)], ['payment_succeeded']),
  odd(
    `${shape}: a failed payment`,
    [shape, 'invoice.payment_failed', invoice(shape, UNPAID)],
    ['invoice.payment_failed'],
  ),
  odd(`${shape}: a one-off charge`, [shape, 'charge.succeeded', charge(shape)], ['payment_succeeded']),
  odd(
    `${shape}: the end of a subscription, without cancellation details`,
    [
      shape,
      'customer.subscription.deleted',
      subscription(shape, { status: 'canceled', ended_at: LATER_S, canceled_at: LATER_S }),
    ],
    ['subscription_canceled'],
  ),
]);

const subscriptions: OddEvent[] = [
  odd(
    'the portal’s cancellation on flexible billing, by the date alone',
    [
      'clover',
      updated,
      subscription('clover', { cancel_at: MONTH.end, canceled_at: LATER_S }),
      { cancel_at: null, canceled_at: null, cancellation_details: { comment: null, feedback: null, reason: null } },
    ],
    ['subscription_updated'],
  ),
  odd(
    'that cancellation taken back',
    ['clover', updated, subscription('clover'), { cancel_at: MONTH.end, canceled_at: LATER_S }],
    ['subscription_updated'],
  ),
  odd(
    'a list of items cut off at twenty',
    [
      'acacia',
      'customer.subscription.created',
      subscription('acacia', {
        items: list(
          Array.from({ length: 20 }, (_, nth) => item('acacia', { id: `si_many_${nth}` })),
          { has_more: true, total_count: 25 },
        ),
        plan: null,
        quantity: null,
      }),
    ],
    ['subscription_created'],
  ),
  odd(
    'a metered price with tiers and no unit amount',
    [
      'acacia',
      'customer.subscription.created',
      subscription('acacia', {
        items: list([
          item('acacia', {
            price: price({
              billing_scheme: 'tiered',
              tiers_mode: 'graduated',
              unit_amount: null,
              unit_amount_decimal: null,
              recurring: { interval: 'month', interval_count: 1, usage_type: 'metered', aggregate_usage: 'sum' },
            }),
            plan: plan({ amount: null, amount_decimal: null, billing_scheme: 'tiered', usage_type: 'metered' }),
            quantity: undefined,
          }),
        ]),
        quantity: undefined,
      }),
    ],
    ['subscription_created'],
  ),
  ...(
    [
      ['yen, which have no cents', 'jpy', 9_800, '9800'],
      ['dinars, which have thousandths', 'kwd', 12_500, '12500'],
      ['a price finer than a cent', 'usd', null, '0.05'],
      ['an amount beyond 32 bits', 'vnd', 99_999_999_999, '99999999999'],
    ] as const
  ).map(([what, currency, amount, decimal]) =>
    odd(
      `a subscription in ${what}`,
      [
        'basil',
        'customer.subscription.created',
        subscription('basil', {
          currency,
          items: list([
            item('basil', {
              price: price({ currency, unit_amount: amount, unit_amount_decimal: decimal }),
              quantity: 3,
            }),
          ]),
        }),
      ],
      ['subscription_created'],
    ),
  ),
  odd(
    'objects expanded in place of their ids',
    [
      'clover',
      'customer.subscription.created',
      subscription('clover', {
        customer: customer(),
        latest_invoice: invoice('clover'),
        default_payment_method: {
          id: 'pm_1',
          object: 'payment_method',
          card: { brand: 'visa', exp_month: 4, exp_year: 2030, last4: '4242' },
          customer: 'cus_1',
          type: 'card',
        },
        schedule: { id: 'sub_sched_1', object: 'subscription_schedule' },
        items: list([
          item('clover', { price: price({ product: { id: 'prod_pro', object: 'product', name: 'Pro' } }) }),
        ]),
        discounts: [
          {
            id: 'di_1',
            object: 'discount',
            source: {
              type: 'coupon',
              coupon: { id: 'HALF', object: 'coupon', duration: 'forever', percent_off: 33.33 },
            },
            start: MONTH.start,
            end: null,
          },
        ],
      }),
    ],
    ['subscription_created'],
  ),
  odd('a customer that was deleted meanwhile, in place of its id', [
    'acacia',
    updated,
    subscription('acacia', { customer: { id: 'cus_1', object: 'customer', deleted: true } }),
    { metadata: { seats: null } },
  ]),
  odd(
    'a subscription without a customer (Accounts v2)',
    ['clover', 'customer.subscription.created', subscription('clover', { customer: null, customer_account: 'acct_9' })],
    ['subscription_created'],
  ),
  odd(
    'collection paused',
    [
      'legacy',
      updated,
      subscription('legacy', { pause_collection: { behavior: 'void', resumes_at: null } }),
      { pause_collection: null },
    ],
    ['subscription_paused'],
  ),
  odd('a pause that gets an end', [
    'basil',
    updated,
    subscription('basil', { pause_collection: { behavior: 'void', resumes_at: LATER_S } }),
    { pause_collection: { resumes_at: null } },
  ]),
  odd(
    'collection resumed',
    ['basil', updated, subscription('basil'), { pause_collection: { behavior: 'keep_as_draft', resumes_at: LATER_S } }],
    ['subscription_resumed'],
  ),
  odd(
    'a trial that ends without a card, and pauses',
    [
      'acacia',
      'customer.subscription.paused',
      subscription('acacia', {
        status: 'paused',
        trial_start: MONTH.start - 86_400,
        trial_end: MONTH.start,
        trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
      }),
    ],
    ['subscription_paused'],
  ),
  odd(
    'a trial that ends soon',
    [
      'clover',
      'customer.subscription.trial_will_end',
      subscription('clover', { status: 'trialing', trial_start: MONTH.start, trial_end: MONTH.end }),
    ],
    ['customer.subscription.trial_will_end'],
  ),
  odd('a trial said to end soon in the moment in which it ended', [
    'clover',
    'customer.subscription.trial_will_end',
    subscription('clover', { trial_start: MONTH.start - 86_400, trial_end: MONTH.start }),
  ]),
  odd(
    'a trial that converts',
    [
      'basil',
      updated,
      subscription('basil', { trial_start: MONTH.start - 86_400, trial_end: MONTH.start }),
      {
        status: 'trialing',
        items: list([item('basil', { current_period_start: MONTH.start - 86_400, current_period_end: MONTH.start })]),
      },
    ],
    ['trial_converted'],
  ),
  odd(
    'a first payment that never came',
    [
      'acacia',
      updated,
      subscription('acacia', { status: 'incomplete_expired', ended_at: LATER_S, canceled_at: LATER_S }),
      { status: 'incomplete', ended_at: null, canceled_at: null },
    ],
    ['subscription_canceled'],
  ),
  odd(
    'a status that nobody has heard of yet',
    ['clover', 'customer.subscription.created', subscription('clover', { status: 'suspended_by_regulator' })],
    ['subscription_created'],
  ),
  odd('a schedule attached', [
    'basil',
    updated,
    subscription('basil', { schedule: 'sub_sched_1' }),
    { schedule: null },
  ]),
  odd(
    'a coupon taken off, told by the single discount of old',
    [
      'legacy',
      updated,
      subscription('legacy'),
      {
        discount: {
          object: 'discount',
          coupon: { id: 'HALF', object: 'coupon', duration: 'forever', percent_off: 50, valid: true },
          customer: 'cus_1',
          start: MONTH.start,
          end: null,
          subscription: 'sub_1',
        },
      },
    ],
    ['subscription_updated'],
  ),
  odd(
    'quantities of the single-item days',
    [
      'legacy',
      updated,
      subscription('legacy', { quantity: 5, items: list([item('legacy', { quantity: 5 })]) }),
      { quantity: 2 },
    ],
    ['subscription_updated'],
  ),
  ...(
    [
      ['null', null],
      ['an array', []],
      ['a text', 'items'],
      ['items that are null', { items: null }],
      ['items that are no list', { items: {} }],
      ['items with a hole', { items: list([null]) }],
      ['a plan that is null', { plan: null }],
      ['metadata alone', { metadata: { utm_source: null, __proto__: 'x' } }],
      ['discounts that are null', { discounts: null }],
      ['a field that we do not know', { invented_in_2031: { deep: [1, 2] } }],
    ] as const
  ).map(([what, previous]) =>
    odd(`previous attributes that are ${what}`, [
      'clover',
      updated,
      subscription('clover', { discounts: [] }),
      previous,
    ]),
  ),
];

const money: OddEvent[] = [
  odd('a paid trial invoice over nothing', [
    'clover',
    'invoice.paid',
    invoice('clover', { amount_due: 0, amount_paid: 0, total: 0, subtotal: 0, billing_reason: 'subscription_create' }),
  ]),
  odd(
    'an invoice of no subscription',
    ['clover', 'invoice.paid', invoice('clover', { parent: null, billing_reason: 'manual' })],
    ['payment_succeeded'],
  ),
  odd(
    'an invoice of a quote',
    [
      'basil',
      'invoice.payment_succeeded',
      invoice('basil', {
        parent: { type: 'quote_details', quote_details: { quote: 'qt_1' }, subscription_details: null },
      }),
    ],
    ['payment_succeeded'],
  ),
  odd(
    'an invoice without a customer (Accounts v2)',
    ['clover', 'invoice.paid', invoice('clover', { customer: null, customer_account: 'acct_9' })],
    ['payment_succeeded'],
  ),
  odd(
    'an invoice paid by bank transfer outside Stripe',
    ['acacia', 'invoice.paid', invoice('acacia', { paid_out_of_band: true, charge: null, payment_intent: null })],
    ['payment_succeeded'],
  ),
  odd(
    'an invoice with only the fields that Stripe promises',
    ['legacy', 'invoice.paid', { id: 'in_1', object: 'invoice', amount_paid: 700, currency: 'eur', customer: 'cus_1' }],
    ['payment_succeeded'],
  ),
  odd('a credit invoice over less than nothing', [
    'acacia',
    'invoice.paid',
    invoice('acacia', { amount_due: 0, amount_paid: 0, total: -1_500, subtotal: -1_500 }),
  ]),
  odd('an upcoming invoice, which has no id', [
    'clover',
    'invoice.upcoming',
    invoice('clover', { id: undefined, status: 'draft', amount_paid: 0 }),
  ]),
  odd(
    'a failed payment, its intent expanded, no next attempt and no page to pay on',
    [
      'acacia',
      'invoice.payment_failed',
      invoice('acacia', {
        ...UNPAID,
        attempt_count: 4,
        hosted_invoice_url: null,
        payment_intent: {
          id: 'pi_1',
          object: 'payment_intent',
          last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds', message: 'No money.' },
        },
      }),
    ],
    ['invoice.payment_failed'],
  ),
  odd(
    'a payment that needs the cardholder',
    ['basil', 'invoice.payment_action_required', invoice('basil', UNPAID)],
    ['payment_action_required'],
  ),
  odd('a payment of an invoice that we never saw', [
    'clover',
    'invoice_payment.paid',
    {
      id: 'inpay_1',
      object: 'invoice_payment',
      amount_paid: 900,
      currency: 'usd',
      invoice: 'in_1',
      payment: { type: 'payment_intent', payment_intent: 'pi_1' },
      status: 'paid',
    },
  ]),
  odd(
    'a charge without a customer',
    ['legacy', 'charge.succeeded', charge('legacy', { customer: null })],
    ['payment_succeeded'],
  ),
  odd('a charge of an invoice', ['acacia', 'charge.succeeded', charge('acacia', { invoice: 'in_1' })]),
  odd('a charge that is only authorised', [
    'acacia',
    'charge.succeeded',
    charge('acacia', { captured: false, amount_captured: 0 }),
  ]),
  ...(['acacia', 'clover'] as const).map((shape) =>
    odd(
      `${shape}: an authorised charge, captured in part`,
      [
        shape,
        'charge.captured',
        charge(shape, { amount_captured: 3_000, amount_refunded: 2_000 }),
        { captured: false },
      ],
      ['payment_succeeded'],
    ),
  ),
  odd('a bank debit on its way', ['acacia', 'charge.pending', charge('acacia', { status: 'pending', paid: false })]),
  odd('a charge that failed', [
    'clover',
    'charge.failed',
    charge('clover', { status: 'failed', paid: false, captured: false, failure_code: 'card_declined', outcome: null }),
  ]),
  odd(
    'a refund in part, with the list of refunds that newer versions leave out',
    [
      'legacy',
      'charge.refunded',
      charge('legacy', {
        amount_refunded: 1_000,
        refunds: list([{ id: 're_1', object: 'refund', amount: 1_000, charge: 'ch_1', currency: 'usd' }]),
      }),
      { amount_refunded: 0, receipt_url: null, refunds: { data: [], total_count: 0 } },
    ],
    ['charge_refunded'],
  ),
  odd(
    'a whole refund without that list',
    ['clover', 'charge.refunded', charge('clover', { amount_refunded: 5_000, refunded: true }), { amount_refunded: 0 }],
    ['charge_refunded'],
  ),
  odd(
    'a dispute whose charge is expanded',
    [
      'acacia',
      'charge.dispute.created',
      {
        id: 'dp_1',
        object: 'dispute',
        amount: 5_000,
        charge: charge('acacia'),
        currency: 'usd',
        status: 'needs_response',
      },
    ],
    ['dispute_opened'],
  ),
  odd(
    'a dispute that names only the payment intent, with a status of tomorrow',
    [
      'clover',
      'charge.dispute.closed',
      {
        id: 'dp_1',
        object: 'dispute',
        amount: 5_000,
        charge: null,
        payment_intent: 'pi_1',
        currency: 'usd',
        status: 'settled',
      },
    ],
    ['dispute_closed'],
  ),
];

const quiet = (what: string, shape: Shape, type: string, object: unknown, previous?: unknown): OddEvent =>
  odd(what, [shape, type, object, previous]);

const others: OddEvent[] = [
  quiet('a customer with nothing', 'clover', 'customer.created', { id: 'cus_1', object: 'customer' }),
  quiet(
    'a customer of 2020 with all that came expanded then',
    'legacy',
    'customer.updated',
    customer({
      default_source: 'card_1',
      sources: list([{ id: 'card_1', object: 'card', brand: 'Visa', exp_month: 4, exp_year: 2030, last4: '4242' }]),
      subscriptions: list([subscription('legacy')]),
      tax_ids: list([]),
      account_balance: -300,
    }),
    { default_source: null, sources: { data: [] } },
  ),
  quiet(
    'a customer with names that PostgreSQL would not take',
    'acacia',
    'customer.updated',
    customer({ name: 'Ada\u0000\ud800', metadata: { 'no\u0000tes': 'x\u0000', __proto__: 'y', constructor: 'z' } }),
    { name: null },
  ),
  quiet('a customer with null in every place', 'acacia', 'customer.updated', {
    ...Object.fromEntries(Object.keys(customer()).map((key) => [key, null])),
    id: 'cus_1',
    object: 'customer',
  }),
  quiet('a customer of 300 KB', 'clover', 'customer.updated', customer({ metadata: { notes: 'ä€'.repeat(75_000) } }), {
    metadata: { notes: null },
  }),
  quiet('a customer that is deleted', 'clover', 'customer.deleted', customer()),
  quiet('a discount of before discounts had ids', 'plans', 'customer.discount.created', {
    object: 'discount',
    coupon: { id: 'HALF', object: 'coupon', percent_off: 50, duration: 'repeating', duration_in_months: 3 },
    customer: 'cus_1',
    subscription: null,
    start: MONTH.start,
    end: null,
  }),
  quiet('a discount whose coupon is an id under its source', 'clover', 'customer.discount.updated', {
    id: 'di_1',
    object: 'discount',
    source: { type: 'coupon', coupon: 'HALF' },
    customer: 'cus_1',
    promotion_code: { id: 'promo_1', object: 'promotion_code' },
    start: MONTH.start,
    end: LATER_S,
  }),
  ...(
    [
      ['sepa_debit', { last4: '3000', country: 'DE' }],
      ['klarna', {}],
      ['card_present', { brand: 'visa', last4: '4242', exp_month: 1, exp_year: 2031 }],
      ['paid_with_a_smile', { teeth: 32 }],
    ] as const
  ).map(([type, detail]) =>
    quiet(`a payment method of the kind ${type}`, 'clover', 'payment_method.attached', {
      id: 'pm_1',
      object: 'payment_method',
      billing_details: { address: null, email: null },
      customer: 'cus_1',
      type,
      [type]: detail,
    }),
  ),
  quiet(
    'a card renewed by the network',
    'acacia',
    'payment_method.automatically_updated',
    {
      id: 'pm_1',
      object: 'payment_method',
      card: {
        brand: 'visa',
        exp_month: 4,
        exp_year: 2031,
        last4: '1881',
        wallet: { type: 'apple_pay', apple_pay: {} },
      },
      customer: 'cus_1',
      type: 'card',
    },
    { card: { exp_year: 2027, last4: '4242' } },
  ),
  quiet('a source of old', 'plans', 'customer.source.created', {
    id: 'card_1',
    object: 'card',
    brand: 'American Express',
    customer: 'cus_1',
    exp_month: 4,
    exp_year: 2030,
    last4: '0005',
  }),
  quiet('a price with tiers up to infinity and options by currency', 'clover', 'price.updated', {
    ...price({ id: 'price_tiers', billing_scheme: 'tiered', tiers_mode: 'volume', unit_amount: null }),
    unit_amount_decimal: null,
    tiers: [
      { up_to: 10, flat_amount: null, flat_amount_decimal: null, unit_amount: 500, unit_amount_decimal: '500' },
      { up_to: 'inf', flat_amount: null, unit_amount: null, unit_amount_decimal: '0.5' },
    ],
    currency_options: { jpy: { unit_amount: null, tiers: null }, eur: { unit_amount: 450 } },
  }),
  quiet('a price where the buyer names the amount', 'clover', 'price.created', {
    ...price({ id: 'price_own', unit_amount: null, unit_amount_decimal: null, recurring: null, type: 'one_time' }),
    custom_unit_amount: { maximum: null, minimum: 100, preset: 500 },
  }),
  quiet('a plan of 2019', 'plans', 'plan.created', plan({ id: 'plan_gold', nickname: undefined, name: 'Gold' })),
  quiet('a price that is deleted', 'legacy', 'price.deleted', price({ id: 'price_gone', active: false })),
  quiet('a product with nothing', 'clover', 'product.updated', { id: 'prod_1', object: 'product' }, { name: 'Old' }),
  quiet('a promotion code whose coupon is under its promotion', 'clover', 'promotion_code.created', {
    id: 'promo_1',
    object: 'promotion_code',
    active: true,
    code: 'SPRING',
    promotion: { type: 'coupon', coupon: 'HALF' },
    restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
  }),
  ...[
    'checkout.session.completed',
    'payout.paid',
    'subscription_schedule.updated',
    'billing.meter.created',
    'entitlements.active_entitlement_summary.updated',
    'invoiceitem.created',
    'setup_intent.succeeded',
    'radar.early_fraud_warning.created',
    'invented.in.2031',
  ].map((type) =>
    quiet(`an event that we do not use: ${type}`, 'clover', type, { object: type.split('.')[0], customer: 'cus_1' }),
  ),
  quiet('an event without an object', 'clover', 'balance.available', null),
  odd('a thin event', ['clover', 'v1.customer.subscription.updated', null], [], {
    object: 'v2.core.event',
    created: '2026-11-02T10:00:00.000Z',
    data: undefined,
    related_object: { id: 'sub_1', type: 'subscription', url: '/v1/subscriptions/sub_1' },
  }),
  odd(
    'an event of a connected account, by an application',
    ['basil', 'customer.subscription.created', subscription('basil', { application: 'ca_1' })],
    ['subscription_created'],
    { account: 'acct_connected', context: 'acct_connected' },
  ),
  odd(
    'an event with only what it cannot do without',
    ['acacia', 'invoice.paid', invoice('acacia')],
    ['payment_succeeded'],
    {
      object: undefined,
      api_version: null,
      pending_webhooks: undefined,
      request: null,
      livemode: undefined,
    },
  ),
];

export const ODD_EVENTS: readonly OddEvent[] = [...inEveryVersion, ...subscriptions, ...money, ...others];
