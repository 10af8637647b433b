import type { BulkInput } from '#simulator.ts';
import type { CustomerRow, PaymentMethodRow } from '#store/customer.ts';
import type { InvoiceRow, LineRow } from '#store/invoice.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import type { BulkBlock, Row } from '#store/table.ts';
import type { World } from '#store/world.ts';
import { findPrice, scopeFor } from './find.ts';

/** Ids count in base 36 with a fixed length, so that an index can be read back out of them. */
const DIGITS = 10;
const MONTH_S = 30 * 86_400;

interface Plan {
  readonly customers: number;
  readonly perCustomer: number;
  readonly perSubscription: number;
  readonly nowS: number;
  readonly price: string;
  readonly amount: number;
}

/**
 * Fills an account with customers, their subscriptions, cards and paid invoices as a rule instead of rows: a million
 * objects cost no memory until somebody reads them, and every reading gives the same object. Nothing of it falls due
 * by itself and nothing makes an event; a scenario action on one of them makes that one real.
 */
export function bulkLoad(world: World, input: BulkInput): void {
  const { state } = scopeFor(world, input);
  const price = findPrice({ world, state, request: null }, 'pro_monthly');
  const plan: Plan = {
    customers: input.customers,
    perCustomer: input.subscriptionsPerCustomer ?? 1,
    perSubscription: input.invoicesPerSubscription ?? 1,
    nowS: world.clock.nowS(),
    price: price.id,
    amount: price.unitAmount ?? 0,
  };
  state.customers.setBulk(block('cus_bulk', plan.customers, (index) => customer(plan, index), byEmail));
  state.paymentMethods.setBulk(
    block('pm_1bulk', plan.customers, (index) => card(plan, index), perParent('cus_bulk', 1)),
  );
  state.subscriptions.setBulk(
    block(
      'sub_1bulk',
      plan.customers * plan.perCustomer,
      (index) => subscription(plan, index),
      perParent('cus_bulk', plan.perCustomer),
    ),
  );
  state.invoices.setBulk(
    block(
      'in_1bulk',
      plan.customers * plan.perCustomer * plan.perSubscription,
      (index) => invoice(plan, index),
      perParent('cus_bulk', plan.perCustomer * plan.perSubscription),
    ),
  );
}

function block<T extends Row>(
  prefix: string,
  count: number,
  make: (index: number) => T,
  inGroup: (key: string) => readonly number[] = () => [],
): BulkBlock<T> {
  return {
    count,
    make,
    indexOf(id) {
      const index = indexIn(prefix, id);
      return index !== undefined && index < count ? index : undefined;
    },
    inGroup: (key) => inGroup(key).filter((index) => index < count),
  };
}

function idOf(prefix: string, index: number): string {
  return `${prefix}${index.toString(36).padStart(DIGITS, '0')}`;
}

function indexIn(prefix: string, id: string): number | undefined {
  if (!id.startsWith(prefix) || id.length !== prefix.length + DIGITS) return undefined;
  const index = Number.parseInt(id.slice(prefix.length), 36);
  return Number.isNaN(index) ? undefined : index;
}

function perParent(prefix: string, each: number): (key: string) => readonly number[] {
  return (key) => {
    const parent = indexIn(prefix, key);
    return parent === undefined ? [] : Array.from({ length: each }, (_, offset) => parent * each + offset);
  };
}

function byEmail(key: string): readonly number[] {
  const match = /^person(\d+)@bulk\.example$/.exec(key);
  return match?.[1] === undefined ? [] : [Number(match[1])];
}

/** Creation times rise with the index and end a minute before now. */
function createdS(plan: Plan, index: number): number {
  const span = 18 * MONTH_S;
  return plan.nowS - 60 - Math.floor((span * (plan.customers - 1 - index)) / Math.max(1, plan.customers));
}

function customer(plan: Plan, index: number): CustomerRow {
  return {
    id: idOf('cus_bulk', index),
    created: createdS(plan, index),
    email: `person${index}@bulk.example`,
    name: `Person ${index}`,
    phone: null,
    description: null,
    metadata: { user_id: `bulk_${index}` },
    address: null,
    preferredLocales: [],
    currency: 'usd',
    balance: 0,
    delinquent: false,
    defaultSource: null,
    defaultPaymentMethod: idOf('pm_1bulk', index),
    discount: null,
    invoicePrefix: index.toString(36).toUpperCase().padStart(8, '0'),
    nextInvoiceSequence: plan.perSubscription * plan.perCustomer + 1,
  };
}

function card(plan: Plan, index: number): PaymentMethodRow {
  return {
    id: idOf('pm_1bulk', index),
    created: createdS(plan, index),
    customer: idOf('cus_bulk', index),
    isSource: false,
    brand: 'visa',
    last4: '4242',
    expMonth: 12,
    expYear: 2034,
    country: 'US',
    funding: 'credit',
    fingerprint: 'bulkbulkbulkbulk',
    name: `Person ${index}`,
    email: `person${index}@bulk.example`,
    metadata: {},
    decline: null,
    declinesOnAttach: null,
    needsAuthentication: false,
  };
}

function subscription(plan: Plan, index: number): SubscriptionRow {
  const owner = Math.floor(index / plan.perCustomer);
  const created = createdS(plan, owner);
  const id = idOf('sub_1bulk', index);
  const periods = Math.floor((plan.nowS - created) / MONTH_S);
  return {
    id,
    created,
    customer: idOf('cus_bulk', owner),
    status: 'active',
    currency: 'usd',
    items: [{ id: `si_${id}`, created, price: plan.price, quantity: 1, metadata: {} }],
    billingCycleAnchor: created,
    periodStart: created + periods * MONTH_S,
    periodEnd: created + (periods + 1) * MONTH_S,
    startDate: created,
    trialStart: null,
    trialEnd: null,
    trialEndBehavior: 'create_invoice',
    cancelAt: null,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    endedAt: null,
    cancellation: { comment: null, feedback: null, reason: null },
    collectionMethod: 'charge_automatically',
    daysUntilDue: null,
    defaultPaymentMethod: null,
    description: null,
    discounts: [],
    latestInvoice: idOf('in_1bulk', (index + 1) * plan.perSubscription - 1),
    metadata: {},
    pauseCollection: null,
    paused: null,
    schedule: null,
    billingMode: 'flexible',
  };
}

function invoice(plan: Plan, index: number): InvoiceRow {
  const owned = Math.floor(index / plan.perSubscription);
  const of = subscription(plan, owned);
  const created = of.created + (index % plan.perSubscription) * MONTH_S;
  const id = idOf('in_1bulk', index);
  return {
    id,
    created,
    customer: of.customer,
    subscription: of.id,
    subscriptionMetadata: {},
    status: 'paid',
    currency: 'usd',
    billingReason: index % plan.perSubscription === 0 ? 'subscription_create' : 'subscription_cycle',
    collectionMethod: 'charge_automatically',
    lines: [lineOf(plan, of, { id, created })],
    discounts: [],
    subtotal: plan.amount,
    total: plan.amount,
    amountDue: plan.amount,
    amountPaid: plan.amount,
    startingBalance: 0,
    endingBalance: 0,
    isPaidOutOfBand: false,
    attemptCount: 1,
    attempted: true,
    autoAdvance: false,
    nextPaymentAttempt: null,
    finalizesAt: null,
    dueDate: null,
    number: `${(index + 1).toString().padStart(8, '0')}-0001`,
    periodStart: created,
    periodEnd: created,
    finalizedAt: created,
    paidAt: created,
    voidedAt: null,
    uncollectibleAt: null,
    paymentIntent: null,
    charge: null,
    defaultPaymentMethod: null,
    description: null,
    metadata: {},
    postPaymentCreditNotes: 0,
    prePaymentCreditNotes: 0,
  };
}

function lineOf(plan: Plan, of: SubscriptionRow, at: { readonly id: string; readonly created: number }): LineRow {
  return {
    id: `il_${at.id}`,
    amount: plan.amount,
    description: '1 × Pro',
    periodStart: at.created,
    periodEnd: at.created + MONTH_S,
    price: plan.price,
    unitAmount: plan.amount,
    quantity: 1,
    isProration: false,
    isDiscountable: true,
    subscription: of.id,
    subscriptionItem: of.items[0]?.id ?? null,
    invoiceItem: null,
    discountAmounts: [],
    metadata: {},
  };
}
