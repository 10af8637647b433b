import type { CreditNoteRow, InvoiceItemRow, InvoicePaymentRow, InvoiceRow } from '#store/invoice.ts';
import { renderPlan, renderPrice } from './catalogue.ts';
import { renderDiscount } from './discount.ts';
import { renderLine } from './invoice-line.ts';
import { list, type Out, type View, when } from './view.ts';

export function renderInvoice(view: View, row: InvoiceRow): Out {
  if (row.deleted) return { id: row.id, object: 'invoice', deleted: true };
  // Spread into one literal these parts take forty times as long (V8 of Node 20).
  return Object.assign(amounts(view, row), customerCopy(view, row), links(view, row), totals(view, row));
}

function amounts(view: View, row: InvoiceRow): Out {
  const { shape, account } = view;
  return {
    id: row.id,
    object: 'invoice',
    account_country: account.country,
    account_name: account.name,
    account_tax_ids: null,
    amount_due: row.amountDue,
    ...when(shape.since('acacia'), () => ({ amount_overpaid: 0 })),
    amount_paid: row.amountPaid,
    amount_remaining: Math.max(0, row.amountDue - row.amountPaid - row.prePaymentCreditNotes),
    ...when(shape.since('invoice2024'), () => ({ amount_shipping: 0 })),
    ...when(shape.since('slimLists'), () => ({ application: null })),
    ...when(!shape.since('basil'), () => ({ application_fee_amount: null })),
    attempt_count: row.attemptCount,
    attempted: row.attempted,
    auto_advance: row.autoAdvance,
    automatic_tax: {
      ...when(shape.since('acacia'), () => ({ disabled_reason: null })),
      enabled: false,
      ...when(shape.since('invoice2024'), () => ({ liability: null })),
      ...when(shape.since('basil'), () => ({ provider: null })),
      status: null,
    },
    ...when(shape.since('invoice2024'), () => ({
      automatically_finalizes_at: row.status === 'draft' ? row.finalizesAt : null,
    })),
    billing_reason: row.billingReason,
    ...when(!shape.since('basil'), () => ({ charge: row.charge })),
    collection_method: row.collectionMethod,
    created: row.created,
    currency: row.currency,
    custom_fields: null,
    customer: row.customer,
    ...when(shape.since('dahlia'), () => ({ customer_account: null })),
  };
}

function customerCopy(view: View, row: InvoiceRow): Out {
  const customer = view.state.customers.get(row.customer);
  const first = row.discounts[0] === undefined ? undefined : view.state.discounts.get(row.discounts[0]);
  return {
    customer_address: customer?.address ?? null,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: customer?.phone ?? null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: row.defaultPaymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: row.description,
    ...when(!view.shape.since('basil'), () => ({ discount: first ? renderDiscount(view, first) : null })),
    discounts: [...row.discounts],
    due_date: row.dueDate,
    ...when(view.shape.since('invoice2024'), () => ({ effective_at: row.finalizedAt })),
    ending_balance: row.endingBalance,
    footer: null,
    ...when(view.shape.since('slimLists'), () => ({ from_invoice: null })),
  };
}

function links(view: View, row: InvoiceRow): Out {
  const { shape, state, account } = view;
  const secret = `test_${row.id.slice(3)}`;
  const hosted = row.finalizedAt === null ? null : `https://invoice.stripe.com/i/${account.id}/${secret}?s=ap`;
  const pdf = row.finalizedAt === null ? null : `https://pay.stripe.com/invoice/${account.id}/${secret}/pdf?s=ap`;
  const lines = row.lines.map((line) => renderLine(view, row, line));
  return {
    hosted_invoice_url: hosted,
    invoice_pdf: pdf,
    ...when(shape.since('invoice2024'), () => ({ issuer: { type: 'self' } })),
    last_finalization_error: null,
    ...when(shape.since('slimLists'), () => ({ latest_revision: null })),
    lines: list(lines, `/v1/invoices/${row.id}/lines`),
    livemode: state.livemode,
    metadata: row.metadata,
    next_payment_attempt: row.nextPaymentAttempt,
    number: row.number,
    on_behalf_of: null,
    ...when(!shape.since('basil'), () => ({
      paid: row.status === 'paid',
      ...when(shape.since('slimLists'), () => ({ paid_out_of_band: row.isPaidOutOfBand })),
      payment_intent: row.paymentIntent,
    })),
    ...when(shape.since('acacia'), () => ({ parent: parent(row) })),
    payment_settings: {
      ...when(shape.since('slimLists'), () => ({ default_mandate: null })),
      payment_method_options: null,
      payment_method_types: null,
    },
    period_end: row.periodEnd,
    period_start: row.periodStart,
    post_payment_credit_notes_amount: row.postPaymentCreditNotes,
    pre_payment_credit_notes_amount: row.prePaymentCreditNotes,
    ...when(!shape.since('basil'), () => ({ quote: null })),
    receipt_number: null,
    ...when(shape.since('slimLists') && !shape.since('invoice2024'), () => ({ rendering_options: null })),
    ...when(shape.since('invoice2024'), () => ({ rendering: null, shipping_cost: null, shipping_details: null })),
  };
}

function parent(row: InvoiceRow): Out | null {
  if (row.subscription === null) return null;
  return {
    quote_details: null,
    subscription_details: { metadata: row.subscriptionMetadata, subscription: row.subscription },
    type: 'subscription_details',
  };
}

function totals(view: View, row: InvoiceRow): Out {
  const { shape } = view;
  const discountAmounts = sumByDiscount(row);
  return {
    starting_balance: row.startingBalance,
    statement_descriptor: null,
    status: row.status,
    status_transitions: {
      finalized_at: row.finalizedAt,
      marked_uncollectible_at: row.uncollectibleAt,
      paid_at: row.paidAt,
      voided_at: row.voidedAt,
    },
    ...when(!shape.since('basil'), () => ({
      subscription: row.subscription,
      ...when(shape.since('invoice2024') && row.subscription !== null, () => ({
        subscription_details: { metadata: row.subscriptionMetadata },
      })),
    })),
    subtotal: row.subtotal,
    ...when(shape.since('slimLists'), () => ({ subtotal_excluding_tax: row.subtotal })),
    ...when(!shape.since('basil'), () => ({ tax: null })),
    ...when(shape.since('slimLists'), () => ({ test_clock: null })),
    total: row.total,
    total_discount_amounts: discountAmounts,
    ...when(shape.since('slimLists'), () => ({ total_excluding_tax: row.total })),
    ...when(shape.since('acacia'), () => ({
      total_pretax_credit_amounts: discountAmounts.map((part) => ({ ...part, type: 'discount' })),
      total_taxes: [],
    })),
    ...when(!shape.since('basil'), () => ({ total_tax_amounts: [], transfer_data: null })),
    webhooks_delivered_at: row.created,
  };
}

function sumByDiscount(row: InvoiceRow): { amount: number; discount: string }[] {
  const sums = new Map<string, number>();
  for (const line of row.lines) {
    for (const part of line.discountAmounts) sums.set(part.discount, (sums.get(part.discount) ?? 0) + part.amount);
  }
  return [...sums].map(([discount, amount]) => ({ amount, discount }));
}

export function renderInvoicePayment(view: View, row: InvoicePaymentRow): Out {
  return {
    id: row.id,
    object: 'invoice_payment',
    amount_paid: row.amountPaid,
    amount_requested: row.amountRequested,
    created: row.created,
    currency: row.currency,
    invoice: row.invoice,
    is_default: true,
    livemode: view.state.livemode,
    payment: { payment_intent: row.paymentIntent, type: 'payment_intent' },
    status: row.status,
    status_transitions: { canceled_at: row.canceledAt, paid_at: row.paidAt },
  };
}

export function renderInvoiceItem(view: View, row: InvoiceItemRow): Out {
  const { shape, state } = view;
  if (row.deleted) return { id: row.id, object: 'invoiceitem', deleted: true };
  const price = row.price === null ? undefined : state.prices.get(row.price);
  return {
    id: row.id,
    object: 'invoiceitem',
    amount: row.amount,
    currency: row.currency,
    customer: row.customer,
    ...when(shape.since('dahlia'), () => ({ customer_account: null })),
    date: row.created,
    description: row.description,
    discountable: !row.isProration,
    discounts: [],
    invoice: row.invoice,
    livemode: state.livemode,
    metadata: row.metadata,
    ...when(shape.since('basil'), () => ({
      parent: row.subscription && {
        subscription_details: { subscription: row.subscription, subscription_item: row.subscriptionItem },
        type: 'subscription_details',
      },
    })),
    period: { end: row.periodEnd, start: row.periodStart },
    ...when(!shape.since('basil'), () => ({
      plan: price?.recurring ? renderPlan(view, price) : null,
      price: price ? renderPrice(view, price) : null,
    })),
    ...when(shape.since('basil'), () => ({
      pricing: {
        price_details: price ? { price: price.id, product: price.product } : null,
        type: 'price_details',
        unit_amount_decimal: row.unitAmount === null ? null : String(row.unitAmount),
      },
    })),
    proration: row.isProration,
    quantity: row.quantity,
    ...when(!shape.since('basil'), () => ({ subscription: row.subscription, subscription_item: row.subscriptionItem })),
    tax_rates: [],
    test_clock: null,
    ...when(!shape.since('basil'), () => ({
      unit_amount: row.unitAmount,
      unit_amount_decimal: row.unitAmount === null ? null : String(row.unitAmount),
    })),
  };
}

export function renderCreditNote(view: View, row: CreditNoteRow): Out {
  return {
    id: row.id,
    object: 'credit_note',
    amount: row.amount,
    amount_shipping: 0,
    created: row.created,
    currency: row.currency,
    customer: row.customer,
    ...when(view.shape.since('dahlia'), () => ({ customer_account: null })),
    customer_balance_transaction: null,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: row.created,
    invoice: row.invoice,
    lines: list([], `/v1/credit_notes/${row.id}/lines`, false),
    livemode: view.state.livemode,
    memo: row.memo,
    metadata: row.metadata,
    number: row.number,
    out_of_band_amount: null,
    pdf: `https://pay.stripe.com/credit_notes/${view.account.id}/${row.id}/pdf?s=ap`,
    pretax_credit_amounts: [],
    reason: row.reason,
    ...when(!view.shape.since('basil'), () => ({ refund: row.refund })),
    ...when(view.shape.since('basil'), () => ({
      post_payment_amount: row.isPrePayment ? 0 : row.amount,
      pre_payment_amount: row.isPrePayment ? row.amount : 0,
      refunds: row.refund === null ? [] : [{ amount_refunded: row.amount, refund: row.refund, type: 'refund' }],
    })),
    shipping_cost: null,
    status: row.status,
    subtotal: row.amount,
    subtotal_excluding_tax: row.amount,
    total: row.amount,
    total_excluding_tax: row.amount,
    ...when(view.shape.since('basil'), () => ({ total_taxes: [] })),
    type: row.isPrePayment ? 'pre_payment' : 'post_payment',
    voided_at: null,
  };
}
