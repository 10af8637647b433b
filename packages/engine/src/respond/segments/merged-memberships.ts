/**
 * Memberships through a merge and back. In: `contact_merged`, and `contact_split` where it undoes a merge. Out: whatever
 * one of the two was in, the one that stays is in, and doesn't enter again; after the undoing each is where it was, since
 * when it was, and nobody is told, unless something else has changed meanwhile.
 */
import { UndoneMerge } from '@growthos/contracts/events/engine.ts';
import type { BusEvent } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';
import type { Transition } from './memberships.ts';

/** Of a contact that a merge was undone for: where it was at that merge. */
export interface RestoredMembership {
  readonly contactId: string;
  readonly segmentId: string;
  readonly version: number;
  readonly isMember: boolean;
  readonly since: string;
}

/** By contact; a segment that is not in it was not computed for the contact, or it was out. */
export type Restored = ReadonlyMap<string, readonly RestoredMembership[]>;

/** Merges are rare, and one may build on the one before, so they are taken one by one. */
export async function followMerges(tx: Tx, events: readonly BusEvent[]): Promise<Restored> {
  const restored = new Map<string, readonly RestoredMembership[]>();
  for (const event of events) {
    if (event.isReplay === true && !(await isLeftBehind(tx, event))) continue;
    if (event.type === 'contact_merged') await inheritMemberships(tx, event);
    const undone = event.type === 'contact_split' ? UndoneMerge.safeParse(event.data) : null;
    if (undone?.success) await recall(tx, { undone: undone.data, restored });
  }
  return restored;
}

/**
 * What a replay may follow again: a merge that stands and whose memberships were not moved. Where they were, what is
 * remembered for the undoing must stay as it is.
 */
async function isLeftBehind(tx: Tx, event: BusEvent): Promise<boolean> {
  if (event.type !== 'contact_merged') return false;
  const left = await many(tx, {
    text: `select 1 from contact c join segment_membership m on m.contact_id = c.id
           where c.id = $1 and c.merged_into is not null limit 1`,
    values: [event.data['from_contact_id']],
  });
  return left.length > 0;
}

async function inheritMemberships(tx: Tx, merge: BusEvent): Promise<void> {
  const values = [merge.data['from_contact_id'], merge.data['into_contact_id']];
  await tx.query({
    name: 'segments_before_merge',
    text: `insert into segment_before_merge (from_contact_id, into_contact_id, memberships)
           select $1, $2, coalesce(jsonb_agg(jsonb_build_object('contactId', contact_id, 'segmentId', segment_id,
             'version', version, 'isMember', is_member, 'since', since)), '[]'::jsonb)
           from segment_membership where contact_id in ($1, $2)
           on conflict (from_contact_id, into_contact_id) do update set memberships = excluded.memberships`,
    values,
  });
  await tx.query({
    name: 'segments_inherit',
    text: `with gone as (delete from segment_membership where contact_id = $1 returning *),
      doubled as (
        select s.id from gone g join segment s on s.id = g.segment_id and s.version = g.version
        join segment_membership m on m.segment_id = g.segment_id and m.version = g.version and m.contact_id = $2
        where g.is_member and m.is_member),
      uncounted as (update segment s set member_count = s.member_count - 1 from doubled d where s.id = d.id)
      insert into segment_membership as m (segment_id, version, contact_id, is_member, since, next_flip_at)
      select segment_id, version, $2, true, since, next_flip_at from gone where is_member
      on conflict (segment_id, version, contact_id) do update
        set is_member = true, since = case when m.is_member then least(m.since, excluded.since) else excluded.since end`,
    values,
  });
}

/** Told on both contacts: the second telling finds the memory gone. */
async function recall(
  tx: Tx,
  input: { undone: UndoneMerge; restored: Map<string, readonly RestoredMembership[]> },
): Promise<void> {
  const { from_contact_id: stays, into_contact_id: back } = input.undone;
  const rows = await many<{ memberships: readonly RestoredMembership[] }>(tx, {
    name: 'segments_recall',
    text: `delete from segment_before_merge where from_contact_id = $1 and into_contact_id = $2 returning memberships`,
    values: [back, stays],
  });
  for (const { memberships } of rows) {
    for (const contactId of [stays, back]) {
      input.restored.set(
        contactId,
        memberships.filter((one) => one.contactId === contactId),
      );
    }
  }
}

/** Whether somebody is only back where they were before a merge that was undone. */
export function isAsBefore(restored: Restored, transition: Transition): boolean {
  const memberships = restored.get(transition.contactId);
  if (memberships === undefined) return false;
  const before = memberships.find((one) => one.segmentId === transition.segmentId);
  // Of an edit since the merge nobody knows what it said then.
  if (before !== undefined && before.version !== transition.version) return false;
  return (before?.isMember ?? false) === transition.isMember;
}

/** Whoever is in, or out, as before the merge is so since then. */
export async function restoreSince(tx: Tx, restored: Restored): Promise<void> {
  const rows = [...restored.values()].flat();
  if (rows.length === 0) return;
  await tx.query({
    name: 'segments_restore_since',
    text: `update segment_membership m set since = r.since
           from unnest($1::uuid[], $2::uuid[], $3::int[], $4::bool[], $5::timestamptz[])
             as r (contact_id, segment_id, version, is_member, since)
           where m.contact_id = r.contact_id and m.segment_id = r.segment_id and m.version = r.version
             and m.is_member = r.is_member`,
    values: [
      rows.map((row) => row.contactId),
      rows.map((row) => row.segmentId),
      rows.map((row) => row.version),
      rows.map((row) => row.isMember),
      rows.map((row) => row.since),
    ],
  });
}
