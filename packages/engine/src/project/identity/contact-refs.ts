import type { ContactRef } from '@growthos/contracts/http/money-view.ts';
import { many, type Queryable } from '#db/db.ts';

/** What contacts are called, for a list that names them; an unknown one keeps its id. */
export async function contactRefs(
  db: Queryable,
  input: { workspaceId: string; contactIds: readonly string[] },
): Promise<(contactId: string) => ContactRef> {
  const rows = await many<ContactRef>(db, {
    text: `select id, coalesce(name, email, user_id, 'Unknown person') as name, email from contact
           where workspace_id = $1 and id = any($2::uuid[])`,
    values: [input.workspaceId, [...new Set(input.contactIds)]],
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return (contactId) => byId.get(contactId) ?? { id: contactId, name: 'Unknown person', email: null };
}
