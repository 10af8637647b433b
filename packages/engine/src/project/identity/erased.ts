/** Who was erased: known only by a digest, so that a later sync of the same data does not bring them back. */
import { createHash } from 'node:crypto';
import { many, type Queryable, type Tx } from '#db/db.ts';
import type { IdentityKey } from './identity.ts';

function digestOf(workspaceId: string, key: IdentityKey): string {
  return createHash('sha256').update(`${workspaceId}\n${key}`).digest('hex');
}

export async function erasedAmong(
  db: Queryable,
  input: { workspaceId: string; keys: readonly IdentityKey[] },
): Promise<Set<IdentityKey>> {
  if (input.keys.length === 0) return new Set();
  const keyOf = new Map(input.keys.map((key) => [digestOf(input.workspaceId, key), key]));
  const rows = await many<{ digest: string }>(db, {
    name: 'identity_erased',
    text: 'select digest from identity_erased where workspace_id = $1 and digest = any($2)',
    values: [input.workspaceId, [...keyOf.keys()]],
  });
  return new Set(rows.flatMap((row) => keyOf.get(row.digest) ?? []));
}

export async function noteErased(
  tx: Tx,
  input: { workspaceId: string; keys: readonly IdentityKey[]; at: Date },
): Promise<void> {
  await tx.query({
    text: `insert into identity_erased (workspace_id, digest, erased_at) select $1, d, $2 from unnest($3::text[]) d
           on conflict do nothing`,
    values: [input.workspaceId, input.at, input.keys.map((key) => digestOf(input.workspaceId, key))],
  });
}
