import type { BusEvent } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';

/**
 * Two contacts were one person: their runs go to the one that stays. Where both stand in the same sequence for the same
 * thing, the run of the one that goes ends, so that nobody gets the same message twice.
 */
export async function moveMergedRuns(input: { tx: Tx; events: readonly BusEvent[] }): Promise<void> {
  for (const event of input.events) {
    const { from_contact_id: from, into_contact_id: into } = event.data;
    if (event.type !== 'contact_merged' || typeof from !== 'string' || typeof into !== 'string') continue;
    await input.tx.query({
      text: `update enrolment e set status = 'exited', ended_at = $3, end_reason = 'person', next_due_at = null,
               end_detail = 'Two contacts were merged; the other run goes on.'
             where e.contact_id = $1 and e.status in ('active', 'paused') and exists (
               select 1 from enrolment o where o.contact_id = $2 and o.sequence_id = e.sequence_id
                 and o.entry_key = e.entry_key and o.status in ('active', 'paused'))`,
      values: [from, into, event.recordedAt],
    });
    await input.tx.query({
      text: `update enrolment e set contact_id = $2 where e.contact_id = $1 and not exists (
               select 1 from enrolment o where o.contact_id = $2 and o.sequence_id = e.sequence_id
                 and o.trigger_event_id = e.trigger_event_id)`,
      values: [from, into],
    });
    await input.tx.query({ text: 'delete from sequence_date_due where contact_id = $1', values: [from] });
  }
}
