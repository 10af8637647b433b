import { newId } from '#base/ids.ts';
import { wakeConsumers } from '#bus/index.ts';
import { many, one, type Queryable, type Tx } from '#db/db.ts';
import { BACKFILL_LISTS } from './backfill-lists.ts';

export interface BackfillRunRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly connectionId: string;
  readonly reason: 'connect' | 'request' | 'gap';
  readonly state: 'running' | 'done' | 'failed' | 'stopped';
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly error: string | null;
}

export interface BackfillListRow {
  readonly runId: string;
  readonly type: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'not_permitted';
  readonly cursor: string | null;
  readonly objects: number;
  readonly requests: number;
  readonly newestCreatedS: number | null;
  readonly oldestCreatedS: number | null;
  readonly attempts: number;
  readonly notBefore: Date | null;
  readonly error: string | null;
}

const RUN = `id, workspace_id as "workspaceId", stripe_account_id as "connectionId", reason, state,
  started_at as "startedAt", finished_at as "finishedAt", error`;
/** The columns of a `BackfillListRow`. */
export const BACKFILL_LIST_COLUMNS = `run_id as "runId", type, state, cursor, objects, requests, newest_created_s::float8 as "newestCreatedS",
  oldest_created_s::float8 as "oldestCreatedS", attempts, not_before as "notBefore", error`;

/** Starts to read everything, at once when `tx` commits. While one run is under way, that one goes on and its id is returned. */
export async function startBackfill(
  tx: Tx,
  input: { connectionId: string; workspaceId: string; reason: BackfillRunRow['reason']; now: Date },
): Promise<string> {
  const id = newId();
  const started = await one(tx, {
    text: `insert into backfill_run (id, workspace_id, stripe_account_id, reason, state, started_at)
           values ($1, $2, $3, $4, 'running', $5)
           on conflict (stripe_account_id) where state = 'running' do nothing returning id`,
    values: [id, input.workspaceId, input.connectionId, input.reason, input.now],
  });
  if (started === undefined) {
    const running = await one<{ id: string }>(tx, {
      text: `select id from backfill_run where stripe_account_id = $1 and state = 'running'`,
      values: [input.connectionId],
    });
    return running?.id ?? id;
  }
  await tx.query({
    text: `insert into backfill_list (run_id, type, nth, state)
           select $1, l.type, l.nth, 'waiting' from unnest($2::text[]) with ordinality as l (type, nth)`,
    values: [id, BACKFILL_LISTS.map((list) => list.type)],
  });
  await wakeConsumers(tx);
  return id;
}

export async function readLatestRun(db: Queryable, connectionId: string): Promise<BackfillRunRow | undefined> {
  return one<BackfillRunRow>(db, {
    text: `select ${RUN} from backfill_run where stripe_account_id = $1 order by started_at desc, id desc limit 1`,
    values: [connectionId],
  });
}

export async function readRunningRuns(db: Queryable): Promise<BackfillRunRow[]> {
  return many<BackfillRunRow>(db, {
    text: `select ${RUN} from backfill_run where state = 'running' order by started_at`,
  });
}

export async function readLists(db: Queryable, runId: string): Promise<BackfillListRow[]> {
  return many<BackfillListRow>(db, {
    text: `select ${BACKFILL_LIST_COLUMNS} from backfill_list where run_id = $1 order by nth`,
    values: [runId],
  });
}
