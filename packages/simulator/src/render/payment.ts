import type { ChargeRow, DisputeRow, PaymentIntentRow, RefundRow, SetupIntentRow } from '#store/payment.ts';
import { billingDetails, renderPaymentMethod } from './payment-method.ts';
import { list, type Out, type View, when } from './view.ts';

export function renderPaymentIntent(view: View, row: PaymentIntentRow): Out {
  const { shape, state } = view;
  return {
    id: row.id,
    object: 'payment_intent',
    ...when(shape.since('endive'), () => ({ allowed_payment_method_types: null })),
    amount: row.amount,
    amount_capturable: row.status === 'requires_capture' ? row.amount : 0,
    ...when(shape.since('slimLists'), () => ({ amount_details: { tip: {} } })),
    amount_received: row.amountReceived,
    application: null,
    application_fee_amount: null,
    ...when(shape.since('slimLists'), () => ({ automatic_payment_methods: null })),
    canceled_at: row.canceledAt,
    cancellation_reason: row.cancellationReason,
    capture_method: row.captureMethod,
    ...when(!shape.since('slimLists'), () => ({ charges: chargesOf(view, row) })),
    client_secret: row.clientSecret,
    confirmation_method: 'automatic',
    created: row.created,
    currency: row.currency,
    customer: row.customer,
    ...when(shape.since('dahlia'), () => ({ customer_account: null })),
    description: row.description,
    ...when(shape.since('clover'), () => ({ excluded_payment_method_types: null })),
    ...when(!shape.since('basil'), () => ({ invoice: row.invoice })),
    last_payment_error: lastError(view, row),
    ...when(shape.since('slimLists'), () => ({ latest_charge: row.latestCharge })),
    livemode: state.livemode,
    ...when(shape.since('endive'), () => ({ managed_payments: null })),
    metadata: row.metadata,
    next_action: row.status === 'requires_action' ? { type: 'use_stripe_sdk', use_stripe_sdk: {} } : null,
    on_behalf_of: null,
    ...when(shape.since('clover') && row.invoice !== null, () => ({
      payment_details: { customer_reference: null, order_reference: row.invoice },
    })),
    payment_method: row.paymentMethod,
    ...when(shape.since('invoice2024'), () => ({ payment_method_configuration_details: null })),
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    ...when(shape.since('endive'), () => ({ payment_record: null })),
    ...when(shape.since('slimLists'), () => ({ processing: null })),
    receipt_email: null,
    review: null,
    setup_future_usage: row.setupFutureUsage,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: row.status,
    transfer_data: null,
    transfer_group: null,
  };
}

function chargesOf(view: View, row: PaymentIntentRow): Out {
  const charge = row.latestCharge === null ? undefined : view.state.charges.get(row.latestCharge);
  return list(charge ? [renderCharge(view, charge)] : [], `/v1/charges?payment_intent=${row.id}`);
}

function lastError(view: View, row: PaymentIntentRow): Out | null {
  const error = row.lastError;
  if (error === null) return null;
  const method = error.paymentMethod === null ? undefined : view.state.paymentMethods.get(error.paymentMethod);
  return {
    ...when(view.shape.since('acacia') && error.declineCode !== null, () => ({ advice_code: 'try_again_later' })),
    ...when(error.charge !== null, () => ({ charge: error.charge })),
    code: error.code,
    ...when(error.declineCode !== null, () => ({ decline_code: error.declineCode })),
    doc_url: `https://stripe.com/docs/error-codes/${error.code.replaceAll('_', '-')}`,
    message: error.message,
    ...when(method !== undefined, () => ({ payment_method: method ? renderPaymentMethod(view, method) : null })),
    type: 'card_error',
  };
}

export function renderCharge(view: View, row: ChargeRow): Out {
  const { shape, state } = view;
  const method = row.paymentMethod === null ? undefined : state.paymentMethods.get(row.paymentMethod);
  return {
    id: row.id,
    object: 'charge',
    amount: row.amount,
    amount_captured: row.amountCaptured,
    amount_refunded: row.amountRefunded,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: row.balanceTransaction,
    billing_details: billingDetails(view, method),
    calculated_statement_descriptor: view.account.name.toUpperCase().slice(0, 22),
    captured: row.captured,
    created: row.created,
    currency: row.currency,
    customer: row.customer,
    description: row.description,
    destination: null,
    dispute: row.dispute,
    disputed: row.dispute !== null,
    ...when(shape.since('slimLists'), () => ({ failure_balance_transaction: null })),
    failure_code: row.failureCode,
    failure_message: row.failureMessage,
    fraud_details: {},
    ...when(!shape.since('basil'), () => ({ invoice: row.invoice })),
    livemode: state.livemode,
    metadata: row.metadata,
    on_behalf_of: null,
    order: null,
    outcome: outcome(view, row),
    paid: row.status === 'succeeded',
    payment_intent: row.paymentIntent,
    payment_method: row.paymentMethod,
    payment_method_details: { card: cardDetails(view, row), type: 'card' },
    ...when(shape.since('invoice2024'), () => ({ radar_options: {} })),
    receipt_email: row.receiptEmail,
    receipt_number: null,
    receipt_url: row.status === 'succeeded' ? `https://pay.stripe.com/receipts/${view.account.id}/${row.id}` : null,
    refunded: row.amountRefunded >= row.amount && row.amount > 0 && row.status === 'succeeded',
    ...when(!shape.since('slimLists'), () => ({ refunds: refundsOf(view, row) })),
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: row.status,
    transfer_data: null,
    transfer_group: null,
  };
}

/** Part of the charge until 2022-11-15; later only when expanded. */
export function refundsOf(view: View, row: ChargeRow): Out {
  const refunds = view.state.refunds.inGroup(row.id).toReversed();
  return list(
    refunds.map((refund) => renderRefund(view, refund)),
    `/v1/charges/${row.id}/refunds`,
  );
}

function outcome(view: View, row: ChargeRow): Out {
  const failed = row.status === 'failed';
  return {
    ...when(view.shape.since('acacia'), () => ({
      advice_code: failed ? 'try_again_later' : null,
      network_advice_code: null,
      network_decline_code: failed ? '51' : null,
    })),
    network_status: failed ? 'declined_by_network' : 'approved_by_network',
    reason: failed ? row.declineCode : null,
    risk_level: 'normal',
    risk_score: 20,
    seller_message: failed ? `The bank returned the decline code \`${row.declineCode}\`.` : 'Payment complete.',
    type: failed ? 'issuer_declined' : 'authorized',
  };
}

function cardDetails(view: View, row: ChargeRow): Out {
  const method = row.paymentMethod === null ? undefined : view.state.paymentMethods.get(row.paymentMethod);
  return {
    ...when(view.shape.since('slimLists'), () => ({ amount_authorized: row.status === 'failed' ? null : row.amount })),
    brand: method?.brand ?? 'visa',
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: method?.country ?? 'US',
    exp_month: method?.expMonth ?? 12,
    exp_year: method?.expYear ?? 2030,
    fingerprint: method?.fingerprint ?? null,
    funding: method?.funding ?? 'credit',
    installments: null,
    last4: method?.last4 ?? '4242',
    mandate: null,
    network: method?.brand ?? 'visa',
    three_d_secure: null,
    wallet: null,
  };
}

export function renderRefund(view: View, row: RefundRow): Out {
  return {
    id: row.id,
    object: 'refund',
    amount: row.amount,
    balance_transaction: row.balanceTransaction,
    charge: row.charge,
    created: row.created,
    currency: row.currency,
    ...when(view.shape.since('slimLists'), () => ({
      destination_details: {
        card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
        type: 'card',
      },
    })),
    metadata: row.metadata,
    payment_intent: row.paymentIntent,
    reason: row.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: row.status,
    transfer_reversal: null,
  };
}

export function renderDispute(view: View, row: DisputeRow): Out {
  return {
    id: row.id,
    object: 'dispute',
    amount: row.amount,
    balance_transactions: [],
    charge: row.charge,
    created: row.created,
    currency: row.currency,
    ...when(view.shape.since('acacia'), () => ({ enhanced_eligibility_types: [] })),
    evidence: {},
    evidence_details: { due_by: row.dueBy, has_evidence: false, past_due: false, submission_count: 0 },
    is_charge_refundable: false,
    livemode: view.state.livemode,
    metadata: row.metadata,
    payment_intent: row.paymentIntent,
    ...when(view.shape.since('invoice2024'), () => ({
      payment_method_details: {
        card: { brand: 'visa', case_type: 'chargeback', network_reason_code: '10' },
        type: 'card',
      },
    })),
    reason: row.reason,
    status: row.status,
  };
}

export function renderSetupIntent(view: View, row: SetupIntentRow): Out {
  return {
    id: row.id,
    object: 'setup_intent',
    application: null,
    cancellation_reason: null,
    client_secret: row.clientSecret,
    created: row.created,
    customer: row.customer,
    ...when(view.shape.since('dahlia'), () => ({ customer_account: null })),
    description: row.description,
    last_setup_error: null,
    latest_attempt: null,
    livemode: view.state.livemode,
    mandate: null,
    metadata: row.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: row.paymentMethod,
    payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: row.status,
    usage: 'off_session',
  };
}
