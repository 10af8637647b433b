/**
 * Stripe's events into the graph and onto the bus. In: a batch of the ledger, in its order; late, repeated and mixed over
 * accounts and customers. Out, in the caller's transaction: the objects' newest state, the customers' contacts, the
 * contacts' billing, and the GrowthOS events. May be repeated: state is computed whole and events carry a key for the fact
 * they tell of. Any order of the same events ends in the same contacts and the same events.
 */
import type { NewBusEvent } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { noteRates } from '../contact-billing/account-rates.ts';
import { loadRules } from '../contact-billing/workspace-rules.ts';
import { resolveCustomers, sightingsOf } from '../identity/resolve-customers.ts';
import { type AccountScope, lockAccount, storeTellings } from '../objects/store.ts';
import { customersOf, reasonsOf, tellTheUntold, withoutErased } from './event-customers.ts';
import { newEvents } from './new-events.ts';
import { refetches } from './refetches.ts';
import { type ApplyDeps, refreshPeople } from './refresh-people.ts';
import { readEvent, type StripeLedgerEvent, type ToldEvent } from './told-events.ts';

export async function applyStripeEvents(
  deps: ApplyDeps,
  input: { tx: Tx; events: readonly StripeLedgerEvent[] },
): Promise<void> {
  const byAccount = new Map<string, { scope: AccountScope; told: ToldEvent[] }>();
  for (const event of input.events) {
    const scope = { workspaceId: event.workspaceId, stripeAccount: event.origin, livemode: event.livemode };
    const key = `${scope.workspaceId}/${scope.stripeAccount}/${scope.livemode}`;
    const group = byAccount.get(key) ?? { scope, told: [] };
    byAccount.set(key, group);
    group.told.push(readEvent(event));
  }
  // In the order of their keys, so that two transactions never wait for each other's account.
  for (const key of [...byAccount.keys()].sort()) {
    const group = byAccount.get(key);
    if (group) await applyToAccount(deps, { tx: input.tx, ...group });
  }
}

async function applyToAccount(
  deps: ApplyDeps,
  input: { tx: Tx; scope: AccountScope; told: readonly ToldEvent[] },
): Promise<void> {
  const { tx, scope, told } = input;
  await lockAccount(tx, scope);
  const tellings = told.flatMap(({ telling, embedded }) => [...embedded, ...(telling === null ? [] : [telling])]);
  const changes = await storeTellings(deps, { tx, scope, tellings });
  await noteRates(tx, { scope, changes });
  const rules = await loadRules(tx, scope.workspaceId);
  const customerOf = await customersOf(tx, { scope, told, changes });
  const resolution = await resolveCustomers(deps, {
    tx,
    scope,
    settings: rules.identity,
    sightings: sightingsOf({ customerIds: [...new Set(customerOf.values())], tellings }),
  });
  const reasons = reasonsOf({ scope, told, changes, customerOf, resolution });
  if (rules.hasStale) await tellTheUntold(tx, { scope, reasons });
  const kept = await withoutErased(tx, { scope, told, customerOf, resolution });
  const { customers } = resolution;
  // What happened comes before what it changed: a run that waits for a payment hears of the payment first.
  const changed: NewBusEvent[] = [];
  const holding = {
    ...deps,
    publisher: { publish: (_tx: Tx, news: readonly NewBusEvent[]) => void changed.push(...news) },
  };
  const facts = await refreshPeople(holding, { tx, scope, rules, resolution, changes, reasons });
  const happened = await newEvents(deps, { tx, scope, told: kept, changes, customerOf, customers, rules, facts });
  deps.publisher.publish(tx, [...happened, ...refetches({ scope, changes, at: deps.clock.now() }), ...changed]);
}
