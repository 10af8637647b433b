/**
 * Counting while somebody edits: how many people a tree means, and five of them. A workspace of up to
 * `EXACT_COUNT_MAX` contacts is counted; of a larger one a sample of blocks is, so that the answer comes at once, and the
 * exact count is a second question.
 */
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import { readBack } from '@growthos/contracts/filter/read-back.ts';
import type { SegmentPreview } from '@growthos/contracts/http/segments.ts';
import type { Clock } from '#base/clock.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { sql, type Sql } from '#db/sql.ts';
import { compileTruth, populationSql } from './compile.ts';
import { readFilter } from './define.ts';
import { listSegmentRows, workspaceTimezone } from './segment-row.ts';

/** Contacts that are counted one by one without being asked to. */
const EXACT_COUNT_MAX = 20_000;
/** Contacts looked at for an estimate: its standard error is then below half a percent of the workspace. */
const SAMPLE_SIZE = 10_000;
const SAMPLE_PEOPLE = 5;

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
}

export async function previewSegment(
  deps: Deps,
  input: { workspaceId: string; definition: unknown; exact: boolean },
): Promise<SegmentPreview> {
  const { workspaceId } = input;
  const filter = readFilter(input.definition);
  return deps.db.transaction(async (tx) => {
    await tx.query({ text: `select set_config('jit', 'off', true)` });
    const rows = await listSegmentRows(tx, { workspaceId });
    const sentence = readBack(filter, { segments: Object.fromEntries(rows.map((row) => [row.key, row.name])) });
    const timezone = await workspaceTimezone(tx, { workspaceId });
    const share = input.exact ? null : await sampleShare(tx, { workspaceId });
    const compiled = compileTruth(filter, { workspaceId, timezone, now: deps.clock.now() });
    const from =
      share === null ? sql`contact c` : sql`contact c tablesample system (${share * 100}::real) repeatable (1)`;
    const source = sql`${from} ${compiled.joins} where ${populationSql(workspaceId)}`;
    const counts = await countIn(tx, { source, isMember: compiled.isMember });
    const sample = await many<SegmentPreview['sample'][number]>(
      tx,
      sql`select c.id as "contactId", c.email, c.name, c.billing_status as "billingStatus", c.plan_name as "planName"
        from ${source} and ${compiled.isMember} limit ${SAMPLE_PEOPLE}::int`,
    );
    const scale = (n: number): number => (share === null ? n : Math.round(n / share));
    return { sentence, count: scale(counts.members), total: scale(counts.total), isEstimate: share !== null, sample };
  });
}

async function countIn(tx: Tx, input: { source: Sql; isMember: Sql }): Promise<{ members: number; total: number }> {
  const row = await one<{ members: number; total: number }>(
    tx,
    sql`select count(*) filter (where ${input.isMember})::int as members, count(*)::int as total from ${input.source}`,
  );
  return row ?? { members: 0, total: 0 };
}

/** The share of the table to look at; null where the workspace is small, or the database can't tell its size. */
async function sampleShare(tx: Tx, input: { workspaceId: string }): Promise<number | null> {
  const row = await one<{ rows: number; some: number }>(tx, {
    name: 'segments_sample_share',
    text: `select (select reltuples::float8 from pg_class where oid = 'contact'::regclass) as rows,
             (select count(*)::int from (select 1 from contact where workspace_id = $1 and merged_into is null
                limit $2) c) as some`,
    values: [input.workspaceId, EXACT_COUNT_MAX + 1],
  });
  if (!row || row.some <= EXACT_COUNT_MAX || row.rows <= EXACT_COUNT_MAX) return null;
  return SAMPLE_SIZE / row.rows;
}

/** Counts one saved or unsaved filter exactly: for checks and bench figures. */
export async function countMembers(deps: Deps, input: { workspaceId: string; filter: Filter }): Promise<number> {
  const timezone = await workspaceTimezone(deps.db, { workspaceId: input.workspaceId });
  const compiled = compileTruth(input.filter, { workspaceId: input.workspaceId, timezone, now: deps.clock.now() });
  const row = await one<{ n: number }>(
    deps.db,
    sql`select count(*)::int as n from contact c ${compiled.joins}
      where ${populationSql(input.workspaceId)} and ${compiled.isMember}`,
  );
  return row?.n ?? 0;
}
