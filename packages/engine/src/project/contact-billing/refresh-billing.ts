/**
 * Brings the billing side of contacts up to what is stored of Stripe. In: contacts, and for each what set it off. Out:
 * their billing properties, and a `contact_updated` event for each that changed. Always computed from the whole of the
 * stored facts, never from a difference, so it may be repeated, and every way in (webhook, backfill, reconcile) gives the
 * same figures.
 */
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import { many, one, type Tx } from '#db/db.ts';
import type { BillingSettings } from '../billing/settings.ts';
import { BillingSettingsSchema } from '../billing/settings.ts';
import { summarizeBilling } from '../billing/summary.ts';
import { type IdentitySettings, IdentitySettingsSchema } from '../contacts/contact-settings.ts';
import { loadContacts, type PatchDeps, patchContacts } from '../contacts/patch-contacts.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import { contactValues } from './contact-values.ts';
import { factsOf, loadFacts } from './load-facts.ts';

export interface RefreshReason {
  readonly at: Date;
  readonly cause: EventCause | null;
  readonly eventSource: string;
  readonly isNew: boolean;
}

export interface WorkspaceRules {
  readonly billing: BillingSettings;
  readonly identity: IdentitySettings;
  readonly timezone: string;
}

/** The workspace's rules; what was never set has its default. */
export async function loadRules(tx: Tx, workspaceId: string): Promise<WorkspaceRules> {
  const row = await one<{ settings: Record<string, unknown>; timezone: string }>(tx, {
    name: 'workspace_rules',
    text: 'select settings, timezone from workspace where id = $1',
    values: [workspaceId],
  });
  return {
    billing: BillingSettingsSchema.parse(row?.settings['billing'] ?? {}),
    identity: IdentitySettingsSchema.parse(row?.settings['identity'] ?? {}),
    timezone: row?.timezone ?? 'UTC',
  };
}

export async function refreshBilling(
  deps: PatchDeps,
  input: { tx: Tx; workspaceId: string; rules: WorkspaceRules; contacts: ReadonlyMap<string, RefreshReason> },
): Promise<void> {
  const { tx, workspaceId, rules } = input;
  const contactIds = [...input.contacts.keys()].sort();
  if (contactIds.length === 0) return;
  const records = await loadContacts(tx, contactIds);
  const facts = await loadFacts(tx, { workspaceId, contactIds });
  const asOf = deps.clock.now();
  const patches = contactIds.flatMap((contactId) => {
    const reason = input.contacts.get(contactId);
    const objects = facts.contacts.get(contactId)?.objects ?? [];
    const record = records.get(contactId);
    if (!reason || !record) return [];
    const customers = factsOf(objects, 'customer');
    const summary = summarizeBilling({
      customers,
      subscriptions: factsOf(objects, 'subscription'),
      charges: factsOf(objects, 'charge'),
      invoices: factsOf(objects, 'invoice'),
      invoicePayments: factsOf(objects, 'invoice_payment'),
      refunds: factsOf(objects, 'refund'),
      disputes: factsOf(objects, 'dispute'),
      creditNotes: factsOf(objects, 'credit_note'),
      paymentMethods: factsOf(objects, 'payment_method'),
      ...facts.catalogue,
      settings: rules.billing,
      asOf,
    });
    const base = { contactId, at: reason.at, cause: reason.cause, eventSource: reason.eventSource };
    const billing = contactValues({ summary, objects, asOf });
    return [
      { ...base, set: personValues(customers, rules.identity), source: 'stripe' as const, isNew: reason.isNew },
      { ...base, set: billing, source: null, isNew: false },
    ];
  });
  await patchContacts(deps, { tx, workspaceId, loaded: records, patches });
}

/** What Stripe knows of the person: of the newest customer that says it. The tenant's app knows better, where it speaks. */
function personValues(customers: readonly CustomerFact[], identity: IdentitySettings) {
  const newestFirst = [...customers].sort(
    (left, right) => (right.createdS ?? 0) - (left.createdS ?? 0) || (left.id < right.id ? -1 : 1),
  );
  const said = <T>(read: (customer: CustomerFact) => T | null): T | undefined =>
    newestFirst.map(read).find((value) => value !== null) ?? undefined;
  const userId = said(
    (customer) =>
      identity.metadataUserIdKeys.map((key) => customer.metadata[key] ?? null).find((id) => id !== null && id !== '') ??
      null,
  );
  return definedOnly({
    email: said((customer) => customer.email),
    name: said((customer) => customer.individualName ?? customer.name),
    country: said((customer) => customer.country),
    locale: said((customer) => customer.locale),
    user_id: userId,
  });
}

function definedOnly<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** Contacts of Stripe customers, for those who know only the customer. By `acct/cus`. */
export async function contactsOfCustomers(
  tx: Tx,
  input: { workspaceId: string; customers: readonly string[] },
): Promise<Map<string, string>> {
  const rows = await many<{ value: string; contact_id: string }>(tx, {
    text: `select value, contact_id from contact_identity where workspace_id = $1 and kind = 'stripe_customer' and value = any($2)`,
    values: [input.workspaceId, [...input.customers]],
  });
  return new Map(rows.map((row) => [row.value, row.contact_id]));
}
