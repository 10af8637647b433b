/** Invoices, charges, refunds and disputes. */
import { odd, type OddEvent } from './odd-event.ts';
import { charge, invoice, list, UNPAID } from '../stripe-shapes.ts';

export const MONEY: OddEvent[] = [
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
