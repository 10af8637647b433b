/**
 * Stripe's events into the graph and onto the bus. In: a batch of the ledger, in its order; late, repeated and mixed over
 * accounts and customers. Out, in the caller's transaction: the objects' newest state, the customers' contacts, the
 * contacts' billing, and the GrowthOS events. May be repeated: state is computed whole and events carry a key for the fact
 * they tell of. Any order of the same events ends in the same contacts and the same events.
 */
import type { Clock } from '#base/clock.ts';
import { fromEpochS, toEpochS } from '#base/clock.ts';
import type { NewBusEvent, Publisher } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { billingContext } from '../billing/context.ts';
import { refreshBilling, type RefreshReason } from '../contact-billing/refresh-billing.ts';
import { noteRates } from '../contact-billing/account-rates.ts';
import { loadRules, type WorkspaceRules } from '../contact-billing/workspace-rules.ts';
import { loadCatalogue, type LoadedFacts } from '../contact-billing/load-facts.ts';
import { linkCustomers } from '../companies/link-customers.ts';
import { refreshCompanies } from '../companies/refresh-companies.ts';
import {
  type Resolution,
  type ResolvedCustomer,
  resolveCustomers,
  sightingsOf,
} from '../identity/resolve-customers.ts';
import type { EventContext } from '../events/event-context.ts';
import { billingEvent } from '../events/event-context.ts';
import { eventsOf } from '../events/events-of.ts';
import { loadContacts } from '../contacts/patch-contacts.ts';
import { forgetStripe } from '../identity/erase-contact.ts';
import { identityPatches } from '../identity/identity-patches.ts';
import { readTelling } from '../objects/read-telling.ts';
import { type AccountScope, lockAccount, type ObjectChange, objectKey, storeTellings } from '../objects/store.ts';
import type { Telling } from '../objects/telling.ts';
import { isRecord } from '../stripe/raw-object.ts';
import { readSubscriptionChange } from '../stripe/changes.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { StripeFact } from '../stripe/read.ts';
import { byCustomer, findCustomersOfCharges, findFailedCharges, reactivations } from './lookups.ts';
import { noteChargesWithoutInvoice } from './one-off-charges.ts';
import { refetches } from './refetches.ts';
import { takeStale } from './stale-contacts.ts';

/** An event as the ledger hands it over: `payload` is Stripe's event, parsed. */
export interface StripeLedgerEvent {
  readonly workspaceId: string;
  readonly origin: string;
  readonly livemode: boolean;
  readonly eventId: string;
  readonly type: string;
  readonly createdS: number;
  readonly payload: unknown;
}

export interface ApplyDeps {
  readonly clock: Clock;
  readonly publisher: Publisher;
}

/** One event with what was read from it. */
export interface ToldEvent {
  readonly event: StripeLedgerEvent;
  readonly telling: Telling | null;
  readonly embedded: readonly Telling[];
  readonly previous: unknown;
}

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

function readEvent(event: StripeLedgerEvent): ToldEvent {
  const data = isRecord(event.payload) && isRecord(event.payload['data']) ? event.payload['data'] : {};
  const source = { asOfS: event.createdS, toldBy: event.eventId, eventType: event.type };
  const previous = data['previous_attributes'];
  const object = data['object'];
  return {
    event,
    telling: readTelling(object, { ...source, previous }),
    embedded: embeddedDiscounts(object)
      .map((discount) => readTelling(discount, { ...source, previous: null }))
      .filter((telling) => telling !== null),
    previous,
  };
}

/** Discounts that came expanded: later events name them only by their ids. */
export function embeddedDiscounts(object: unknown): unknown[] {
  if (!isRecord(object)) return [];
  const own = [object['discount'], ...(Array.isArray(object['discounts']) ? object['discounts'] : [])];
  const list = isRecord(object['items']) && Array.isArray(object['items']['data']) ? object['items']['data'] : [];
  const ofItems = list.flatMap((item) => (isRecord(item) && Array.isArray(item['discounts']) ? item['discounts'] : []));
  return [...own, ...ofItems].filter((discount) => isRecord(discount));
}

async function applyToAccount(
  deps: ApplyDeps,
  input: { tx: Tx; scope: AccountScope; told: readonly ToldEvent[] },
): Promise<void> {
  const { tx, scope, told } = input;
  await lockAccount(tx, scope);
  const tellings = told.flatMap(({ telling, embedded }) => [...embedded, ...(telling === null ? [] : [telling])]);
  const changes = await storeTellings(deps, { tx, scope, tellings });
  await noteRates(tx, { scope, charges: chargesOf(changes) });
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

/** People whom a backfill found a moment ago become known here and now, not when their account has been read. */
async function tellTheUntold(
  tx: Tx,
  input: { scope: AccountScope; reasons: Map<string, RefreshReason> },
): Promise<void> {
  const untold = await takeStale(tx, { scope: input.scope, contactIds: [...input.reasons.keys()] });
  for (const [contactId, reason] of input.reasons) {
    if (untold.has(contactId)) input.reasons.set(contactId, { ...reason, isNew: true });
  }
}

/** What concerns nobody who was erased; the rest is forgotten at once. */
async function withoutErased(
  tx: Tx,
  input: {
    scope: AccountScope;
    told: readonly ToldEvent[];
    customerOf: ReadonlyMap<string, string>;
    resolution: Resolution;
  },
): Promise<readonly ToldEvent[]> {
  const { scope, told, customerOf, resolution } = input;
  const gone = [...new Set(customerOf.values())].filter((customerId) => !resolution.customers.has(customerId));
  if (gone.length === 0) return told;
  const customers = gone.map((customerId) => `${scope.stripeAccount}/${customerId}`);
  await forgetStripe(tx, { workspaceId: scope.workspaceId, customers });
  return told.filter(({ event }) => !gone.includes(customerOf.get(event.eventId) ?? ''));
}

export function chargesOf(changes: ReadonlyMap<string, ObjectChange>): ChargeFact[] {
  return [...changes.values()].flatMap(({ isChanged, after }) =>
    isChanged && after.fact.object === 'charge' ? [after.fact] : [],
  );
}

/** Contacts and companies behind customers, computed anew from what is stored now: for events and for reads alike. */
export async function refreshPeople(
  deps: ApplyDeps,
  input: {
    tx: Tx;
    scope: AccountScope;
    rules: WorkspaceRules;
    resolution: Resolution;
    changes: ReadonlyMap<string, ObjectChange>;
    reasons: ReadonlyMap<string, RefreshReason>;
  },
): Promise<LoadedFacts> {
  const { tx, scope, rules, resolution, changes } = input;
  const { workspaceId } = scope;
  const [anyReason] = [...input.reasons.values()];
  const fallback: RefreshReason = anyReason
    ? { ...anyReason, isNew: false }
    : { at: deps.clock.now(), cause: null, eventSource: `stripe:${scope.stripeAccount}`, isNew: false };
  const contacts = new Map(input.reasons);
  // A late telling may leave its object as it is and yet say who somebody is.
  const changed = [...resolution.changedContactIds];
  for (const contactId of changed) {
    const isNew = resolution.createdContactIds.has(contactId);
    if (!contacts.has(contactId)) contacts.set(contactId, { ...fallback, isNew });
  }
  const also = await identityPatches(tx, {
    workspaceId,
    records: await loadContacts(tx, changed),
    occasions: new Map(changed.map((contactId) => [contactId, contacts.get(contactId) ?? fallback])),
    lost: resolution.lost,
  });
  const facts = await refreshBilling(deps, { tx, workspaceId, rules, contacts, also });
  const cause = fallback.cause ?? { kind: 'time', id: null };
  const companyIds = await linkCustomers(deps, {
    tx,
    scope,
    settings: rules.identity,
    hasCompanies: rules.hasCompanies,
    cause,
    customers: [...resolution.customers].flatMap(([customerId, { contactId }]) => {
      const fact = changes.get(objectKey('customer', customerId))?.after.fact;
      return contacts.has(contactId)
        ? [{ customerId, contactId, customer: fact?.object === 'customer' ? fact : null }]
        : [];
    }),
  });
  await refreshCompanies(deps, { tx, workspaceId, rules, companyIds, at: fallback.at, cause });
  return facts;
}

/** The customer behind each event, by event id: of the object itself, or of the charge that it hangs on. */
async function customersOf(
  tx: Tx,
  input: { scope: AccountScope; told: readonly ToldEvent[]; changes: ReadonlyMap<string, ObjectChange> },
): Promise<Map<string, string>> {
  const customers = new Map<string, string>();
  const viaCharge: { eventId: string; chargeId: string }[] = [];
  for (const { event, telling } of input.told) {
    if (telling === null) continue;
    const customerId =
      telling.customerId ?? input.changes.get(objectKey(telling.type, telling.id))?.after.customerId ?? null;
    if (customerId !== null) customers.set(event.eventId, customerId);
    else if (telling.parentId !== null && (telling.type === 'dispute' || telling.type === 'refund')) {
      viaCharge.push({ eventId: event.eventId, chargeId: telling.parentId });
    }
  }
  const owners = await findCustomersOfCharges(tx, {
    scope: input.scope,
    chargeIds: viaCharge.map((via) => via.chargeId),
  });
  for (const { eventId, chargeId } of viaCharge) {
    const customerId = owners.get(chargeId);
    if (customerId !== undefined) customers.set(eventId, customerId);
  }
  return customers;
}

/** Each contact with the latest event that concerns it: that is what its change is put down to. */
function reasonsOf(input: {
  scope: AccountScope;
  told: readonly ToldEvent[];
  changes: ReadonlyMap<string, ObjectChange>;
  customerOf: ReadonlyMap<string, string>;
  resolution: { customers: ReadonlyMap<string, ResolvedCustomer>; createdContactIds: ReadonlySet<string> };
}): Map<string, RefreshReason> {
  const reasons = new Map<string, RefreshReason>();
  for (const { event, telling } of input.told) {
    const customerId = input.customerOf.get(event.eventId);
    const resolved = customerId === undefined ? undefined : input.resolution.customers.get(customerId);
    if (!resolved || telling === null) continue;
    const isNew = input.resolution.createdContactIds.has(resolved.contactId);
    if (!isNew && !resolved.isNewLink && input.changes.get(objectKey(telling.type, telling.id))?.isChanged !== true)
      continue;
    const known = reasons.get(resolved.contactId);
    if (known && toEpochS(known.at) > event.createdS) continue;
    reasons.set(resolved.contactId, {
      at: fromEpochS(event.createdS),
      cause: { kind: 'stripe_event', id: event.eventId, type: event.type },
      eventSource: `stripe:${input.scope.stripeAccount}`,
      isNew,
    });
  }
  return reasons;
}

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

async function newEvents(deps: ApplyDeps, input: Applied): Promise<NewBusEvent[]> {
  const { tx, scope, told, customerOf, customers, rules } = input;
  const catalogue = await loadCatalogue(tx, {
    workspaceId: scope.workspaceId,
    objects: told.flatMap(({ telling }) => (telling === null ? [] : factsTold(telling))),
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
function factsTold({ type, fact, object, previous }: Telling): StripeFact[] {
  if (type !== 'subscription' || previous === null) return [fact];
  const change = readSubscriptionChange({ data: { object, previous_attributes: previous } });
  return change === null ? [fact] : [fact, change.before];
}

function eventsOfOne(
  deps: ApplyDeps,
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
