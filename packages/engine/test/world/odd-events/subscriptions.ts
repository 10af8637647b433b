/** Subscriptions: prices, pauses, trials, cancellations, and odd previous attributes. */
import { LATER_S, odd, type OddEvent, updated } from './odd-event.ts';
import { customer, invoice, item, list, MONTH, plan, price, subscription } from '../stripe-shapes.ts';

export const SUBSCRIPTIONS: OddEvent[] = [
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
