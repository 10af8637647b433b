import { NotFoundError } from '#base/errors.ts';
import { many, type Db } from '#db/db.ts';

/**
 * Gives a dead event back to the drain, with all its tries; it is applied in its old place of the ledger's order.
 * Asking twice is harmless: the second time it is no longer dead.
 */
export async function replayDead(deps: { db: Db }, input: { workspaceId: string; seq: bigint }): Promise<void> {
  const rows = await many(deps.db, {
    text: `with revived as (delete from inbox_dead where seq = $1 and workspace_id = $2 returning seq)
           insert into inbox_pending (seq) select seq from revived on conflict (seq) do nothing returning seq`,
    values: [input.seq, input.workspaceId],
  });
  if (rows.length === 0) throw new NotFoundError('There is no such dead event, or it was replayed already.');
}
