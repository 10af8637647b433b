import { attempt } from '#billing/collect.ts';
import { confirmPaymentIntent, createPaymentIntent } from '#billing/one-off.ts';
import { openDispute, refundCharge } from '#billing/refunds.ts';
import type { Scope } from '#billing/scope.ts';
import type { Simulator, Who } from '#simulator.ts';
import type { InvoiceRow } from '#store/invoice.ts';
import type { ChargeRow, DisputeRow, RefundRow } from '#store/payment.ts';
import type { World } from '#store/world.ts';
import { repairCard } from './customers.ts';
import { findCustomer, findOpenInvoice, scopeFor } from './find.ts';

export function payOpenInvoice(world: World, input: Who): { scope: Scope; row: InvoiceRow } {
  const scope = scopeFor(world, input);
  const row = findOpenInvoice(scope, input);
  repairCard(world, input);
  attempt(scope, row, { isAutomatic: false });
  return { scope, row };
}

export function refund(world: World, input: Parameters<Simulator['refund']>[0]): { scope: Scope; row: RefundRow } {
  const scope = scopeFor(world, input);
  const charge = wantedCharge(scope, input);
  const row = refundCharge(scope, {
    charge,
    ...(input.amountMinor === undefined ? {} : { amountMinor: input.amountMinor }),
  });
  return { scope, row };
}

export function dispute(world: World, input: Parameters<Simulator['dispute']>[0]): { scope: Scope; row: DisputeRow } {
  const scope = scopeFor(world, input);
  return {
    scope,
    row: openDispute(scope, { charge: wantedCharge(scope, input), reason: input.reason ?? 'fraudulent' }),
  };
}

export function chargeOnce(
  world: World,
  input: Parameters<Simulator['chargeOnce']>[0],
): { scope: Scope; row: ChargeRow } {
  const scope = scopeFor(world, input);
  const customer = findCustomer(scope, input);
  const intent = createPaymentIntent(scope, {
    amount: input.amountMinor,
    currency: input.currency ?? customer.currency ?? 'usd',
    customer: customer.id,
    paymentMethod: customer.defaultPaymentMethod ?? customer.defaultSource,
  });
  confirmPaymentIntent(scope, intent, null);
  const row = intent.latestCharge === null ? undefined : scope.state.charges.get(intent.latestCharge);
  if (!row) throw new Error(`${customer.email ?? customer.id} could not be charged`);
  return { scope, row };
}

/** The named charge, else the customer's newest that succeeded and is not refunded in full. */
function wantedCharge(scope: Scope, input: Who & { readonly charge?: string }): ChargeRow {
  const { charges } = scope.state;
  if (input.charge !== undefined) {
    const row = charges.get(input.charge);
    if (!row) throw new Error(`the simulator has no charge ${input.charge}`);
    return charges.keep(row);
  }
  const customer = findCustomer(scope, input);
  const row = charges
    .inGroup(customer.id)
    .findLast((charge) => charge.status === 'succeeded' && charge.amountRefunded < charge.amount);
  if (!row) throw new Error(`${customer.email ?? customer.id} has no charge that could be refunded`);
  return charges.keep(row);
}
