import type { Tx } from '#db/db.ts';

/** Ends and empties the runs of people who are to be forgotten. Counts of a sequence stay what they were. */
export async function forgetRuns(
  tx: Tx,
  input: { workspaceId: string; contactIds: readonly string[]; at: Date },
): Promise<void> {
  const contacts = [input.workspaceId, [...input.contactIds]];
  for (const table of ['sequence_date_due', 'sequence_date_merged']) {
    await tx.query({
      text: `delete from ${table} where workspace_id = $1 and contact_id = any($2::uuid[])`,
      values: contacts,
    });
  }
  await tx.query({
    text: `update enrolment set trigger_data = '{}'::jsonb, step_state = '{}'::jsonb, end_detail = null, next_due_at = null,
             waits_for = null, before_merge = null,
             end_reason = case when status in ('active', 'paused') then 'person' else end_reason end,
             ended_at = coalesce(ended_at, $3),
             status = case when status in ('active', 'paused') then 'exited' else status end
           where workspace_id = $1 and contact_id = any($2::uuid[])`,
    values: [...contacts, input.at],
  });
}
