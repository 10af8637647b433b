/**
 * What time alone changes about billing. In: contacts whose `billing_due_at` has passed, found by its index. Out: their
 * figures computed anew (a discount has ended) and `card_expiring` events. A batch is one transaction; it may come twice,
 * with the same result.
 */
import type { Clock } from '#base/clock.ts';
import { groupBy } from '#base/group-by.ts';
import type { Worker } from '#base/worker.ts';
import type { Publisher } from '#bus/index.ts';
import { type Db, many, one } from '#db/db.ts';
import { refreshBilling } from './refresh-billing.ts';
import { loadRules } from './workspace-rules.ts';

const BATCH_SIZE_MAX = 200;

export function billingDueWorker(deps: { db: Db; clock: Clock; publisher: Publisher }): Worker {
  return {
    name: 'project:billing-due',
    runOnce: () =>
      deps.db.transaction(async (tx) => {
        const at = deps.clock.now();
        const rows = await many<{ id: string; workspaceId: string; isGone: boolean }>(tx, {
          name: 'billing_due',
          text: `select id, workspace_id as "workspaceId", merged_into is not null or erased_at is not null as "isGone"
                 from contact where billing_due_at <= $1 order by billing_due_at limit $2 for update skip locked`,
          values: [at, BATCH_SIZE_MAX],
        });
        const gone = rows.filter((row) => row.isGone).map((row) => row.id);
        if (gone.length > 0) {
          await tx.query({
            text: 'update contact set billing_due_at = null where id = any($1::uuid[])',
            values: [gone],
          });
        }
        const here = rows.filter((row) => !row.isGone);
        for (const [workspaceId, due] of groupBy(here, (row) => row.workspaceId)) {
          const reason = { at, cause: { kind: 'time' as const, id: 'billing' }, eventSource: 'growthos', isNew: false };
          const contacts = new Map(due.map((row) => [row.id, reason]));
          await refreshBilling(deps, { tx, workspaceId, rules: await loadRules(tx, workspaceId), contacts });
        }
        return rows.length;
      }),
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, { text: 'select min(billing_due_at) as at from contact' });
      return row?.at ?? null;
    },
  };
}
