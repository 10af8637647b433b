import { Filter } from '@growthos/contracts/filter/filter.ts';
import { stableHash } from '#base/ids.ts';
import { many, one, type Queryable, type Tx } from '#db/db.ts';

export interface SegmentRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly key: string;
  readonly name: string;
  readonly description: string | null;
  readonly status: 'active' | 'computing' | 'archived';
  readonly definition: Filter;
  readonly version: number;
  readonly dependsOn: readonly string[];
  readonly timezone: string;
  readonly template: { key: string; parameters: Record<string, unknown> } | null;
  readonly memberCount: bigint;
  readonly nextVersion: number | null;
  readonly nextDefinition: Filter | null;
  readonly nextDependsOn: readonly string[] | null;
  readonly nextTimezone: string | null;
  readonly nextPublishes: boolean | null;
  readonly nextCursor: string | null;
  readonly nextDone: bigint | null;
  readonly nextTotal: bigint | null;
  readonly nextCause: { kind: 'person' | 'api'; id: string | null } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Columns of `segment` (as `s`) under the names of `SegmentRow`. */
export const SEGMENT_COLUMNS = `s.id, s.workspace_id as "workspaceId", s.key, s.name, s.description, s.status, s.definition,
  s.version, s.depends_on as "dependsOn", s.timezone, s.template, s.member_count as "memberCount",
  s.next_version as "nextVersion", s.next_definition as "nextDefinition", s.next_depends_on as "nextDependsOn",
  s.next_timezone as "nextTimezone", s.next_publishes as "nextPublishes", s.next_cursor as "nextCursor",
  s.next_done as "nextDone", s.next_total as "nextTotal", s.next_cause as "nextCause", s.created_at as "createdAt",
  s.updated_at as "updatedAt"`;

/** First key of the advisory locks of this stage; the second is a hash of the workspace. Any number, as long as it is ours. */
const SEGMENTS_LOCK = 7_310_008;
/** One process at a time works off due flips. */
export const FLIPS_LOCK = 7_310_009;

/**
 * Whoever writes memberships of a workspace holds this until COMMIT, so that an evaluation which saw an older state never
 * overwrites one that saw a newer. Take it before the first statement that reads contacts.
 */
export async function lockWorkspaces(tx: Tx, workspaceIds: readonly string[]): Promise<void> {
  const hashes = [...new Set(workspaceIds.map((id) => stableHash(id) | 0))].sort((a, b) => a - b);
  await tx.query({
    name: 'segments_lock',
    text: `select pg_advisory_xact_lock($1, h.hash)
           from (select hash from unnest($2::int[]) as u (hash) order by hash offset 0) h`,
    values: [SEGMENTS_LOCK, hashes],
  });
}

/**
 * Settings for the workers' transactions, which are many and short: no just-in-time compilation; plans are kept, and only
 * such as find each row by an index, because one that was made while the tables were small stays when they have grown; and
 * COMMIT does not wait for the disk. The last is safe there, because the log is written in order: whatever a crash of the server
 * loses, the position of the consumer (or the due flip) is lost with it, and everything that came after.
 */
export async function hurry(tx: Tx): Promise<void> {
  await tx.query({
    name: 'segments_hurry',
    text: `select set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true),
             set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
             set_config('enable_mergejoin', 'off', true), set_config('synchronous_commit', 'off', true)`,
  });
}

export async function findSegment(
  db: Queryable,
  input: { workspaceId: string; id: string },
): Promise<SegmentRow | undefined> {
  if (!isUuid(input.id)) return undefined;
  return one<SegmentRow>(db, {
    text: `select ${SEGMENT_COLUMNS} from segment s where s.workspace_id = $1 and s.id = $2`,
    values: [input.workspaceId, input.id],
  });
}

export async function listSegmentRows(db: Queryable, input: { workspaceId: string }): Promise<SegmentRow[]> {
  return many<SegmentRow>(db, {
    text: `select ${SEGMENT_COLUMNS} from segment s where s.workspace_id = $1 and s.status <> 'archived' order by s.name, s.key`,
    values: [input.workspaceId],
  });
}

export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/**
 * The workspace's time zone if both the runtime and the database know it, else UTC: a wrong setting must not stop every
 * segment. What the database knows is asked once per name.
 */
export async function workspaceTimezone(db: Queryable, input: { workspaceId: string }): Promise<string> {
  const row = await one<{ timezone: string }>(db, {
    name: 'segments_timezone',
    text: 'select timezone from workspace where id = $1',
    values: [input.workspaceId],
  });
  return usableTimezone(db, row?.timezone ?? 'UTC');
}

const known = new Map<string, boolean>([['UTC', true]]);

export async function usableTimezone(db: Queryable, setting: string): Promise<string> {
  const answer = known.get(setting);
  if (answer !== undefined) return answer ? setting : 'UTC';
  const rows = await many(db, { text: 'select 1 from pg_timezone_names where name = $1', values: [setting] });
  known.set(setting, rows.length > 0);
  return rows.length > 0 ? setting : 'UTC';
}
