/** Merges that a person asks for, and the undoing of any merge. Each call is one transaction; the route writes the audit. */
import { ConflictError, NotFoundError } from '#base/errors.ts';
import { many, one, type Tx } from '#db/db.ts';
import type { ContactRecord } from '../contacts/contact-record.ts';
import { mergeContacts, type MovedByMerge } from '../contacts/merge.ts';
import { type ContactPatch, loadContacts, patchContacts } from '../contacts/patch-contacts.ts';
import { unmergeActivity } from '../engagement/merge-activity.ts';
import { tellSplit } from './carry-out.ts';
import { IDENTITY_KINDS, identityKey } from './identity.ts';
import { identitiesOfContacts, reassignIdentities } from './identity-store.ts';
import { moveEvents } from './move-events.ts';
import { refreshContacts } from './refresh-contacts.ts';
import { lockIdentities, type ResolveDeps } from './resolve.ts';
import type { Said } from './said.ts';

export interface PersonDecision {
  readonly tx: Tx;
  readonly workspaceId: string;
  /** Null where an API key decides. */
  readonly personId: string | null;
}

/**
 * Makes one contact of two: `from` goes into `into`. From then on evidence no longer moves their identities.
 * @throws NotFoundError, or ConflictError where one of them is no longer a contact of its own.
 */
export async function mergeByPerson(
  deps: ResolveDeps,
  input: PersonDecision & { from: string; into: string },
): Promise<{ mergeId: string }> {
  const { tx, workspaceId, from, into } = input;
  await lockIdentities(tx, workspaceId);
  if (from === into) throw new ConflictError('These two are the same contact already.');
  await requireContacts(tx, { workspaceId, contactIds: [from, into] });
  const identities = await identitiesOfContacts(tx, { contactIds: [from, into] });
  const merged = await mergeContacts(deps, { tx, workspaceId, from, into, by: 'person', personId: input.personId });
  if (!merged) throw new ConflictError('One of these contacts was merged or erased meanwhile. Reload the page.');
  await reassignIdentities(tx, { workspaceId, identities, contactId: into, isPinned: true });
  await refreshContacts(deps, { ...input, contactIds: [into] });
  return merged;
}

async function requireContacts(tx: Tx, input: { workspaceId: string; contactIds: readonly string[] }): Promise<void> {
  const rows = await many<{ isGone: boolean }>(tx, {
    text: `select merged_into is not null or erased_at is not null as "isGone" from contact
           where workspace_id = $1 and id::text = any($2)`,
    values: [input.workspaceId, [...input.contactIds]],
  });
  if (rows.length < input.contactIds.length) throw new NotFoundError('This workspace has no such contact.');
  if (rows.some((row) => row.isGone)) throw new ConflictError('One of these contacts was merged or erased already.');
}

interface MergeRow {
  readonly from: string;
  readonly into: string;
  readonly undoneAt: Date | null;
  readonly isLatest: boolean;
  readonly moved: MovedByMerge;
}

/**
 * Parts two contacts again: identities, the events told of each, memberships and activity go back, and values as they were
 * before wherever they were not changed since. Both keep their identities from now on, whatever the evidence says.
 * Messages, sequence runs and places in segments follow by the event that tells of it (`contact_split` with `merge_id`):
 * what the contact had before the merge goes back with it, what came while the two were one stays.
 * @throws NotFoundError, ConflictError
 */
export async function undoMerge(
  deps: ResolveDeps,
  input: PersonDecision & { mergeId: string },
): Promise<{ from: string; into: string }> {
  const { tx, workspaceId } = input;
  await lockIdentities(tx, workspaceId);
  const merge = await one<MergeRow>(tx, {
    text: `select from_contact_id as "from", into_contact_id as "into", undone_at as "undoneAt", moved,
             not exists (select 1 from contact_merge later where later.from_contact_id = m.into_contact_id
               and later.undone_at is null) as "isLatest"
           from contact_merge m where id::text = $1 and workspace_id = $2 for update`,
    values: [input.mergeId, workspaceId],
  });
  if (!merge) throw new NotFoundError('This workspace has no such merge.');
  if (merge.undoneAt !== null) throw new ConflictError('This merge was undone already.');
  if (!merge.isLatest) throw new ConflictError('The contact was merged again since. Undo that merge first.');
  const { from, into } = merge;
  const records = await loadContacts(tx, [from, into]);
  const now = deps.clock.now();
  await tx.query({
    text: 'update contact_merge set undone_at = $2, undone_by_person = $3 where id::text = $1',
    values: [input.mergeId, now, input.personId],
  });
  await tx.query({ text: 'update contact set merged_into = null, updated_at = $2 where id = $1', values: [from, now] });
  const origins = await everMergedInto(tx, from);
  tellSplit(deps, {
    tx,
    workspaceId,
    from: into,
    into: from,
    by: 'person',
    undone: { mergeId: input.mergeId, origins },
  });
  const lost = await partIdentities(tx, { workspaceId, merge });
  await partMemberships(tx, { workspaceId, merge });
  await unmergeActivity(tx, { fromContactId: from, intoContactId: into, before: merge.moved.activity });
  await tx.query({
    text: 'update bus_event set contact_id = $1 where contact_id = $2 and origin_contact_id = any($3::uuid[])',
    values: [from, into, origins],
  });
  const record = records.get(into);
  const cause = { kind: 'person' as const, id: input.personId, type: 'contact_split' };
  const base = { source: null, isNew: false, at: now, cause, eventSource: 'growthos' };
  if (record) {
    const patch: ContactPatch = { ...base, contactId: into, set: unchangedSince(record, merge.moved) };
    await patchContacts(deps, { tx, workspaceId, loaded: records, patches: [patch] });
  }
  await refreshContacts(deps, { ...input, contactIds: [from, into], lost: new Map([[into, lost]]) });
  return { from, into };
}

/** The contact, and those that are merged into it, step by step: what was told of any of them is its own. */
async function everMergedInto(tx: Tx, contactId: string): Promise<string[]> {
  const rows = await many<{ id: string }>(tx, {
    text: `with recursive of (id) as (
             select $1::uuid union select m.from_contact_id from contact_merge m join of on m.into_contact_id = of.id
             where m.undone_at is null)
           select id from of`,
    values: [contactId],
  });
  return rows.map((row) => row.id);
}

/**
 * What was moved, and is still here, goes back; all of both is pinned, or the evidence would join them again.
 * @returns what was said in the name of the identities that go.
 */
async function partIdentities(tx: Tx, input: { workspaceId: string; merge: MergeRow }): Promise<Said[]> {
  const { workspaceId, merge } = input;
  const here = await identitiesOfContacts(tx, { contactIds: [merge.into] });
  const moved = new Set(merge.moved.identities.map(({ kind, value }) => `${kind}:${value}`));
  const back = here.filter((identity) => moved.has(identityKey(identity)));
  const staying = here.filter((identity) => !moved.has(identityKey(identity)));
  await reassignIdentities(tx, { workspaceId, identities: back, contactId: merge.from, isPinned: true });
  await reassignIdentities(tx, { workspaceId, identities: staying, contactId: merge.into, isPinned: true });
  const keys = back.filter(({ kind }) => IDENTITY_KINDS.includes(kind)).map(identityKey);
  await moveEvents(tx, { workspaceId, from: merge.into, into: merge.from, keys });
  return back.map((identity) => identity.said);
}

async function partMemberships(tx: Tx, input: { workspaceId: string; merge: MergeRow }): Promise<void> {
  const { from, into, moved } = input.merge;
  await tx.query({
    text: `insert into company_membership (workspace_id, company_id, contact_id, role, since)
           select $1, c.company_id, $2, c.role, c.since
           from jsonb_to_recordset($3::jsonb) as c (company_id uuid, role text, since timestamptz)
           on conflict (company_id, contact_id) do nothing`,
    values: [input.workspaceId, from, JSON.stringify(moved.companies)],
  });
  await tx.query({
    text: 'delete from company_membership where contact_id = $1 and company_id = any($2::uuid[])',
    values: [into, [...moved.joined]],
  });
}

/** The values from before the merge, for what still is as the merge left it. */
function unchangedSince(record: ContactRecord, moved: MovedByMerge): ContactPatch['set'] {
  const set: Record<string, unknown> = {};
  const traits: Record<string, unknown> = {};
  for (const [name, after] of Object.entries(moved.after)) {
    if (name.startsWith('traits.')) {
      const trait = name.slice('traits.'.length);
      if (JSON.stringify(record.traits[trait]) === JSON.stringify(after)) traits[trait] = null;
      continue;
    }
    const now = record[name as keyof ContactRecord];
    if (plain(now) === plain(after)) set[name] = asStored(name, moved.before[name]);
  }
  return Object.keys(traits).length > 0 ? { ...set, traits } : set;
}

function plain(value: unknown): string {
  return JSON.stringify(value ?? null);
}

function asStored(column: string, value: unknown): unknown {
  return typeof value === 'string' && column.endsWith('_at') ? new Date(value) : (value ?? null);
}
