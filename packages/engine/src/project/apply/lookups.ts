/** What some events need to know of other objects. */
import { groupBy } from '#base/group-by.ts';
import { many, type Tx } from '#db/db.ts';
import type { NewBusEvent } from '#bus/index.ts';
import type { BillingContext } from '../billing/context.ts';
import { billingEvent, iso } from '../events/event-context.ts';
import type { LoadedFacts, OwnedObject } from '../contact-billing/load-facts.ts';
import type { ResolvedCustomer } from '../identity/resolve-customers.ts';
import type { AccountScope, StoredObject } from '../objects/store.ts';
import type { ToldEvent } from './told-events.ts';

export async function findCustomersOfCharges(
  tx: Tx,
  input: { scope: AccountScope; chargeIds: readonly string[] },
): Promise<Map<string, string>> {
  if (input.chargeIds.length === 0) return new Map();
  const rows = await many<{ id: string; customer_id: string }>(tx, {
    text: `select id, customer_id from stripe_object
           where stripe_account = $1 and livemode = $2 and type = 'charge' and id = any($3) and customer_id is not null`,
    values: [input.scope.stripeAccount, input.scope.livemode, [...input.chargeIds]],
  });
  return new Map(rows.map((row) => [row.id, row.customer_id]));
}

/** The objects that were loaded for the customers' contacts, by customer: most of what is asked here is among them. */
export type LoadedByCustomer = ReadonlyMap<string, readonly OwnedObject[]>;

export function byCustomer(facts: LoadedFacts, scope: AccountScope): LoadedByCustomer {
  const own = [...facts.contacts.values()].flatMap(({ objects }) =>
    objects.filter((object) => object.customerId !== null && object.stripeAccount === scope.stripeAccount),
  );
  return groupBy(own, (object) => object.customerId ?? '');
}

/**
 * Somebody who had stopped paying pays again: a subscription became active after another one of the same customer, which
 * had been active too, ended. Read from what is stored, so it does not matter which of the two was told first.
 */
export function reactivations(input: {
  scope: AccountScope;
  told: readonly ToldEvent[];
  customers: ReadonlyMap<string, ResolvedCustomer>;
  loaded: LoadedByCustomer;
  billing: BillingContext;
}): NewBusEvent[] {
  const { scope, told, loaded } = input;
  const lastEvent = told.at(-1)?.event;
  if (!lastEvent) return [];
  const touched = new Set<string>();
  for (const { telling } of told)
    if (telling?.fact.object === 'subscription' && telling.customerId !== null) touched.add(telling.customerId);
  return [...touched].flatMap((customerId) => {
    const subscriptions = (loaded.get(customerId) ?? []).filter((object) => object.type === 'subscription');
    if (subscriptions.length < 2) return [];
    const context = {
      scope,
      contactId: input.customers.get(customerId)?.contactId ?? null,
      customerId,
      billing: input.billing,
      stripeEvent: { id: lastEvent.eventId, type: lastEvent.type, createdS: lastEvent.createdS },
    };
    return subscriptions.flatMap((stored) => {
      const { fact } = stored;
      const startedAtS = fact.object === 'subscription' ? (fact.startDateS ?? fact.createdS) : null;
      if (startedAtS === null || stored.marks.seen?.['active'] === undefined) return [];
      if (!hadOneBefore(subscriptions, { stored, startedAtS })) return [];
      const data = { subscription_id: stored.id, started_at: iso(startedAtS) };
      return [billingEvent(context, { name: 'subscription_reactivated', fact: stored.id, atS: startedAtS, data })];
    });
  });
}

/** Another subscription of the same customer had been active, and was over when this one started. */
function hadOneBefore(
  subscriptions: readonly StoredObject[],
  input: { stored: StoredObject; startedAtS: number },
): boolean {
  const { stored, startedAtS } = input;
  return subscriptions.some(
    (other) =>
      other.id !== stored.id &&
      other.customerId === stored.customerId &&
      other.marks.seen?.['active'] !== undefined &&
      (endOf(other) ?? Number.POSITIVE_INFINITY) <= startedAtS,
  );
}

function endOf({ fact }: StoredObject): number | null {
  if (fact.object !== 'subscription' || fact.status !== 'canceled') return null;
  return fact.endedAtS ?? fact.canceledAtS;
}
