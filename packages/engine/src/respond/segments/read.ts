import { Filter } from '@growthos/contracts/filter/filter.ts';
import { readBack } from '@growthos/contracts/filter/read-back.ts';
import type {
  Segment,
  SegmentMember,
  SegmentMembers,
  SegmentSummary,
  TrendPoint,
} from '@growthos/contracts/http/segments.ts';
import type { Clock } from '#base/clock.ts';
import { InvalidInputError, NotFoundError } from '#base/errors.ts';
import { groupBy } from '#base/group-by.ts';
import { many, type Db } from '#db/db.ts';
import { segmentsUsing } from './define.ts';
import { findSegment, isUuid, listSegmentRows, workspaceTimezone, type SegmentRow } from './segment-row.ts';

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
}

const TREND_DAYS = 30;

/** The segments of a workspace that are not archived, by name. */
export async function listSegments(deps: Deps, input: { workspaceId: string }): Promise<SegmentSummary[]> {
  const rows = await listSegmentRows(deps.db, input);
  const trends = await readTrends(deps, { workspaceId: input.workspaceId, ids: rows.map((row) => row.id) });
  const names = namesOf(rows);
  return rows.map((row) => toSummary(row, { names, trend: trends.get(row.id) ?? [] }));
}

export async function readSegment(deps: Deps, input: { workspaceId: string; id: string }): Promise<Segment> {
  const row = await mustRead(deps, input);
  const rows = await listSegmentRows(deps.db, input);
  const trends = await readTrends(deps, { workspaceId: input.workspaceId, ids: [row.id] });
  return {
    ...toSummary(row, { names: namesOf(rows), trend: trends.get(row.id) ?? [] }),
    definition: Filter.parse(row.definition),
    nextDefinition: row.nextDefinition === null || row.version === 0 ? null : Filter.parse(row.nextDefinition),
    usedBy: await segmentsUsing(deps.db, { workspaceId: input.workspaceId, key: row.key }),
  };
}

async function mustRead(deps: Deps, input: { workspaceId: string; id: string }): Promise<SegmentRow> {
  const row = await findSegment(deps.db, input);
  if (!row || row.status === 'archived') throw new NotFoundError('There is no such segment.');
  return row;
}

function namesOf(rows: readonly SegmentRow[]): Readonly<Record<string, string>> {
  return Object.fromEntries(rows.map((row) => [row.key, row.name]));
}

function toSummary(
  row: SegmentRow,
  input: { names: Readonly<Record<string, string>>; trend: TrendPoint[] },
): SegmentSummary {
  const { nextVersion, nextDone, nextTotal } = row;
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    description: row.description,
    status: row.status,
    sentence: readBack(Filter.parse(row.definition), { segments: input.names }),
    memberCount: Number(row.memberCount),
    progress: nextVersion === null ? null : { done: Number(nextDone ?? 0n), total: Number(nextTotal ?? 0n) },
    templateKey: row.template?.key ?? null,
    trend: input.trend,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** One point per day, oldest first; a day on which nothing changed repeats the count of the day before. */
async function readTrends(
  deps: Deps,
  input: { workspaceId: string; ids: readonly string[] },
): Promise<Map<string, TrendPoint[]>> {
  const timezone = await workspaceTimezone(deps.db, input);
  const rows = await many<TrendPoint & { segmentId: string }>(deps.db, {
    name: 'segments_trend',
    text: `select s.id as "segmentId", d.day::text as day, coalesce(t.members, before.members, 0)::int as members,
             coalesce(t.entered, 0)::int as entered, coalesce(t."left", 0)::int as left
           from unnest($1::uuid[]) as s (id)
           cross join (select (($2::timestamptz at time zone $3::text)::date - n) as day from generate_series(0, $4::int - 1) n) d
           left join segment_trend t on t.segment_id = s.id and t.day = d.day
           left join lateral (
             select b.members from segment_trend b where b.segment_id = s.id and b.day < d.day order by b.day desc limit 1
           ) before on true
           order by s.id, d.day`,
    values: [input.ids, deps.clock.now(), timezone, TREND_DAYS],
  });
  const bySegment = groupBy(rows, (row) => row.segmentId);
  return new Map(
    [...bySegment].map(([segmentId, points]) => [
      segmentId,
      points.map(({ day, members, entered, left }) => ({ day, members, entered, left })),
    ]),
  );
}

interface MemberRow extends Omit<SegmentMember, 'since' | 'nextFlipAt' | 'mrrMinor'> {
  readonly mrrMinor: bigint | null;
  readonly since: Date;
  readonly nextFlipAt: Date | null;
}

/** A page of members, the newest first. `cursor` is that of the page before. */
export async function listMembers(
  deps: Deps,
  input: { workspaceId: string; id: string; cursor: string | null; limit: number },
): Promise<SegmentMembers> {
  const segment = await mustRead(deps, input);
  const after = input.cursor === null ? null : readCursor(input.cursor);
  const rows = await many<MemberRow>(deps.db, {
    name: after ? 'segments_members_after' : 'segments_members',
    text: `select m.contact_id as "contactId", c.email, c.name, c.billing_status as "billingStatus",
             c.plan_name as "planName", c.mrr_minor as "mrrMinor", c.mrr_currency as "mrrCurrency", m.since,
             m.next_flip_at as "nextFlipAt"
           from segment_membership m join contact c on c.id = m.contact_id
           where m.segment_id = $1 and m.version = $2 and m.is_member
             ${after ? 'and m.since <= $4 and (m.since < $4 or m.contact_id > $5)' : ''}
           order by m.since desc, m.contact_id limit $3`,
    values: [segment.id, segment.version, input.limit + 1, ...(after ? [after.since, after.contactId] : [])],
  });
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  return {
    members: page.map((row) => ({
      ...row,
      mrrMinor: row.mrrMinor === null ? null : Number(row.mrrMinor),
      since: row.since.toISOString(),
      nextFlipAt: row.nextFlipAt?.toISOString() ?? null,
    })),
    nextCursor: last && rows.length > input.limit ? `${last.since.toISOString()}_${last.contactId}` : null,
  };
}

function readCursor(cursor: string): { since: Date; contactId: string } {
  const [since = '', contactId = ''] = cursor.split('_');
  const date = new Date(since);
  if (Number.isNaN(date.getTime()) || !isUuid(contactId)) {
    throw new InvalidInputError('"cursor" is not one that this list gave.', { field: 'cursor' });
  }
  return { since: date, contactId };
}

/** The segments that a contact is in now, the newest first: for the chips on the contact's page. */
export async function segmentsOfContact(
  deps: { db: Db },
  input: { workspaceId: string; contactId: string },
): Promise<{ segmentId: string; key: string; name: string; since: Date; nextFlipAt: Date | null }[]> {
  return many(deps.db, {
    name: 'segments_of_contact',
    text: `select s.id as "segmentId", s.key, s.name, m.since, m.next_flip_at as "nextFlipAt"
           from segment_membership m join segment s on s.id = m.segment_id and s.version = m.version
           where m.contact_id = $2 and m.is_member and s.workspace_id = $1 and s.status <> 'archived'
           order by m.since desc, s.name`,
    values: [input.workspaceId, input.contactId],
  });
}

/** Whether a contact is in a segment now, by the segment's id: for a last look before something is sent. */
export async function isInSegment(
  db: Pick<Db, 'query'>,
  input: { workspaceId: string; segmentId: string; contactId: string },
): Promise<boolean> {
  const rows = await many(db, {
    name: 'segments_is_in',
    text: `select 1 from segment s join segment_membership m on m.segment_id = s.id and m.version = s.version
           where s.workspace_id = $1 and s.id = $2 and m.contact_id = $3 and m.is_member and s.status <> 'archived'`,
    values: [input.workspaceId, input.segmentId, input.contactId],
  });
  return rows.length > 0;
}

const EXPORT_PAGE = 1000;

/** All members as CSV, page by page. A cell that a spreadsheet would take for a formula is quoted with an apostrophe. */
export async function* exportMembers(deps: Deps, input: { workspaceId: string; id: string }): AsyncGenerator<string> {
  yield 'contact_id,email,name,billing_status,plan_name,mrr_minor,mrr_currency,since,next_flip_at\r\n';
  let cursor: string | null = null;
  do {
    const page: SegmentMembers = await listMembers(deps, { ...input, cursor, limit: EXPORT_PAGE });
    yield page.members.map(csvLine).join('');
    cursor = page.nextCursor;
  } while (cursor !== null);
}

function csvLine(member: SegmentMember): string {
  const { contactId, email, name, billingStatus, planName, mrrMinor, mrrCurrency, since, nextFlipAt } = member;
  const cells = [contactId, email, name, billingStatus, planName, mrrMinor, mrrCurrency, since, nextFlipAt];
  return `${cells.map((cell) => csvCell(cell === null ? '' : String(cell))).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
