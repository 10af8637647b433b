/**
 * Forgets a person (GDPR, article 17). What remains is an empty contact, so that counts and links do not break, and digests
 * of its identities: a later sync, replay or product event of the same person is dropped instead of bringing them back.
 * Amounts that Stripe keeps are not kept here. Irreversible. May be called again: an erased contact stays erased.
 */
import { NotFoundError } from '#base/errors.ts';
import { many, type Tx } from '#db/db.ts';
import { CONTACT_RECORD_COLUMNS } from '../contacts/contact-record.ts';
import { forgetActivity } from '../engagement/merge-activity.ts';
import { noteErased } from './erased.ts';
import { type IdentityKey, identityKey } from './identity.ts';
import { identitiesOfContacts } from './identity-store.ts';
import { lockIdentities, type ResolveDeps } from './resolve.ts';

export interface Erased {
  /** The contact and those that were merged into it. */
  readonly contactIds: readonly string[];
  /** E-mail addresses that it was reached under. */
  readonly addresses: readonly string[];
}

/**
 * @param input.also what other stages forget (messages, runs), in the same transaction.
 * @throws NotFoundError where the workspace has no such contact.
 */
export async function eraseContact(
  deps: ResolveDeps,
  input: {
    tx: Tx;
    workspaceId: string;
    contactId: string;
    also?: (tx: Tx, erased: Erased) => Promise<void>;
  },
): Promise<Erased> {
  const { tx, workspaceId } = input;
  await lockIdentities(tx, workspaceId);
  const rows = await many<{ id: string; email: string | null }>(tx, {
    text: `with recursive gone as (
             select id, email from contact where id::text = $1 and workspace_id = $2
             union select c.id, c.email from contact c join gone on c.merged_into = gone.id
           ) select id, email from gone`,
    values: [input.contactId, workspaceId],
  });
  if (rows.length === 0) throw new NotFoundError('This workspace has no such contact.');
  const contactIds = rows.map((row) => row.id);
  const identities = await identitiesOfContacts(tx, { contactIds });
  const keys = identities.map(identityKey);
  const emails = identities.filter((one) => one.kind === 'email').map((one) => one.value);
  const erased = { contactIds, addresses: [...new Set([...emails, ...rows.flatMap((row) => row.email ?? [])])] };
  await noteErased(tx, { workspaceId, keys, at: deps.clock.now() });
  await input.also?.(tx, erased);
  await forgetTold(tx, { workspaceId, contactIds });
  await forgetStripe(tx, {
    workspaceId,
    customers: identities.filter((one) => one.kind === 'stripe_customer').map((one) => one.value),
  });
  await forgetIdentities(tx, { workspaceId, contactIds, keys });
  await forgetActivity(tx, { contactIds });
  await emptyContacts(tx, { contactIds, at: deps.clock.now() });
  return erased;
}

/** The events of the contact, and the product events in the ledger that led to them. */
async function forgetTold(tx: Tx, input: { workspaceId: string; contactIds: readonly string[] }): Promise<void> {
  const told = await many<{ id: string }>(tx, {
    text: `delete from bus_event where contact_id = any($1::uuid[]) or origin_contact_id = any($1::uuid[])
           returning case when source = 'app' then cause->>'id' end as id`,
    values: [[...input.contactIds]],
  });
  await blankLedger(tx, { ...input, eventIds: told.map((row) => row.id).filter((id) => id !== null) });
}

/** Keeps that an event came, so that it does not come again, and forgets what it said. */
export async function blankLedger(tx: Tx, input: { workspaceId: string; eventIds: readonly string[] }): Promise<void> {
  if (input.eventIds.length === 0) return;
  await tx.query({
    text: `update inbox_event set payload = '{}', subject = '' where origin = $1 and event_id = any($2)`,
    values: [input.workspaceId, [...input.eventIds]],
  });
}

/**
 * Forgets everything of Stripe customers but that they were erased: a tombstone, which no later telling overwrites, stays
 * of the customer. Also called when more comes of a customer that was erased before.
 */
export async function forgetStripe(
  tx: Tx,
  input: { workspaceId: string; customers: readonly string[] },
): Promise<void> {
  if (input.customers.length === 0) return;
  const values = [input.workspaceId, [...input.customers]];
  await tx.query({
    text: `delete from stripe_object where workspace_id = $1 and type <> 'customer'
             and (parent_id in (select id from stripe_object o where o.workspace_id = $1
                 and o.stripe_account || '/' || o.customer_id = any($2) and o.type in ('charge', 'invoice'))
               or stripe_account || '/' || customer_id = any($2))`,
    values,
  });
  await tx.query({
    text: `update stripe_object set is_deleted = true, fact = (fact::jsonb || '{"email": null, "name": null, "phone": null,
             "description": null, "businessName": null, "individualName": null, "country": null, "locale": null,
             "metadata": {}, "defaultPaymentMethod": null, "discounts": []}'::jsonb)::json
           where workspace_id = $1 and type = 'customer' and stripe_account || '/' || id = any($2)`,
    values,
  });
  await tx.query({
    text: `delete from inbox_pending where seq in (select seq from inbox_event where workspace_id = $1
             and source = 'stripe' and origin || '/' || subject = any($2))`,
    values,
  });
  await tx.query({
    text: `update inbox_event set payload = '{}' where workspace_id = $1 and source = 'stripe'
             and origin || '/' || subject = any($2) and payload <> '{}'`,
    values,
  });
  await tx.query({
    text: `delete from failure_waiting where workspace_id = $1 and stripe_account || '/' || customer_id = any($2)`,
    values,
  });
  await tx.query({
    text: 'delete from company_customer where workspace_id = $1 and stripe_customer = any($2)',
    values,
  });
}

async function forgetIdentities(
  tx: Tx,
  input: { workspaceId: string; contactIds: readonly string[]; keys: readonly IdentityKey[] },
): Promise<void> {
  const { workspaceId, contactIds, keys } = input;
  await tx.query({
    text: 'delete from contact_identity where contact_id = any($1::uuid[])',
    values: [[...contactIds]],
  });
  await tx.query({
    text: 'delete from identity_edge where workspace_id = $1 and (left_key = any($2) or right_key = any($2))',
    values: [workspaceId, [...keys]],
  });
  await tx.query({
    text: `delete from identity_conflict where workspace_id = $1
             and (identity_kind || ':' || identity_value = any($2) or claimants ?| $2)`,
    values: [workspaceId, [...keys]],
  });
  await tx.query({
    text: 'delete from company_membership where contact_id = any($1::uuid[])',
    values: [[...contactIds]],
  });
  await tx.query({
    text: `update contact_merge set moved = '{}'::jsonb, undone_at = coalesce(undone_at, merged_at)
           where from_contact_id = any($1::uuid[]) or into_contact_id = any($1::uuid[])`,
    values: [[...contactIds]],
  });
}

/** Back to what a contact is before anything is known of it. */
async function emptyContacts(tx: Tx, input: { contactIds: readonly string[]; at: Date }): Promise<void> {
  await tx.query({
    text: `update contact set erased_at = coalesce(erased_at, $2), updated_at = $2,
             ${CONTACT_RECORD_COLUMNS.map((column) => `${column} = default`).join(', ')}
           where id = any($1::uuid[])`,
    values: [[...input.contactIds], input.at],
  });
}
