import { missing } from '#errors.ts';
import type { AccountState } from '#store/account-state.ts';
import type { PriceRow } from '#store/catalogue.ts';
import type { CustomerRow } from '#store/customer.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import type { World } from '#store/world.ts';

/** In which account something happens and which API call caused it; null when time or a person did. */
export interface Scope {
  readonly world: World;
  readonly state: AccountState;
  readonly request: { readonly id: string; readonly idempotencyKey: string | null } | null;
}

export function nowS(scope: Scope): number {
  return scope.world.clock.nowS();
}

export function customerOf(scope: Scope, id: string, param = 'customer'): CustomerRow {
  const row = scope.state.customers.get(id);
  if (!row || (row.deleted && param !== 'id')) throw missing('customer', id, param);
  return scope.state.customers.keep(row);
}

export function subscriptionOf(scope: Scope, id: string, param = 'id'): SubscriptionRow {
  const row = scope.state.subscriptions.get(id);
  if (!row) throw missing('subscription', id, param);
  return scope.state.subscriptions.keep(row);
}

/** By id; `lookup_key` is a courtesy of the scenario actions, not of the API. */
export function priceOf(scope: Scope, id: string, param = 'price'): PriceRow {
  const row = scope.state.prices.get(id);
  if (!row || row.deleted) throw missing('price', id, param);
  return row;
}
