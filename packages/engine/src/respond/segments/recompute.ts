/**
 * Computing a definition for everybody, in the background. In: segments with a next version. Each batch evaluates one range
 * of contacts under the workspace's lock; after the last one, one update makes the next version the current one, so nobody
 * ever sees half of an edit. Changes that arrive meanwhile are evaluated for both versions (`evaluate.ts`). A crash goes on
 * at the stored cursor. Rows of versions that no longer count are taken away afterwards, in batches.
 */
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import type { Clock } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import type { Publisher } from '#bus/index.ts';
import { json, many, one, type Db, type Tx } from '#db/db.ts';
import { dependsOn } from './depends-on.ts';
import { evaluateMemberships, tellTransitions, type Transition } from './memberships.ts';
import {
  hurry,
  lockWorkspaces,
  SEGMENT_COLUMNS,
  usableTimezone,
  workspaceTimezone,
  type SegmentRow,
} from './segment-row.ts';

/** Contacts in one batch: about as long as a change of the same workspace may have to wait, see bench/segments.ts. */
const CONTACTS_PER_BATCH = 1000;
const STALE_ROWS_PER_BATCH = 5000;

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly publisher: Publisher;
}

export function recomputeWorker(deps: Deps): Worker {
  return {
    name: 'segments:recompute',
    async runOnce() {
      const computed = await deps.db.transaction((tx) => computeBatch(deps, tx));
      if (computed > 0) return computed;
      const removed = await deps.db.transaction((tx) => removeStale(tx));
      if (removed > 0) return removed;
      return deps.db.transaction((tx) => followTimezones(deps, tx));
    },
  };
}

/** Asks for a computation; a running one of the same segment is given up. The caller holds the workspace's lock. */
export async function startComputation(
  deps: { clock: Clock },
  input: {
    tx: Tx;
    segmentId: string;
    definition: Filter;
    timezone: string;
    publishes: boolean;
    cause: SegmentRow['nextCause'];
  },
): Promise<void> {
  await input.tx.query({
    text: `update segment set status = 'computing', has_stale = has_stale or next_version is not null,
             next_version = greatest(version, coalesce(next_version, 0)) + 1, next_definition = $2::jsonb,
             next_depends_on = $3::text[], next_timezone = $4, next_publishes = $5, next_cause = $6::jsonb,
             next_cursor = null, next_done = 0, next_total = null, updated_at = $7
           where id = $1`,
    values: [
      input.segmentId,
      json(input.definition),
      dependsOn(input.definition),
      input.timezone,
      input.publishes,
      input.cause === null ? null : json(input.cause),
      deps.clock.now(),
    ],
  });
}

async function computeBatch(deps: Deps, tx: Tx): Promise<number> {
  const waiting = await one<{ id: string; workspaceId: string }>(tx, {
    name: 'segments_computing',
    text: `select id, workspace_id as "workspaceId" from segment where next_version is not null
           order by updated_at, id limit 1`,
  });
  if (!waiting) return 0;
  await hurry(tx);
  await lockWorkspaces(tx, [waiting.workspaceId]);
  const segment = await one<SegmentRow>(tx, {
    text: `select ${SEGMENT_COLUMNS} from segment s where s.id = $1 and s.next_version is not null`,
    values: [waiting.id],
  });
  if (!segment || segment.nextVersion === null || segment.nextDefinition === null) return 1;
  const range = await nextRange(tx, segment);
  if (range.upTo === null) {
    await switchVersion(deps, { tx, segment });
    return 1;
  }
  await evaluateMemberships(tx, {
    workspaceId: segment.workspaceId,
    timezone: segment.nextTimezone ?? segment.timezone,
    now: deps.clock.now(),
    evaluations: [
      {
        segmentId: segment.id,
        version: segment.nextVersion,
        filter: segment.nextDefinition,
        contacts: { kind: 'range', after: segment.nextCursor, upTo: range.upTo },
      },
    ],
  });
  await tx.query({
    text: `update segment set next_cursor = $2, next_done = coalesce(next_done, 0) + $3,
             next_total = coalesce(next_total, (select count(*) from contact
               where workspace_id = segment.workspace_id and merged_into is null and erased_at is null))
           where id = $1`,
    values: [segment.id, range.upTo, range.size],
  });
  return range.size;
}

async function nextRange(tx: Tx, segment: SegmentRow): Promise<{ upTo: string | null; size: number }> {
  const [range] = await many<{ upTo: string | null; size: number }>(tx, {
    name: 'segments_next_range',
    text: `select (array_agg(id order by id desc))[1] as "upTo", count(*)::int as size from (
             select id from contact where workspace_id = $1 and merged_into is null and erased_at is null
               and ($2::uuid is null or id > $2::uuid)
             order by id limit $3) c`,
    values: [segment.workspaceId, segment.nextCursor, CONTACTS_PER_BATCH],
  });
  return range ?? { upTo: null, size: 0 };
}

/** The next version becomes the one that counts, with its count, its day in the trend and, where asked for, its events. */
async function switchVersion(deps: Deps, input: { tx: Tx; segment: SegmentRow }): Promise<void> {
  const { tx, segment } = input;
  const now = deps.clock.now();
  const timezone = segment.nextTimezone ?? segment.timezone;
  const publishes = segment.nextPublishes === true && segment.version > 0;
  const transitions = publishes ? await differences(tx, { segment, now }) : [];
  await keepSince(tx, segment);
  await tellTransitions(deps, {
    tx,
    workspaceId: segment.workspaceId,
    timezone,
    now,
    segments: new Map([[segment.id, segment]]),
    transitions,
    causeOf: () => segment.nextCause ?? { kind: 'person', id: null },
  });
  await tx.query({
    text: `with counted as (
        select count(*) as members from segment_membership where segment_id = $1 and version = $2 and is_member),
      day as (
        insert into segment_trend as t (segment_id, day, members, entered, "left")
        select $1, ($3::timestamptz at time zone $4::text)::date, members, 0, 0 from counted
        on conflict (segment_id, day) do update set members = excluded.members)
      update segment set status = 'active', version = next_version, definition = next_definition,
        depends_on = next_depends_on, timezone = next_timezone, member_count = counted.members,
        has_stale = version > 0, updated_at = $3, next_version = null, next_definition = null, next_depends_on = null,
        next_timezone = null, next_publishes = null, next_cause = null, next_cursor = null, next_done = null, next_total = null
      from counted where id = $1`,
    values: [segment.id, segment.nextVersion, now, timezone],
  });
  if (!publishes) await recomputeDependents(deps, { tx, segment });
}

/** Who is in one version and not in the other. */
async function differences(tx: Tx, input: { segment: SegmentRow; now: Date }): Promise<Transition[]> {
  const { segment, now } = input;
  return many<Transition>(tx, {
    text: `select $1::uuid as "segmentId", $3::int as version, coalesce(n.contact_id, o.contact_id) as "contactId",
             n.contact_id is not null as "isMember", $4::timestamptz as at
           from (select contact_id from segment_membership where segment_id = $1 and version = $2 and is_member) o
           full join (select contact_id from segment_membership where segment_id = $1 and version = $3 and is_member) n
             on n.contact_id = o.contact_id
           where o.contact_id is null or n.contact_id is null`,
    values: [segment.id, segment.version, segment.nextVersion, now],
  });
}

/** Whoever was in before and still is, has been since then. */
async function keepSince(tx: Tx, segment: SegmentRow): Promise<void> {
  if (segment.version === 0) return;
  await tx.query({
    text: `update segment_membership n set since = o.since from segment_membership o
           where n.segment_id = $1 and n.version = $3 and o.segment_id = $1 and o.version = $2
             and o.contact_id = n.contact_id and o.is_member = n.is_member and o.since < n.since`,
    values: [segment.id, segment.version, segment.nextVersion],
  });
}

/** No event told the segments that name this one, so they are computed again. */
async function recomputeDependents(deps: Deps, input: { tx: Tx; segment: SegmentRow }): Promise<void> {
  const dependents = await many<SegmentRow>(input.tx, {
    text: `select ${SEGMENT_COLUMNS} from segment s where s.workspace_id = $1 and s.status <> 'archived'
             and (s.depends_on @> array[$2::text] or s.next_depends_on @> array[$2::text])`,
    values: [input.segment.workspaceId, `segment:${input.segment.key}`],
  });
  for (const dependent of dependents) {
    await startComputation(deps, {
      tx: input.tx,
      segmentId: dependent.id,
      definition: dependent.nextDefinition ?? dependent.definition,
      timezone: dependent.nextTimezone ?? dependent.timezone,
      publishes: dependent.nextPublishes ?? false,
      cause: dependent.nextCause,
    });
  }
}

async function removeStale(tx: Tx): Promise<number> {
  const segment = await one<{ id: string; version: number; nextVersion: number | null; status: string }>(tx, {
    name: 'segments_stale',
    text: `select id, version, next_version as "nextVersion", status from segment where has_stale
           limit 1 for update skip locked`,
  });
  if (!segment) return 0;
  const isArchived = segment.status === 'archived';
  const removed = await tx.query({
    text: `delete from segment_membership where ctid = any(array(
             select ctid from segment_membership where segment_id = $1
               and (version < $2 or version > $2 and version < $3) limit $4))`,
    values: [
      segment.id,
      isArchived ? VERSION_MAX : segment.version,
      isArchived ? VERSION_MAX : (segment.nextVersion ?? VERSION_MAX),
      STALE_ROWS_PER_BATCH,
    ],
  });
  if (removed.rowCount < STALE_ROWS_PER_BATCH) {
    await tx.query({ text: 'update segment set has_stale = false where id = $1', values: [segment.id] });
  }
  return Math.max(1, removed.rowCount);
}
const VERSION_MAX = 2_147_483_647;

/** Calendar units follow the workspace's time zone: whoever was computed in another one is computed again. */
async function followTimezones(deps: Deps, tx: Tx): Promise<number> {
  const strays = await many<SegmentRow & { wanted: string }>(tx, {
    name: 'segments_strays',
    text: `select ${SEGMENT_COLUMNS}, w.timezone as wanted from segment s join workspace w on w.id = s.workspace_id
           where s.status <> 'archived' and coalesce(s.next_timezone, s.timezone) <> w.timezone limit 100`,
  });
  if (strays.length === 0) return 0;
  await lockWorkspaces(
    tx,
    strays.map((segment) => segment.workspaceId),
  );
  let started = 0;
  for (const segment of strays) {
    const timezone = await usableTimezone(tx, segment.wanted);
    if (timezone === (segment.nextTimezone ?? segment.timezone)) continue;
    await startComputation(deps, {
      tx,
      segmentId: segment.id,
      definition: segment.nextDefinition ?? segment.definition,
      timezone,
      publishes: true,
      cause: segment.nextCause,
    });
    started += 1;
  }
  return started;
}

/** For a caller that has the segment but not its workspace's time zone. */
export async function startComputationInWorkspace(
  deps: { clock: Clock },
  input: Omit<Parameters<typeof startComputation>[1], 'timezone'> & { workspaceId: string },
): Promise<void> {
  const timezone = await workspaceTimezone(input.tx, { workspaceId: input.workspaceId });
  await startComputation(deps, { ...input, timezone });
}
