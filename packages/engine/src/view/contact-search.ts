import { many, type Queryable } from '#db/db.ts';
import { isUuid } from './cursor.ts';

/** How many words of a search count: more only narrow what is found already. */
const WORDS_MAX = 6;

/** A text search query that finds each word by its beginning: "ada love" to `ada:* & love:*`. Null without any word. */
export function wordsOf(q: string): string | null {
  const words = q
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .slice(0, WORDS_MAX);
  return words.length === 0 ? null : words.map((word) => `'${word}':*`).join(' & ');
}

/**
 * Contacts named by a whole id: the contact's own, the app's user id, an e-mail address or a Stripe customer. Few, or
 * none; then the search goes on by words.
 */
export async function findContactIds(db: Queryable, input: { workspaceId: string; q: string }): Promise<string[]> {
  const { workspaceId, q } = input;
  const rows = await many<{ id: string }>(db, {
    name: 'view_find_contact_ids',
    text: `select contact_id as id from contact_identity
           where workspace_id = $1 and kind in ('user_id', 'email', 'anonymous_id') and value in ($2, lower($2))
           union
           select i.contact_id from stripe_account a
             join contact_identity i on i.workspace_id = a.workspace_id and i.kind = 'stripe_customer'
               and i.value = a.account || '/' || $2
           where a.workspace_id = $1
           union
           select coalesce(merged_into, id) from contact where id = $3::uuid and workspace_id = $1`,
    values: [workspaceId, q, isUuid(q) ? q : null],
  });
  return rows.map((row) => row.id);
}
