import type { Clock } from '#base/clock.ts';
import { InvalidInputError } from '#base/errors.ts';
import { one, type Queryable, type Tx } from '#db/db.ts';

/**
 * What can be computed anew: `billing` (figures, plans and tiers), `identity` (which contact a Stripe customer is, under
 * new metadata keys), `channels` (the channel of each first touch).
 */
export const RECOMPUTABLE = ['billing', 'identity', 'channels'] as const;
export type Recomputable = (typeof RECOMPUTABLE)[number];

export function isRecomputable(key: string): key is Recomputable {
  return RECOMPUTABLE.some((name) => name === key);
}

/**
 * Asks for all contacts of a workspace to be computed anew, in the transaction that changes the rules. Asking again while
 * it runs begins anew, with both things asked for. `recomputeContactsWorker` does the work.
 */
export async function requestRecompute(
  deps: { clock: Clock },
  input: { tx: Tx; workspaceId: string; what: readonly Recomputable[] },
): Promise<void> {
  if (input.what.length === 0) throw new InvalidInputError('Say what is to be computed anew.', { field: 'what' });
  await input.tx.query({
    text: `insert into graph_recompute as r (workspace_id, what, requested_at) values ($1, $2::text[], $3)
           on conflict (workspace_id) do update set
             what = case when r.finished_at is null
               then (select array_agg(distinct name order by name) from unnest(r.what || excluded.what) name)
               else excluded.what end,
             after_contact_id = null, contacts_done = 0, requested_at = excluded.requested_at, finished_at = null`,
    values: [input.workspaceId, [...new Set(input.what)].sort(), deps.clock.now()],
  });
}

export interface RecomputeProgress {
  readonly what: readonly Recomputable[];
  readonly contactsDone: number;
  readonly requestedAt: Date;
  /** Null while it runs. */
  readonly finishedAt: Date | null;
}

/** How far the last recompute of the workspace is; null where there was none. */
export async function recomputeProgress(
  db: Queryable,
  input: { workspaceId: string },
): Promise<RecomputeProgress | null> {
  const row = await one<RecomputeProgress>(db, {
    text: `select what, contacts_done as "contactsDone", requested_at as "requestedAt", finished_at as "finishedAt"
           from graph_recompute where workspace_id = $1`,
    values: [input.workspaceId],
  });
  return row ?? null;
}
