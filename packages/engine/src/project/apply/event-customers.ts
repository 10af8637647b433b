/** Whom events concern: the customer of each, what of it may be told, and what each contact's change is put down to. */
import { fromEpochS, toEpochS } from '#base/clock.ts';
import type { Tx } from '#db/db.ts';
import type { RefreshReason } from '../contact-billing/refresh-billing.ts';
import { forgetStripe } from '../identity/erase-contact.ts';
import type { Resolution, ResolvedCustomer } from '../identity/resolve-customers.ts';
import { type AccountScope, type ObjectChange, objectKey } from '../objects/store.ts';
import { findCustomersOfCharges } from './lookups.ts';
import { takeStale } from './stale-contacts.ts';
import type { ToldEvent } from './told-events.ts';

/** The customer behind each event, by event id: of the object itself, or of the charge that it hangs on. */
export async function customersOf(
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
export function reasonsOf(input: {
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

/** People whom a backfill found a moment ago become known here and now, not when their account has been read. */
export async function tellTheUntold(
  tx: Tx,
  input: { scope: AccountScope; reasons: Map<string, RefreshReason> },
): Promise<void> {
  const untold = await takeStale(tx, { scope: input.scope, contactIds: [...input.reasons.keys()] });
  for (const [contactId, reason] of input.reasons) {
    if (untold.has(contactId)) input.reasons.set(contactId, { ...reason, isNew: true });
  }
}

/** What concerns nobody who was erased; the rest is forgotten at once. */
export async function withoutErased(
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
