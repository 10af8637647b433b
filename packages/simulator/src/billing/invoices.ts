import { invalid } from '#errors.ts';
import type { InvoiceItemRow, InvoiceRow, LineRow } from '#store/invoice.ts';
import type { CustomerRow, Metadata } from '#store/customer.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import { activeDiscounts, amountFor, applyDiscounts, unitAmountIn } from './amount.ts';
import { spendOnceDiscounts } from './discounts.ts';
import { announce, change } from './record.ts';
import { customerOf, nowS, priceOf, type Scope } from './scope.ts';

/** Stripe leaves a renewal's invoice a draft for about an hour. Source: docs.stripe.com/billing/invoices/subscription. */
const DRAFT_S = 3_600;

export interface NewInvoice {
  readonly customer: string;
  readonly subscription: SubscriptionRow | null;
  readonly lines: LineRow[];
  readonly billingReason: string;
  readonly currency: string;
  readonly periodStart: number;
  readonly periodEnd: number;
  readonly autoAdvance: boolean;
  readonly collectionMethod?: 'charge_automatically' | 'send_invoice';
  readonly daysUntilDue?: number | null;
  readonly description?: string | null;
  readonly metadata?: Metadata;
  /** Take the customer's waiting invoice items in. */
  readonly withPendingItems: boolean;
}

/** A draft. It becomes `open` by `finalize`, by hand or when its hour is over. */
export function createInvoice(scope: Scope, input: NewInvoice): InvoiceRow {
  const customer = customerOf(scope, input.customer);
  const row = draft(scope, input, customer);
  if (row.autoAdvance && row.collectionMethod === 'charge_automatically') row.nextPaymentAttempt = row.finalizesAt;
  recount(scope, row);
  scope.state.invoices.add(row);
  for (const item of scope.state.invoiceItems.inGroup(customer.id)) {
    if (row.lines.some((line) => line.invoiceItem === item.id)) item.invoice = row.id;
  }
  change(
    scope,
    { kind: 'customer', row: customer, type: customer.currency === null ? 'customer.updated' : null },
    () => {
      customer.currency ??= input.currency;
    },
  );
  announce(scope, 'invoice.created', 'invoice', row);
  if (row.finalizesAt !== null) scope.world.setTimer(scope.state, 'finalize', row.id, row.finalizesAt);
  return row;
}

function draft(scope: Scope, input: NewInvoice, customer: CustomerRow): InvoiceRow {
  const { subscription } = input;
  const own = subscription?.discounts ?? [];
  const discountIds = own.length > 0 ? own : customer.discount === null ? [] : [customer.discount];
  const created = nowS(scope);
  return {
    id: `in_1${scope.world.chance.text(23)}`,
    created,
    customer: customer.id,
    subscription: subscription?.id ?? null,
    subscriptionMetadata: { ...subscription?.metadata },
    status: 'draft',
    currency: input.currency,
    billingReason: input.billingReason,
    collectionMethod: input.collectionMethod ?? subscription?.collectionMethod ?? 'charge_automatically',
    lines: [...(input.withPendingItems ? takePendingItems(scope, input) : []), ...input.lines],
    discounts: activeDiscounts(scope, discountIds).map(({ discount }) => discount.id),
    subtotal: 0,
    total: 0,
    amountDue: 0,
    amountPaid: 0,
    startingBalance: 0,
    endingBalance: null,
    isPaidOutOfBand: false,
    attemptCount: 0,
    attempted: false,
    autoAdvance: input.autoAdvance,
    nextPaymentAttempt: null,
    finalizesAt: input.autoAdvance ? created + DRAFT_S : null,
    dueDate: input.daysUntilDue ? created + input.daysUntilDue * 86_400 : null,
    number: null,
    periodStart: input.periodStart,
    periodEnd: input.periodEnd,
    finalizedAt: null,
    paidAt: null,
    voidedAt: null,
    uncollectibleAt: null,
    paymentIntent: null,
    charge: null,
    defaultPaymentMethod: null,
    description: input.description ?? null,
    metadata: { ...input.metadata },
    postPaymentCreditNotes: 0,
    prePaymentCreditNotes: 0,
  };
}

/** Totals from the lines; only a draft may change. */
export function recount(scope: Scope, row: InvoiceRow): void {
  for (const line of row.lines) line.discountAmounts = [];
  const discounts = activeDiscounts(scope, row.discounts);
  const off = applyDiscounts(row.lines, discounts, {
    currency: row.currency,
    productOf: (price) => (price === null ? null : (scope.state.prices.get(price)?.product ?? null)),
  });
  row.subtotal = row.lines.reduce((sum, line) => sum + line.amount, 0);
  row.total = row.subtotal - off;
  row.amountDue = Math.max(0, row.total);
}

/** Draft to open. Credit balance is used up here; what the customer is owed goes onto it. */
export function finalize(scope: Scope, row: InvoiceRow): void {
  if (row.status !== 'draft')
    throw invalid(`This invoice is already finalized, you can't re-finalize a non-draft invoice.`);
  const customer = customerOf(scope, row.customer);
  // The number is taken silently: Stripe says `customer.updated` for a changed balance, not for the next number.
  row.number = `${customer.invoicePrefix}-${String(customer.nextInvoiceSequence).padStart(4, '0')}`;
  customer.nextInvoiceSequence += 1;
  change(scope, { kind: 'customer', row: customer, type: 'customer.updated' }, () => {
    row.startingBalance = customer.balance;
    const due = row.total + customer.balance;
    row.amountDue = Math.max(0, due);
    customer.balance = Math.min(0, due);
    row.endingBalance = customer.balance;
  });
  row.status = 'open';
  row.finalizedAt = nowS(scope);
  row.finalizesAt = null;
  announce(scope, 'invoice.finalized', 'invoice', row);
  if (row.collectionMethod === 'send_invoice') announce(scope, 'invoice.sent', 'invoice', row);
  spendOnceDiscounts(scope, row);
}

export function voidInvoice(scope: Scope, row: InvoiceRow): void {
  if (row.status !== 'open' && row.status !== 'uncollectible') {
    throw invalid(`You can only pass in open invoices. This invoice isn't open.`);
  }
  close(scope, row, 'invoice.voided', () => {
    row.status = 'void';
    row.voidedAt = nowS(scope);
  });
  const intent = row.paymentIntent === null ? undefined : scope.state.paymentIntents.get(row.paymentIntent);
  if (!intent || intent.status === 'succeeded' || intent.status === 'canceled') return;
  intent.status = 'canceled';
  intent.canceledAt = nowS(scope);
  intent.cancellationReason = 'void_invoice';
  for (const payment of scope.state.invoicePayments.inGroup(row.id)) {
    payment.status = 'canceled';
    payment.canceledAt = nowS(scope);
  }
  announce(scope, 'payment_intent.canceled', 'payment_intent', intent);
}

export function markUncollectible(scope: Scope, row: InvoiceRow): void {
  if (row.status !== 'open') throw invalid(`You can only pass in open invoices. This invoice isn't open.`);
  close(scope, row, 'invoice.marked_uncollectible', () => {
    row.status = 'uncollectible';
    row.uncollectibleAt = nowS(scope);
  });
}

function close(scope: Scope, row: InvoiceRow, type: string, mutate: () => void): void {
  change(scope, { kind: 'invoice', row, type: 'invoice.updated' }, () => {
    mutate();
    row.autoAdvance = false;
    row.nextPaymentAttempt = null;
  });
  announce(scope, type, 'invoice', row);
}

/** The lines of a subscription for one period; a trial's lines cost nothing. */
export function periodLines(
  scope: Scope,
  row: SubscriptionRow,
  at: { readonly isTrial: boolean; readonly fraction?: number },
): LineRow[] {
  return row.items.map((item) => {
    const price = priceOf(scope, item.price);
    const product = scope.state.products.get(price.product);
    const full = at.isTrial ? 0 : amountFor(price, item.quantity, row.currency);
    const amount = at.fraction === undefined ? full : Math.round(full * at.fraction);
    const name = product?.name ?? price.product;
    return {
      id: `il_1${scope.world.chance.text(23)}`,
      amount,
      description: at.isTrial
        ? `Free trial for ${item.quantity} × ${name}`
        : `${item.quantity} × ${name} (at ${wordedPrice(scope, price.id, row.currency)})`,
      periodStart: row.periodStart,
      periodEnd: row.periodEnd,
      price: price.id,
      unitAmount: at.isTrial ? 0 : unitAmountIn(price, row.currency),
      quantity: item.quantity,
      isProration: false,
      isDiscountable: true,
      subscription: row.id,
      subscriptionItem: item.id,
      invoiceItem: null,
      discountAmounts: [],
      metadata: {},
    };
  });
}

function wordedPrice(scope: Scope, priceId: string, currency: string): string {
  const price = priceOf(scope, priceId);
  const amount = unitAmountIn(price, currency);
  const every = price.recurring
    ? ` / ${price.recurring.intervalCount === 1 ? '' : `${price.recurring.intervalCount} `}${price.recurring.interval}`
    : '';
  return amount === null ? `tiered pricing${every}` : `${wordedAmount(amount, currency)}${every}`;
}

const formats = new Map<string, { readonly format: Intl.NumberFormat; readonly digits: number }>();

/** `$99.00`; the number of decimals is the currency's own. */
export function wordedAmount(amountMinor: number, currency: string): string {
  let known = formats.get(currency);
  if (!known) {
    const format = new Intl.NumberFormat('en-US', { style: 'currency', currency: currency.toUpperCase() });
    known = { format, digits: format.resolvedOptions().maximumFractionDigits ?? 2 };
    formats.set(currency, known);
  }
  return known.format.format(amountMinor / 10 ** known.digits);
}

function takePendingItems(scope: Scope, input: NewInvoice): LineRow[] {
  const lines: LineRow[] = [];
  for (const item of scope.state.invoiceItems.inGroup(input.customer)) {
    const fits = item.subscription === null || item.subscription === input.subscription?.id;
    if (item.deleted || item.invoice !== null || !fits || item.currency !== input.currency) continue;
    lines.push(lineOf(scope, item));
  }
  return lines;
}

export function lineOf(scope: Scope, item: InvoiceItemRow): LineRow {
  return {
    id: `il_1${scope.world.chance.text(23)}`,
    amount: item.amount,
    description: item.description,
    periodStart: item.periodStart,
    periodEnd: item.periodEnd,
    price: item.price,
    unitAmount: item.unitAmount,
    quantity: item.quantity,
    isProration: item.isProration,
    isDiscountable: !item.isProration,
    subscription: item.subscription,
    subscriptionItem: item.subscriptionItem,
    invoiceItem: item.id,
    discountAmounts: [],
    metadata: item.metadata,
  };
}
