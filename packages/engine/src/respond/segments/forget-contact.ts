import type { Tx } from '#db/db.ts';

/** Takes people who are to be forgotten out of every segment, without telling anybody. */
export async function forgetMemberships(tx: Tx, input: { contactIds: readonly string[] }): Promise<void> {
  await tx.query({
    text: 'delete from segment_membership where contact_id = any($1::uuid[])',
    values: [[...input.contactIds]],
  });
  await tx.query({
    text: 'delete from segment_before_merge where from_contact_id = any($1::uuid[]) or into_contact_id = any($1::uuid[])',
    values: [[...input.contactIds]],
  });
}
