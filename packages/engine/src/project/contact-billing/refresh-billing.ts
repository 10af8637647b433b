/**
 * Brings the billing side of contacts up to what is stored of Stripe. In: contacts, and for each what set it off. Out:
 * their billing properties, a `contact_updated` event for each that changed, and `card_expiring` where a card is about to.
 * Always computed from the whole of the stored facts, never from a difference, so it may be repeated, and every way in
 * (webhook, backfill, reconcile) gives the same figures.
 */
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { NewBusEvent } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';
import { acquisitionPatches } from '../acquisition/acquisition-patches.ts';
import { summarizeBilling } from '../billing/summary.ts';
import type { ContactRecord } from '../contacts/contact-record.ts';
import { type ContactPatch, loadContacts, type PatchDeps, patchContacts } from '../contacts/patch-contacts.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import { billingInput } from './billing-input.ts';
import { contactValues } from './contact-values.ts';
import { billingDueAt, cardExpiring, isCardExpiring } from './due.ts';
import { type KnownObjects, type LoadedFacts, loadFacts, type OwnedObject } from './load-facts.ts';
import type { Catalogue } from './stripe-catalogue.ts';
import type { WorkspaceRules } from './workspace-rules.ts';

export interface RefreshReason {
  readonly at: Date;
  readonly cause: EventCause | null;
  readonly eventSource: string;
  readonly isNew: boolean;
}

/** @returns the facts that it computed from, for who else needs them. */
export async function refreshBilling(
  deps: PatchDeps,
  input: {
    tx: Tx;
    workspaceId: string;
    rules: WorkspaceRules;
    contacts: ReadonlyMap<string, RefreshReason>;
    /** By contact: other news of the same occasion, told in the same event. */
    also?: ReadonlyMap<string, readonly ContactPatch[]>;
    /** What was stored just now, in this transaction. */
    known?: KnownObjects;
  },
): Promise<LoadedFacts> {
  const { tx, workspaceId, rules } = input;
  const contactIds = [...input.contacts.keys()].sort();
  if (contactIds.length === 0) return loadFacts(tx, { workspaceId, contactIds });
  const records = await loadContacts(tx, contactIds);
  const facts = await loadFacts(tx, { workspaceId, contactIds, known: input.known });
  const asOf = deps.clock.now();
  const patches: ContactPatch[] = [];
  const events: NewBusEvent[] = [];
  for (const contactId of contactIds) {
    const reason = input.contacts.get(contactId);
    const record = records.get(contactId);
    if (!reason || !record) continue;
    const objects = facts.contacts.get(contactId)?.objects ?? [];
    const news = billingNews({ workspaceId, rules, reason, record, objects, catalogue: facts.catalogue, asOf });
    patches.push(...(input.also?.get(contactId) ?? []), ...news.patches);
    events.push(...news.events);
  }
  patches.push(...(await acquisitionPatches(tx, { workspaceId, records, facts, patches })));
  await patchContacts(deps, { tx, workspaceId, loaded: records, patches });
  deps.publisher.publish(tx, events);
  return facts;
}

/** What the stored facts make of one contact. Pure. */
function billingNews(input: {
  workspaceId: string;
  rules: WorkspaceRules;
  reason: RefreshReason;
  record: ContactRecord;
  objects: readonly OwnedObject[];
  catalogue: Catalogue;
  asOf: Date;
}): { patches: ContactPatch[]; events: NewBusEvent[] } {
  const { rules, reason, record, objects, catalogue, asOf } = input;
  const facts = billingInput({ objects, catalogue, rules, asOf });
  const summary = summarizeBilling(facts);
  const billing = contactValues({ summary, objects, asOf });
  const cardExpiresAt = billing.payment_method_expires_at ?? null;
  const { at, cause: why, eventSource } = reason;
  const contactId = record.id;
  billing.billing_due_at = billingDueAt({ objects, catalogue, asOf, cardExpiresAt });
  const patches: ContactPatch[] = [
    {
      contactId,
      at,
      cause: why,
      eventSource,
      set: personValues(facts.customers),
      source: 'stripe',
      isNew: reason.isNew,
    },
    { contactId, at, cause: why, eventSource, set: billing, source: null, isNew: false },
  ];
  if (!isCardExpiring(cardExpiresAt, asOf)) return { patches, events: [] };
  // Every time while it is about to expire: the bus keeps the first telling of each card and expiry.
  const cause = why ?? { kind: 'time', id: null };
  const event = cardExpiring({ ...input, contactId, summary, at: asOf, cause });
  return { patches, events: event === null ? [] : [event] };
}

/**
 * What Stripe knows of the person: of the newest customer that says it; null where none does. The tenant's app knows
 * better, where it speaks.
 */
function personValues(customers: readonly CustomerFact[]): ContactPatch['set'] {
  const newestFirst = [...customers].sort(
    (left, right) => (right.createdS ?? 0) - (left.createdS ?? 0) || (left.id < right.id ? -1 : 1),
  );
  const said = (read: (customer: CustomerFact) => string | null): string | null =>
    newestFirst.map(read).find((value) => value !== null) ?? null;
  return {
    email: said((customer) => customer.email),
    name: said((customer) => customer.individualName ?? customer.name),
    country: said((customer) => customer.country),
    locale: said((customer) => customer.locale),
  };
}

/** Contacts of Stripe customers, for those who know only the customer. By `acct/cus`. */
export async function contactsOfCustomers(
  tx: Tx,
  input: { workspaceId: string; customers: readonly string[] },
): Promise<Map<string, string>> {
  if (input.customers.length === 0) return new Map();
  const rows = await many<{ value: string; contact_id: string }>(tx, {
    name: 'contacts_of_customers',
    text: `select value, contact_id from contact_identity where workspace_id = $1 and kind = 'stripe_customer' and value = any($2)`,
    values: [input.workspaceId, [...input.customers]],
  });
  return new Map(rows.map((row) => [row.value, row.contact_id]));
}
