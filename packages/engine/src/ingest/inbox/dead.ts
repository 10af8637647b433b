import { NotFoundError } from '#base/errors.ts';
import { many, one, type Db, type Queryable } from '#db/db.ts';

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

/** Gives every dead event of a workspace back to the drain; returns how many. */
export async function replayAllDead(deps: { db: Db }, input: { workspaceId: string }): Promise<number> {
  const rows = await many(deps.db, {
    text: `with revived as (delete from inbox_dead where workspace_id = $1 returning seq)
           insert into inbox_pending (seq) select seq from revived on conflict (seq) do nothing returning seq`,
    values: [input.workspaceId],
  });
  return rows.length;
}

/** The figures of the inbox for /metrics and health: how much waits, since when, and what could not be applied. */
export async function readBacklog(
  db: Queryable,
): Promise<{ pending: number; oldestReceivedAt: Date | null; dead: number }> {
  const row = await one<{ pending: number; oldest: Date | null; dead: number }>(db, {
    text: `select (select count(*)::int from inbox_pending) as pending,
             (select e.received_at from inbox_pending p join inbox_event e using (seq) order by p.seq limit 1) as oldest,
             (select count(*)::int from inbox_dead) as dead`,
  });
  return { pending: row?.pending ?? 0, oldestReceivedAt: row?.oldest ?? null, dead: row?.dead ?? 0 };
}
