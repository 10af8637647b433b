import { StripeFault, invalid } from '#errors.ts';
import type { Recurring } from '#store/catalogue.ts';
import type { CustomerRow, Metadata } from '#store/customer.ts';
import type { InvoiceRow } from '#store/invoice.ts';
import type { ItemRow, SubscriptionRow } from '#store/subscription.ts';
import { unitAmountIn } from './amount.ts';
import { setScheduledCancel } from './cancel.ts';
import { attempt } from './collect.ts';
import { declineWords } from './decline.ts';
import { type DiscountInput, redeem } from './discounts.ts';
import { createInvoice, finalize, periodLines } from './invoices.ts';
import { foresee, methodFor, openPayment, settleInvoice } from './payments.ts';
import { nextBoundary } from './period.ts';
import { announce } from './record.ts';
import { customerOf, nowS, priceOf, type Scope } from './scope.ts';
import { scheduleTrial } from './trials.ts';

/** An unpaid first invoice may be paid for this long. Source: docs.stripe.com/billing/subscriptions/overview. */
const INCOMPLETE_S = 23 * 3_600;

export interface NewSubscription {
  readonly customer: string;
  readonly items: readonly { readonly price: string; readonly quantity: number; readonly metadata?: Metadata }[];
  readonly trialEnd?: number | null;
  readonly trialEndBehavior?: SubscriptionRow['trialEndBehavior'];
  readonly paymentBehavior?: string;
  readonly collectionMethod?: SubscriptionRow['collectionMethod'];
  readonly daysUntilDue?: number | null;
  readonly defaultPaymentMethod?: string | null;
  readonly currency?: string;
  readonly cancelAt?: number | null;
  readonly cancelAtPeriodEnd?: boolean;
  readonly billingCycleAnchor?: number;
  readonly discounts?: readonly DiscountInput[];
  readonly description?: string | null;
  readonly metadata?: Metadata;
  readonly billingMode?: 'classic' | 'flexible';
}

/** Creates, bills the first period and tries to collect it; the status says how that went. */
export function createSubscription(scope: Scope, input: NewSubscription): SubscriptionRow {
  const customer = customerOf(scope, input.customer);
  const recurring = commonInterval(scope, input.items);
  const row = newRow(scope, { input, customer, recurring });
  refuseWithoutMethod(scope, { input, row, customer });
  scope.state.subscriptions.add(row);
  for (const discount of input.discounts ?? []) {
    row.discounts.push(redeem(scope, { ...discount, customer: customer.id, subscription: row.id }).id);
  }
  if (input.cancelAtPeriodEnd) setScheduledCancel(scope, row, { atPeriodEnd: true });
  else if (input.cancelAt) setScheduledCancel(scope, row, { atS: input.cancelAt });
  billFirstPeriod(scope, { input, row, customer, recurring });
  scope.world.setTimer(scope.state, 'period_end', row.id, row.periodEnd);
  if (row.status === 'trialing') scheduleTrial(scope, row);
  return row;
}

function newRow(
  scope: Scope,
  at: { readonly input: NewSubscription; readonly customer: CustomerRow; readonly recurring: Recurring },
): SubscriptionRow {
  const { input, recurring } = at;
  const { chance } = scope.world;
  const created = nowS(scope);
  const first = priceOf(scope, input.items[0]?.price ?? '', 'items[0][price]');
  const trialEnd = input.trialEnd && input.trialEnd > created ? input.trialEnd : null;
  const anchor = trialEnd ?? input.billingCycleAnchor ?? created;
  const items: ItemRow[] = input.items.map((item) => ({
    id: `si_${chance.text(14)}`,
    created,
    price: item.price,
    quantity: item.quantity,
    metadata: { ...item.metadata },
  }));
  return {
    id: `sub_1${chance.text(23)}`,
    created,
    customer: at.customer.id,
    status: trialEnd === null ? 'incomplete' : 'trialing',
    currency: input.currency ?? at.customer.currency ?? first.currency,
    items,
    billingCycleAnchor: anchor,
    periodStart: created,
    periodEnd: trialEnd ?? nextBoundary(anchor, recurring, created),
    startDate: created,
    trialStart: trialEnd === null ? null : created,
    trialEnd,
    trialEndBehavior: input.trialEndBehavior ?? 'create_invoice',
    cancelAt: null,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    endedAt: null,
    cancellation: { comment: null, feedback: null, reason: null },
    collectionMethod: input.collectionMethod ?? 'charge_automatically',
    daysUntilDue: input.daysUntilDue ?? null,
    defaultPaymentMethod: input.defaultPaymentMethod ?? null,
    description: input.description ?? null,
    discounts: [],
    latestInvoice: null,
    metadata: { ...input.metadata },
    pauseCollection: null,
    paused: null,
    schedule: null,
    billingMode: input.billingMode ?? 'flexible',
  };
}

/** All items of one subscription renew together here; Stripe's flexible mode also allows mixed intervals. */
export function commonInterval(scope: Scope, items: readonly { readonly price: string }[]): Recurring {
  let common: Recurring | undefined;
  items.forEach((item, index) => {
    const price = priceOf(scope, item.price, `items[${index}][price]`);
    if (!price.recurring) {
      throw invalid(
        `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
        `items[${index}][price]`,
      );
    }
    common ??= price.recurring;
    if (common.interval !== price.recurring.interval || common.intervalCount !== price.recurring.intervalCount) {
      throw invalid(
        'Currency and interval fields must match across all plans on this subscription.',
        `items[${index}][price]`,
      );
    }
  });
  if (!common) throw invalid('Missing required param: items.', 'items', 'parameter_missing');
  return common;
}

function refuseWithoutMethod(
  scope: Scope,
  at: { readonly input: NewSubscription; readonly row: SubscriptionRow; readonly customer: CustomerRow },
): void {
  const { input, row, customer } = at;
  const behavior = input.paymentBehavior ?? 'allow_incomplete';
  for (const item of row.items) unitAmountIn(priceOf(scope, item.price), row.currency);
  if (row.trialEnd !== null || row.collectionMethod === 'send_invoice' || behavior === 'default_incomplete') return;
  const isFree = row.items.every((item) => unitAmountIn(priceOf(scope, item.price), row.currency) === 0);
  if (isFree) return;
  const method = methodFor(scope, customer, row);
  if (method === null) {
    throw invalid(
      'This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.',
      undefined,
      'resource_missing',
    );
  }
  if (behavior === 'error_if_incomplete' && foresee(method) === 'declined') {
    const words = declineWords(method.decline?.declineCode ?? 'generic_decline');
    throw new StripeFault({
      status: 402,
      type: 'card_error',
      code: words.code,
      declineCode: words.declineCode,
      message: words.message,
    });
  }
}

/** With `default_incomplete` Stripe says `created` while incomplete and `updated` once it is paid; else it says the outcome. */
function billFirstPeriod(
  scope: Scope,
  at: {
    readonly input: NewSubscription;
    readonly row: SubscriptionRow;
    readonly customer: CustomerRow;
    readonly recurring: Recurring;
  },
): void {
  const { input, row } = at;
  const isPartial = row.trialEnd === null && row.billingCycleAnchor > row.periodStart;
  const full = isPartial ? fullPeriodS(row, at.recurring) : 0;
  const lines = periodLines(scope, row, {
    isTrial: row.trialEnd !== null,
    ...(isPartial ? { fraction: (row.periodEnd - row.periodStart) / full } : {}),
  });
  const invoice = createInvoice(scope, {
    customer: row.customer,
    subscription: row,
    lines,
    billingReason: 'subscription_create',
    currency: row.currency,
    periodStart: row.created,
    periodEnd: row.created,
    autoAdvance: false,
    daysUntilDue: row.daysUntilDue,
    withPendingItems: true,
  });
  row.latestInvoice = invoice.id;
  finalize(scope, invoice);
  if (invoice.amountDue === 0) {
    if (row.trialEnd === null) row.status = 'active';
    settleInvoice(scope, invoice);
    announce(scope, 'customer.subscription.created', 'subscription', row);
    return;
  }
  openPayment(scope, invoice);
  if (row.collectionMethod === 'send_invoice') row.status = row.trialEnd === null ? 'active' : 'trialing';
  const waits = row.collectionMethod === 'send_invoice' || input.paymentBehavior === 'default_incomplete';
  if (waits) announce(scope, 'customer.subscription.created', 'subscription', row);
  else collectFirst(scope, { row, invoice, customer: at.customer });
  if (row.status === 'incomplete') {
    scope.world.setTimer(scope.state, 'incomplete_expire', row.id, row.created + INCOMPLETE_S);
  }
}

function collectFirst(
  scope: Scope,
  at: { readonly row: SubscriptionRow; readonly invoice: InvoiceRow; readonly customer: CustomerRow },
): void {
  const outcome = foresee(methodFor(scope, at.customer, at.row));
  if (outcome === 'paid') at.row.status = 'active';
  announce(scope, 'customer.subscription.created', 'subscription', at.row);
  attempt(scope, at.invoice, { isAutomatic: true });
}

function fullPeriodS(row: SubscriptionRow, recurring: Recurring): number {
  return nextBoundary(row.billingCycleAnchor, recurring, row.billingCycleAnchor) - row.billingCycleAnchor;
}
