import { many, type Queryable } from '#db/db.ts';

export interface ListedMerge {
  readonly id: string;
  readonly fromContactId: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly userId: string | null;
  readonly mergedAt: Date;
  readonly by: 'identify' | 'person';
  readonly undoneAt: Date | null;
  readonly canUndo: boolean;
}

/** What was merged into a contact, the newest first, with who it was before. */
export async function listMerges(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<ListedMerge[]> {
  return many<ListedMerge>(db, {
    text: `select m.id, m.from_contact_id as "fromContactId", c.name, c.email, c.user_id as "userId", m.merged_at as "mergedAt",
             m.merged_by as by, m.undone_at as "undoneAt",
             m.undone_at is null and into_c.merged_into is null and into_c.erased_at is null as "canUndo"
           from contact_merge m join contact c on c.id = m.from_contact_id join contact into_c on into_c.id = m.into_contact_id
           where m.into_contact_id::text = $1 and m.workspace_id = $2 order by m.merged_at desc, m.id desc limit 200`,
    values: [input.contactId, input.workspaceId],
  });
}
