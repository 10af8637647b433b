/**
 * What time alone changes. In: memberships whose next flip is due, found by the index on `next_flip_at`. Out: the same
 * events as any other transition, with time as their cause. A flip that came too early changes nothing and is dated anew.
 * May run in several processes: one at a time has the lock. No timer ever looks at the population.
 */
import type { Clock } from '#base/clock.ts';
import { groupBy } from '#base/group-by.ts';
import type { Worker } from '#base/worker.ts';
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import type { Publisher } from '#bus/index.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { evaluateMemberships, tellTransitions, type Evaluation } from './memberships.ts';
import { FLIPS_LOCK, hurry, lockWorkspaces, workspaceTimezone } from './segment-row.ts';

/** Flips in one transaction; with it, the longest time that a change of the same workspace waits. */
const BATCH_SIZE_MAX = 1000;

interface DueRow {
  readonly segmentId: string;
  readonly version: number;
  readonly contactId: string;
  readonly workspaceId: string | null;
  readonly key: string;
  readonly name: string;
  readonly currentVersion: number;
  readonly filter: Filter | null;
}

/** The rows that are due, the longest first; $1 is now, $2 how many. */
const DUE = '(select * from segment_membership where next_flip_at <= $1 order by next_flip_at limit $2) m';

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly publisher: Publisher;
}

export function flipsWorker(deps: Deps): Worker {
  return {
    name: 'segments:flips',
    runOnce: () => deps.db.transaction((tx) => flipDue(deps, tx)),
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, {
        name: 'segments_next_flip',
        text: 'select min(next_flip_at) as at from segment_membership where next_flip_at is not null',
      });
      return row?.at ?? null;
    },
  };
}

async function flipDue(deps: Deps, tx: Tx): Promise<number> {
  const now = deps.clock.now();
  const lock = await one<{ held: boolean }>(tx, {
    name: 'segments_flips_lock',
    text: 'select pg_try_advisory_xact_lock($1) as held',
    values: [FLIPS_LOCK],
  });
  if (lock?.held !== true) return 0;
  const workspaces = await many<{ id: string | null }>(tx, {
    name: 'segments_due_workspaces',
    text: `select distinct s.workspace_id as id from ${DUE} left join segment s on s.id = m.segment_id`,
    values: [now, BATCH_SIZE_MAX],
  });
  if (workspaces.length === 0) return 0;
  const locked = workspaces.flatMap((row) => (row.id === null ? [] : [row.id]));
  await hurry(tx);
  if (locked.length > 0) await lockWorkspaces(tx, locked);
  // Read under the lock: a definition that was switched a moment ago must not be evaluated any more.
  const due = await many<DueRow>(tx, {
    name: 'segments_due',
    text: `select m.segment_id as "segmentId", m.version, m.contact_id as "contactId", s.workspace_id as "workspaceId",
             s.key, s.name, s.version as "currentVersion",
             case when s.version = m.version then s.definition when s.next_version = m.version then s.next_definition end as filter
           from ${DUE} left join segment s on s.id = m.segment_id and s.status <> 'archived'
           where s.workspace_id is null or s.workspace_id = any($3::uuid[])`,
    values: [now, BATCH_SIZE_MAX, locked],
  });
  await forgetStale(
    tx,
    due.filter((row) => row.filter === null),
  );
  const live = groupBy(
    due.filter((row) => row.filter !== null),
    (row) => row.workspaceId,
  );
  for (const [workspaceId, rows] of live) {
    if (workspaceId !== null) await flipWorkspace(deps, { tx, workspaceId, rows, now });
  }
  return due.length;
}

async function flipWorkspace(
  deps: Deps,
  input: { tx: Tx; workspaceId: string; rows: readonly DueRow[]; now: Date },
): Promise<void> {
  const { tx, workspaceId, rows, now } = input;
  const timezone = await workspaceTimezone(tx, { workspaceId });
  const evaluations: Evaluation[] = [];
  for (const group of groupBy(rows, (row) => `${row.segmentId}:${row.version}`).values()) {
    const [first] = group;
    if (!first?.filter) continue;
    evaluations.push({
      segmentId: first.segmentId,
      version: first.version,
      filter: first.filter,
      contacts: { kind: 'ids', ids: group.map((row) => row.contactId) },
    });
  }
  const transitions = await evaluateMemberships(tx, { workspaceId, timezone, now, evaluations, byTime: true });
  const byId = new Map(
    rows.map((row) => [
      row.segmentId,
      { id: row.segmentId, key: row.key, name: row.name, version: row.currentVersion },
    ]),
  );
  await tellTransitions(deps, {
    tx,
    workspaceId,
    timezone,
    now,
    segments: byId,
    transitions: transitions.filter((transition) => transition.version === byId.get(transition.segmentId)?.version),
    causeOf: () => ({ kind: 'time', id: 'segments:flips', type: null }),
  });
}

/** Rows of definitions that no longer count, and of archived segments. */
async function forgetStale(tx: Tx, rows: readonly DueRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query({
    text: `delete from segment_membership m using unnest($1::uuid[], $2::int[], $3::uuid[]) as u (segment_id, version, contact_id)
           where m.segment_id = u.segment_id and m.version = u.version and m.contact_id = u.contact_id`,
    values: [rows.map((row) => row.segmentId), rows.map((row) => row.version), rows.map((row) => row.contactId)],
  });
}
