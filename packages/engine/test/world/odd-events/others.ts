/** Customers, cards, the catalogue, and events that are not used: they tell nothing, and harm nothing. */
import { LATER_S, odd, type OddEvent, quiet } from './odd-event.ts';
import { customer, invoice, list, MONTH, plan, price, subscription } from '../stripe-shapes.ts';

export const OTHERS: OddEvent[] = [
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
