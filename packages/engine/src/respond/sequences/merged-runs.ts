/**
 * Runs follow their contact through a merge and back. In: `contact_merged`, and `contact_split` where it undoes a merge.
 * Out: runs of the contact that goes belong to the one that stays, and go back with it as they stand by then; a run that
 * the merge itself ended goes on where it stood. Runs that started while the two were one stay where they started.
 */
import { UndoneMerge } from '@growthos/contracts/events/engine.ts';
import { type BusEvent, isStillMerged } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';

/** Whether an event moves runs: what comes before it in the log must be handled before it. */
export function movesRuns(event: BusEvent): boolean {
  if (event.type === 'contact_merged') return true;
  return event.type === 'contact_split' && UndoneMerge.safeParse(event.data).success;
}

export async function moveMergedRuns(input: { tx: Tx; events: readonly BusEvent[] }): Promise<void> {
  for (const event of input.events) {
    if (event.isReplay === true && !(await isStillMerged(input.tx, event))) continue;
    if (event.type === 'contact_merged') await merge(input.tx, event);
    const undone = event.type === 'contact_split' ? UndoneMerge.safeParse(event.data) : null;
    if (undone?.success) await unmerge(input.tx, undone.data);
  }
}

/**
 * Where both stand in the same sequence for the same thing, the run of the one that goes ends, so that nobody gets the same
 * message twice.
 */
async function merge(tx: Tx, event: BusEvent): Promise<void> {
  const { from_contact_id: from, into_contact_id: into } = event.data;
  await tx.query({
    text: `update enrolment e set status = 'exited', ended_at = $3, end_reason = 'person', next_due_at = null,
             end_detail = 'Two contacts were merged; the other run goes on.',
             before_merge = jsonb_build_object('status', e.status, 'next_due_at', e.next_due_at)
           where e.contact_id = $1 and e.status in ('active', 'paused') and exists (
             select 1 from enrolment o where o.contact_id = $2 and o.sequence_id = e.sequence_id
               and o.entry_key = e.entry_key and o.status in ('active', 'paused'))`,
    values: [from, into, event.recordedAt],
  });
  await tx.query({
    text: `update enrolment e set contact_id = $2, origin_contact_id = coalesce(e.origin_contact_id, $1)
           where e.contact_id = $1 and not exists (
             select 1 from enrolment o where o.contact_id = $2 and o.sequence_id = e.sequence_id
               and o.trigger_event_id = e.trigger_event_id)`,
    values: [from, into],
  });
  await tx.query({
    text: `with gone as (delete from sequence_date_due where contact_id = $1 returning *)
           insert into sequence_date_merged (sequence_id, contact_id, workspace_id, due_at, property_value)
           select sequence_id, contact_id, workspace_id, due_at, property_value from gone
           on conflict (sequence_id, contact_id) do update
             set due_at = excluded.due_at, property_value = excluded.property_value`,
    values: [from],
  });
}

/** May come twice (it is told on both contacts): the second time finds nothing to move. */
async function unmerge(tx: Tx, undone: UndoneMerge): Promise<void> {
  const { from_contact_id: stays, into_contact_id: back, origin_contact_ids: origins } = undone;
  await tx.query({
    text: `update enrolment set contact_id = $2 where contact_id = $1 and origin_contact_id = any($3::uuid[])`,
    values: [stays, back, [...origins]],
  });
  await tx.query({
    text: `update enrolment set status = before_merge ->> 'status', ended_at = null, end_reason = null, end_detail = null,
             next_due_at = (before_merge ->> 'next_due_at')::timestamptz, before_merge = null
           where contact_id = $1 and before_merge is not null and status = 'exited'
             and coalesce(origin_contact_id, contact_id) = $1`,
    values: [back],
  });
  await tx.query({
    text: `with again as (delete from sequence_date_merged where contact_id = $1 returning *)
           insert into sequence_date_due (sequence_id, contact_id, workspace_id, due_at, property_value)
           select sequence_id, contact_id, workspace_id, due_at, property_value from again
           on conflict (sequence_id, contact_id) do nothing`,
    values: [back],
  });
}
