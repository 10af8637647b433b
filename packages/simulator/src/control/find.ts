import type { Scope } from '#billing/scope.ts';
import type { Target, Who } from '#simulator.ts';
import { COMPANY_ACCOUNT } from '#store/genesis.ts';
import type { PriceRow } from '#store/catalogue.ts';
import type { CustomerRow } from '#store/customer.ts';
import type { InvoiceRow } from '#store/invoice.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import type { World } from '#store/world.ts';

/** Scenario actions are nobody's API call: their events have `request.id` null. */
export function scopeFor(world: World, target: Target = {}): Scope {
  return { world, state: world.state(target.account ?? COMPANY_ACCOUNT, target.livemode ?? false), request: null };
}

export function findCustomer(scope: Scope, who: Who): CustomerRow {
  const { customers } = scope.state;
  if (who.customer !== undefined) {
    const row = customers.get(who.customer);
    if (!row) throw new Error(`the simulator has no customer ${who.customer}`);
    return customers.keep(row);
  }
  const row = customers.inGroup(who.email?.toLowerCase() ?? '').findLast((candidate) => !candidate.deleted);
  if (row) return customers.keep(row);
  throw new Error(`the simulator has no customer with the e-mail ${who.email ?? '(none given)'}`);
}

/** The named one, else the customer's newest that still runs, else their newest. */
export function findSubscription(scope: Scope, who: Who): SubscriptionRow {
  const { subscriptions } = scope.state;
  if (who.subscription !== undefined) {
    const row = subscriptions.get(who.subscription);
    if (!row) throw new Error(`the simulator has no subscription ${who.subscription}`);
    return subscriptions.keep(row);
  }
  const customer = findCustomer(scope, who);
  const rows = subscriptions.inGroup(customer.id).toReversed();
  const row = rows.find((candidate) => candidate.endedAt === null) ?? rows[0];
  if (!row) throw new Error(`${customer.email ?? customer.id} has no subscription`);
  return subscriptions.keep(row);
}

export function findOpenInvoice(scope: Scope, who: Who): InvoiceRow {
  const customer = findCustomer(scope, who);
  const row = scope.state.invoices.inGroup(customer.id).findLast((invoice) => invoice.status === 'open');
  if (!row) throw new Error(`${customer.email ?? customer.id} has no open invoice`);
  return row;
}

/** By id or lookup key. */
export function findPrice(scope: Scope, name: string): PriceRow {
  const byId = scope.state.prices.get(name);
  if (byId) return byId;
  for (const row of scope.state.prices.newestFirst()) if (row.lookupKey === name) return row;
  const known = [...scope.state.prices.newestFirst()].map((row) => row.lookupKey ?? row.id).join(', ');
  throw new Error(`the simulator has no price ${name}; it has: ${known}`);
}
