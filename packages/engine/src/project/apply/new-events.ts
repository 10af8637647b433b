import type { Clock } from '#base/clock.ts';
import type { NewBusEvent } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { billingContext } from '../billing/context.ts';
import { loadCatalogue, type LoadedFacts } from '../contact-billing/load-facts.ts';
import type { WorkspaceRules } from '../contact-billing/workspace-rules.ts';
import { billingEvent, type EventContext } from '../events/event-context.ts';
import { eventsOf } from '../events/events-of.ts';
import type { ResolvedCustomer } from '../identity/resolve-customers.ts';
import { type AccountScope, type ObjectChange, objectKey } from '../objects/store.ts';
import type { Telling } from '../objects/telling.ts';
import type { StripeFact } from '../stripe/read.ts';
import { byCustomer, findFailedCharges, reactivations } from './lookups.ts';
import { noteChargesWithoutInvoice } from './one-off-charges.ts';
import type { ToldEvent } from './told-events.ts';

interface Applied {
  readonly tx: Tx;
  readonly scope: AccountScope;
  readonly told: readonly ToldEvent[];
  readonly changes: ReadonlyMap<string, ObjectChange>;
  readonly customerOf: ReadonlyMap<string, string>;
  readonly customers: ReadonlyMap<string, ResolvedCustomer>;
  readonly rules: WorkspaceRules;
  readonly facts: LoadedFacts;
}

/** What these events mean, in our words; each once per fact, by its key. */
export async function newEvents(deps: { clock: Clock }, input: Applied): Promise<NewBusEvent[]> {
  const { tx, scope, told, customerOf, customers, rules } = input;
  const catalogue = await loadCatalogue(tx, {
    workspaceId: scope.workspaceId,
    objects: told.flatMap(({ telling }) =>
      telling === null ? [] : factsTold(telling).map((fact) => ({ ...scope, fact })),
    ),
    known: input.facts.catalogue,
  });
  const billing = billingContext({
    customers: [],
    subscriptions: [],
    prices: catalogue.prices,
    products: catalogue.products,
    coupons: catalogue.coupons,
    discounts: catalogue.discounts,
    settings: rules.billing,
    asOf: deps.clock.now(),
  });
  const loaded = byCustomer(input.facts, scope);
  const failedCharges = await findFailedCharges(tx, { scope, told, loaded });
  const events = told.flatMap((one) => {
    const customerId = customerOf.get(one.event.eventId) ?? null;
    const context: EventContext = {
      scope,
      contactId: customerId === null ? null : (customers.get(customerId)?.contactId ?? null),
      customerId,
      billing: { ...billing, asOfS: one.event.createdS },
      stripeEvent: { id: one.event.eventId, type: one.event.type, createdS: one.event.createdS },
    };
    return eventsOfOne(deps, { context, one, applied: input, failedCharges });
  });
  await noteChargesWithoutInvoice(deps, { tx, scope, told });
  return [...events, ...reactivations({ scope, told, customers, loaded, billing })];
}

/** The object, and what it was before: the price that a customer leaves is named by nothing else. */
function factsTold({ fact, change }: Telling): StripeFact[] {
  return change === null ? [fact] : [fact, change.before];
}

function eventsOfOne(
  deps: { clock: Clock },
  input: {
    context: EventContext;
    one: ToldEvent;
    applied: Applied;
    failedCharges: Awaited<ReturnType<typeof findFailedCharges>>;
  },
): NewBusEvent[] {
  const { context, one, applied, failedCharges } = input;
  const { customerId } = context;
  const resolved = customerId === null ? undefined : applied.customers.get(customerId);
  const events: NewBusEvent[] = [];
  if (resolved?.isNewLink && customerId !== null) {
    events.push({ ...linked(context, { customerId, resolved }), time: deps.clock.now() });
  }
  if (one.telling === null) return events;
  const { telling } = one;
  const stored = applied.changes.get(objectKey(telling.type, telling.id))?.after;
  if (!stored) return events;
  const failedCharge = failedCharges.get(telling.id) ?? null;
  return [...events, ...eventsOf(context, { telling, previous: one.previous, stored, failedCharge })];
}

function linked(context: EventContext, input: { customerId: string; resolved: ResolvedCustomer }): NewBusEvent {
  return billingEvent(context, {
    name: 'customer_linked',
    fact: input.customerId,
    data: { linked_by: input.resolved.linkedBy },
  });
}
