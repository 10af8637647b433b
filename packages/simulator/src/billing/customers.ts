import { StripeFault, missing } from '#errors.ts';
import type { CustomerRow, Metadata, PaymentMethodRow } from '#store/customer.ts';
import { cancelNow } from './cancel.ts';
import { declineWords } from './decline.ts';
import { announce, change } from './record.ts';
import { customerOf, nowS, type Scope } from './scope.ts';
import { isTestCardToken, newCard } from './test-cards.ts';

export interface NewCustomer {
  readonly id?: string;
  readonly email?: string | null;
  readonly name?: string | null;
  readonly phone?: string | null;
  readonly description?: string | null;
  readonly metadata?: Metadata;
  readonly address?: CustomerRow['address'];
  readonly preferredLocales?: readonly string[];
  readonly balance?: number;
}

export function createCustomer(scope: Scope, input: NewCustomer): CustomerRow {
  const { chance } = scope.world;
  const row = scope.state.customers.add({
    id: input.id ?? `cus_${chance.text(14)}`,
    created: nowS(scope),
    email: input.email ?? null,
    name: input.name ?? null,
    phone: input.phone ?? null,
    description: input.description ?? null,
    metadata: { ...input.metadata },
    address: input.address ?? null,
    preferredLocales: [...(input.preferredLocales ?? [])],
    currency: null,
    balance: input.balance ?? 0,
    delinquent: false,
    defaultSource: null,
    defaultPaymentMethod: null,
    discount: null,
    invoicePrefix: chance.text(8).toUpperCase(),
    nextInvoiceSequence: 1,
  });
  announce(scope, 'customer.created', 'customer', row);
  return row;
}

/** Its subscriptions end first, each with its own event. Deleting twice is deleting once. */
export function deleteCustomer(scope: Scope, id: string): void {
  const row = customerOf(scope, id, 'id');
  if (row.deleted) throw missing('customer', id);
  for (const subscription of scope.state.subscriptions.inGroup(id)) {
    if (subscription.endedAt === null) cancelNow(scope, scope.state.subscriptions.keep(subscription), {});
  }
  announce(scope, 'customer.deleted', 'customer', row);
  row.deleted = true;
}

/** Attaches a payment method; a test token makes a new one. Throws 402 for cards that refuse to be attached. */
export function attachPaymentMethod(
  scope: Scope,
  input: { readonly method: string; readonly customer: string },
): PaymentMethodRow {
  const customer = customerOf(scope, input.customer);
  const row = isTestCardToken(input.method) ? newCard(scope, { token: input.method }) : methodOf(scope, input.method);
  if (row.declinesOnAttach !== null) {
    const words = declineWords(row.declinesOnAttach);
    throw new StripeFault({
      status: 402,
      type: 'card_error',
      code: words.code,
      declineCode: words.declineCode,
      message: words.message,
      param: '',
    });
  }
  change(scope, { kind: 'payment_method', row, type: null }, () => {
    row.customer = customer.id;
    row.name ??= customer.name;
    row.email ??= customer.email;
  });
  scope.state.paymentMethods.regroup(row);
  announce(scope, 'payment_method.attached', 'payment_method', row);
  return row;
}

export function detachPaymentMethod(scope: Scope, id: string): PaymentMethodRow {
  const row = methodOf(scope, id);
  const customer = row.customer === null ? undefined : scope.state.customers.get(row.customer);
  change(scope, { kind: 'payment_method', row, type: 'payment_method.detached' }, () => {
    row.customer = null;
  });
  if (customer?.defaultPaymentMethod === id) setDefaultMethod(scope, customer, null);
  return row;
}

export function setDefaultMethod(scope: Scope, customer: CustomerRow, id: string | null): void {
  change(scope, { kind: 'customer', row: customer, type: 'customer.updated' }, () => {
    customer.defaultPaymentMethod = id;
  });
}

export function methodOf(scope: Scope, id: string): PaymentMethodRow {
  const row = scope.state.paymentMethods.get(id);
  if (!row || row.deleted) {
    throw new StripeFault({
      status: 404,
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such PaymentMethod: '${id}'; It's possible this PaymentMethod exists on one of your connected accounts, in which case you should retry this request on that connected account. Learn more at https://stripe.com/docs/connect/authentication`,
      param: 'payment_method',
    });
  }
  return scope.state.paymentMethods.keep(row);
}
