import { attachPaymentMethod, createCustomer, deleteCustomer, setDefaultMethod } from '#billing/customers.ts';
import { methodFor } from '#billing/payments.ts';
import { change } from '#billing/record.ts';
import { nowS, type Scope } from '#billing/scope.ts';
import type { CustomerInput, FailInput, Simulator, Who } from '#simulator.ts';
import type { CheckoutSessionRow } from '#store/checkout.ts';
import type { CustomerRow, PaymentMethodRow } from '#store/customer.ts';
import type { World } from '#store/world.ts';
import { findCustomer, scopeFor } from './find.ts';

export function addCustomer(world: World, input: CustomerInput): { scope: Scope; row: CustomerRow } {
  const scope = scopeFor(world, input);
  const row = createCustomer(scope, {
    email: input.email,
    name: input.name ?? null,
    metadata: { ...input.metadata },
    preferredLocales: input.locale === undefined ? [] : [input.locale],
  });
  if (input.card !== null) {
    const method = attachPaymentMethod(scope, { method: input.card ?? 'pm_card_visa', customer: row.id });
    setDefaultMethod(scope, row, method.id);
  }
  return { scope, row };
}

export function editCustomer(
  world: World,
  input: Parameters<Simulator['updateCustomer']>[0],
): { scope: Scope; row: CustomerRow } {
  const scope = scopeFor(world, input);
  const row = findCustomer(scope, input);
  change(scope, { kind: 'customer', row, type: 'customer.updated' }, () => {
    if (input.name !== undefined) row.name = input.name;
    if (input.newEmail !== undefined) row.email = input.newEmail;
    if (input.metadata !== undefined) row.metadata = { ...row.metadata, ...input.metadata };
  });
  scope.state.customers.regroup(row);
  return { scope, row };
}

export function removeCustomer(world: World, input: Who): void {
  const scope = scopeFor(world, input);
  deleteCustomer(scope, findCustomer(scope, input).id);
}

export function addCheckout(
  world: World,
  input: Parameters<Simulator['addCheckout']>[0],
): { scope: Scope; row: CheckoutSessionRow } {
  const scope = scopeFor(world, input);
  const customer = findCustomer(scope, input);
  const [subscription] = scope.state.subscriptions.inGroup(customer.id);
  const row = scope.state.checkoutSessions.add({
    id: `cs_${scope.state.livemode ? 'live' : 'test'}_${world.chance.text(58)}`,
    created: nowS(scope),
    customer: customer.id,
    clientReferenceId: input.clientReferenceId,
    subscription: subscription?.id ?? null,
  });
  world.onChange();
  return { scope, row };
}

/** The card declines from now on; a customer without a card fails anyway. */
export function breakCard(world: World, input: FailInput): void {
  const scope = scopeFor(world, input);
  for (const card of cardsOf(scope, findCustomer(scope, input))) {
    card.decline = { declineCode: input.declineCode ?? 'insufficient_funds', remaining: input.times ?? null };
  }
  world.onChange();
}

export function repairCard(world: World, input: Who): void {
  const scope = scopeFor(world, input);
  const customer = findCustomer(scope, input);
  const cards = cardsOf(scope, customer);
  if (cards.length === 0) {
    const method = attachPaymentMethod(scope, { method: 'pm_card_visa', customer: customer.id });
    setDefaultMethod(scope, customer, method.id);
  }
  for (const card of cards) {
    card.decline = null;
    card.needsAuthentication = false;
  }
  world.onChange();
}

/** Every card that one of the customer's payments could use. */
function cardsOf(scope: Scope, customer: CustomerRow): PaymentMethodRow[] {
  const cards = new Set<PaymentMethodRow>();
  for (const subscription of [null, ...scope.state.subscriptions.inGroup(customer.id)]) {
    const method = methodFor(scope, customer, subscription);
    if (method) cards.add(scope.state.paymentMethods.keep(method));
  }
  return [...cards];
}
