/**
 * Two contacts turn out to be one person. In: who goes into whom. Out: one contact with all identities, events and
 * memberships; the other stays as a signpost (`merged_into`). What was moved is kept, so that a person can undo it.
 * May be called again: a contact that was merged already is left alone.
 */
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { Publisher } from '#bus/index.ts';
import { json, many, one, type Tx } from '#db/db.ts';
import { mergeActivity } from '../engagement/merge-activity.ts';
import { CONTACT_RECORD_COLUMNS, type ContactRecord } from './contact-record.ts';
import { loadContacts, patchContacts } from './patch-contacts.ts';

export interface MergeInput {
  readonly tx: Tx;
  readonly workspaceId: string;
  readonly from: string;
  readonly into: string;
  readonly by: 'identify' | 'person';
}

/** Person and app properties that the surviving contact takes over where it has none itself. */
const INHERITED = ['email', 'name', 'user_id', 'timezone', 'locale', 'country', 'nps_score'] as const;

/** First touch and what was read from it: the earlier of the two wins. */
const TOUCH = [
  'first_touch',
  'first_utm_source',
  'first_utm_medium',
  'first_utm_campaign',
  'first_referrer_domain',
  'acquisition_channel',
] as const;

export async function mergeContacts(deps: { clock: Clock; publisher: Publisher }, input: MergeInput): Promise<void> {
  const { tx, workspaceId, from, into, by } = input;
  if (from === into) return;
  const records = await loadContacts(tx, [from, into]);
  const source = records.get(from);
  const target = records.get(into);
  const state = await one<{ merged: boolean }>(tx, {
    text: 'select bool_or(merged_into is not null) as merged from contact where id = any($1::uuid[])',
    values: [[from, into]],
  });
  if (!source || !target || state?.merged === true) return;
  const now = deps.clock.now();
  const identities = await many<{ kind: string; value: string }>(tx, {
    text: 'update contact_identity set contact_id = $2 where contact_id = $1 returning kind, value',
    values: [from, into],
  });
  const companies = await moveMemberships(tx, { from, into });
  await mergeActivity(tx, { fromContactId: from, intoContactId: into });
  await tx.query({ text: 'update bus_event set contact_id = $2 where contact_id = $1', values: [from, into] });
  await tx.query({
    text: 'update contact set merged_into = $2, updated_at = $3 where id = $1',
    values: [from, into, now],
  });
  await tx.query({
    text: `insert into contact_merge (id, workspace_id, from_contact_id, into_contact_id, merged_by, merged_at, moved)
           values ($1, $2, $3, $4, $5, $6, $7::jsonb)`,
    values: [newId(), workspaceId, from, into, by, now, json({ identities, companies, target })],
  });
  await patchContacts(deps, {
    tx,
    workspaceId,
    patches: [
      {
        contactId: into,
        set: inherited(source, target),
        source: null,
        isNew: false,
        at: now,
        cause: { kind: by === 'person' ? 'person' : 'event', id: null, type: 'contact_merged' },
        eventSource: 'growthos',
      },
    ],
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
}

async function moveMemberships(tx: Tx, input: { from: string; into: string }): Promise<string[]> {
  await tx.query({
    text: `insert into company_membership (workspace_id, company_id, contact_id, role, since)
           select workspace_id, company_id, $2, role, since from company_membership where contact_id = $1
           on conflict (company_id, contact_id) do nothing`,
    values: [input.from, input.into],
  });
  const rows = await many<{ company_id: string }>(tx, {
    text: 'delete from company_membership where contact_id = $1 returning company_id',
    values: [input.from],
  });
  return rows.map((row) => row.company_id);
}

function inherited(source: ContactRecord, target: ContactRecord): Partial<ContactRecord> {
  const set: Record<string, unknown> = {};
  for (const column of INHERITED) if (target[column] === null && source[column] !== null) set[column] = source[column];
  set['traits'] = Object.fromEntries(Object.entries(source.traits).filter(([name]) => !(name in target.traits)));
  set['first_seen_at'] = earlier(source.first_seen_at, target.first_seen_at);
  set['last_seen_at'] = later(source.last_seen_at, target.last_seen_at);
  if (touchedAt(source) < touchedAt(target)) for (const column of TOUCH) set[column] = source[column];
  const columns: ReadonlySet<string> = new Set(CONTACT_RECORD_COLUMNS);
  return Object.fromEntries(Object.entries(set).filter(([column]) => columns.has(column)));
}

function touchedAt(record: ContactRecord): string {
  const at = record.first_touch?.['at'];
  return typeof at === 'string' ? at : '9999';
}

function earlier(left: Date | null, right: Date | null): Date | null {
  if (left === null || right === null) return left ?? right;
  return left < right ? left : right;
}

function later(left: Date | null, right: Date | null): Date | null {
  if (left === null || right === null) return left ?? right;
  return left > right ? left : right;
}
