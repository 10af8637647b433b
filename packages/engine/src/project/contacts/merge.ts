/**
 * Two contacts turn out to be one person. In: who goes into whom. Out: one contact with all identities, events and
 * memberships; the other stays as a signpost (`merged_into`). What was moved and what stood there before is kept, so that
 * a person can undo it (merge-by-person.ts). May be called again: a contact that was merged already is left alone.
 * The caller computes the surviving contact anew: what its identities said, and its billing.
 */
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { Publisher } from '#bus/index.ts';
import { json, many, one, type Tx } from '#db/db.ts';
import { type ActivityBefore, mergeActivity } from '../engagement/merge-activity.ts';
import { moveEvents } from '../identity/move-events.ts';
import { CONTACT_RECORD_COLUMNS, type ContactRecord } from './contact-record.ts';
import { loadContacts, patchContacts } from './patch-contacts.ts';

export interface MergeInput {
  readonly tx: Tx;
  readonly workspaceId: string;
  readonly from: string;
  readonly into: string;
  readonly by: 'identify' | 'person';
  /** Null where an API key asked for it. */
  readonly personId?: string | null;
}

/** What a merge changed: enough to put it back. Stored as JSON. */
export interface MovedByMerge {
  readonly identities: readonly { readonly kind: string; readonly value: string }[];
  /** Memberships of the contact that went. */
  readonly companies: readonly { readonly company_id: string; readonly role: string | null; readonly since: string }[];
  /** Those of them that the surviving contact had not had. */
  readonly joined: readonly string[];
  /** The columns of the surviving contact that the merge changed, before and after. */
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
  /** What the surviving contact had done itself; not there in merges of an earlier version. */
  readonly activity?: ActivityBefore | null;
}

/**
 * What a person set by hand and the surviving contact has not itself. What the app and Stripe said follows the identities.
 */
const INHERITED = ['email', 'name', 'timezone', 'locale', 'country'] as const;

export async function mergeContacts(
  deps: { clock: Clock; publisher: Publisher },
  input: MergeInput,
): Promise<{ mergeId: string } | null> {
  const { tx, workspaceId, from, into, by } = input;
  if (from === into) return null;
  const records = await loadContacts(tx, [from, into]);
  const source = records.get(from);
  const target = records.get(into);
  const state = await one<{ merged: boolean }>(tx, {
    text: `select bool_or(merged_into is not null or erased_at is not null) as merged from contact where id = any($1::uuid[])`,
    values: [[from, into]],
  });
  if (!source || !target || state?.merged !== false) return null;
  const now = deps.clock.now();
  const identities = await many<{ kind: string; value: string }>(tx, {
    text: 'update contact_identity set contact_id = $2 where contact_id = $1 returning kind, value',
    values: [from, into],
  });
  const memberships = await moveMemberships(tx, { from, into });
  const activity = await mergeActivity(tx, { fromContactId: from, intoContactId: into });
  await tx.query({
    text: `update contact c set merged_into = $2, billing_due_at = null, updated_at = $3 where id = $1`,
    values: [from, into, now],
  });
  const set = inherited(source, target);
  const mergeId = await keepMerge(deps, input, { identities, ...memberships, ...changeOf(target, set), activity });
  const cause = { kind: by === 'person' ? ('person' as const) : ('event' as const), id: null, type: 'contact_merged' };
  await patchContacts(deps, {
    tx,
    workspaceId,
    patches: [{ contactId: into, set, source: null, isNew: false, at: now, cause, eventSource: 'growthos' }],
  });
  deps.publisher.publish(tx, [
    {
      workspaceId,
      contactId: into,
      type: 'contact_merged',
      source: 'growthos',
      time: now,
      data: { from_contact_id: from, into_contact_id: into, by },
      cause: null,
    },
  ]);
  await moveEvents(tx, { workspaceId, from, into, keys: null });
  return { mergeId };
}

/** What is kept for the undoing. */
async function keepMerge(deps: { clock: Clock }, input: MergeInput, moved: MovedByMerge): Promise<string> {
  const { tx, workspaceId, from, into, by, personId = null } = input;
  const id = newId();
  await tx.query({
    text: `insert into contact_merge
             (id, workspace_id, from_contact_id, into_contact_id, merged_by, merged_at, moved, merged_by_person)
           values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)`,
    values: [id, workspaceId, from, into, by, deps.clock.now(), json(moved), personId],
  });
  return id;
}

async function moveMemberships(
  tx: Tx,
  input: { from: string; into: string },
): Promise<Pick<MovedByMerge, 'companies' | 'joined'>> {
  const joined = await many<{ company_id: string }>(tx, {
    text: `insert into company_membership (workspace_id, company_id, contact_id, role, since)
           select workspace_id, company_id, $2, role, since from company_membership where contact_id = $1
           on conflict (company_id, contact_id) do nothing returning company_id`,
    values: [input.from, input.into],
  });
  const companies = await many<MovedByMerge['companies'][number]>(tx, {
    text: 'delete from company_membership where contact_id = $1 returning company_id, role, since',
    values: [input.from],
  });
  return { companies, joined: joined.map((row) => row.company_id) };
}

type Values = Partial<Omit<ContactRecord, 'id' | 'property_sources'>>;

function inherited(source: ContactRecord, target: ContactRecord): Values {
  const set: Record<string, unknown> = {};
  for (const column of INHERITED) {
    if (target[column] === null && source.property_sources[column] === 'person') set[column] = source[column];
  }
  if (target.nps_score === null && source.nps_score !== null) set['nps_score'] = source.nps_score;
  set['traits'] = Object.fromEntries(Object.entries(source.traits).filter(([name]) => !(name in target.traits)));
  set['first_seen_at'] = earlier(source.first_seen_at, target.first_seen_at);
  set['last_seen_at'] = later(source.last_seen_at, target.last_seen_at);
  const columns: ReadonlySet<string> = new Set(CONTACT_RECORD_COLUMNS);
  return Object.fromEntries(Object.entries(set).filter(([column]) => columns.has(column)));
}

function changeOf(target: ContactRecord, set: Values): Pick<MovedByMerge, 'before' | 'after'> {
  const after: Record<string, unknown> = {};
  const before: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(set)) {
    if (column === 'traits') continue;
    after[column] = value;
    before[column] = target[column as keyof ContactRecord];
  }
  for (const [name, value] of Object.entries(set.traits ?? {})) after[`traits.${name}`] = value;
  return { before, after };
}

function earlier(left: Date | null, right: Date | null): Date | null {
  if (left === null || right === null) return left ?? right;
  return left < right ? left : right;
}

function later(left: Date | null, right: Date | null): Date | null {
  if (left === null || right === null) return left ?? right;
  return left > right ? left : right;
}
