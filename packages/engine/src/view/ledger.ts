/** The ledger: every event as it was received, with what became of it. */
import type { LedgerEvent, LedgerList, LedgerQuery, LedgerRow } from '@growthos/contracts/http/events.ts';
import type { Clock } from '#base/clock.ts';
import { fromEpochS } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { many, one, type Db } from '#db/db.ts';
import { join, raw, type Sql, sql } from '#db/sql.ts';
import { producedBy } from './bus-events.ts';
import { cutPage, decodeCursor, encodeCursor } from './cursor.ts';
import { stripeLink } from './stripe-link.ts';

interface Row {
  seq: bigint;
  event_id: string;
  source: 'stripe' | 'track';
  origin: string;
  type: string;
  subject: string;
  livemode: boolean;
  created_s: bigint;
  received_at: Date;
  via: string;
  pending_attempts: number | null;
  dead_attempts: number | null;
  error: string | null;
}

const COLUMNS =
  raw(`e.seq, e.event_id, e.source, e.origin, e.type, e.subject, e.livemode, e.created_s, e.received_at, e.via,
  p.attempts::int as pending_attempts, d.attempts::int as dead_attempts, d.error`);
const JOINS = sql`left join inbox_pending p on p.seq = e.seq left join inbox_dead d on d.seq = e.seq`;

/** Newest first. What waits and what is dead is found from its own table, so that a filter never walks the ledger. */
export async function ledgerList(deps: { db: Db }, input: LedgerQuery & { workspaceId: string }): Promise<LedgerList> {
  const where: Sql[] = [sql`e.workspace_id = ${input.workspaceId}`];
  if (input.source !== undefined) where.push(sql`e.source = ${input.source}`);
  if (input.type !== undefined) where.push(sql`e.type = ${input.type}`);
  if (input.q !== undefined && input.q !== '') where.push(named(input.workspaceId, input.q));
  if (input.status === 'applied') where.push(sql`p.seq is null and d.seq is null`);
  if (input.status === 'received') where.push(sql`p.seq is not null and d.seq is null`);
  if (input.status === 'dead') where.push(sql`d.seq is not null`);
  if (input.cursor !== undefined) {
    const [seq] = decodeCursor(input.cursor, 1);
    where.push(sql`e.seq < ${String(seq)}::bigint`);
  }
  const from =
    input.status === 'dead'
      ? sql`from inbox_dead d join inbox_event e on e.seq = d.seq left join inbox_pending p on p.seq = e.seq`
      : input.status === 'received'
        ? sql`from inbox_pending p join inbox_event e on e.seq = p.seq left join inbox_dead d on d.seq = e.seq`
        : sql`from inbox_event e ${JOINS}`;
  const rows = await many<Row>(
    deps.db,
    sql`select ${COLUMNS} ${from} where ${join(where, ' and ')} order by e.seq desc limit ${input.limit + 1}`,
  );
  const page = cutPage(rows, { limit: input.limit, cursorOf: (last) => encodeCursor([String(last.seq)]) });
  return { rows: page.rows.map(toRow), nextCursor: page.nextCursor };
}

/** Events with this id or about this subject, each by its own index: ids are unique for each sender. */
function named(workspaceId: string, q: string): Sql {
  return sql`e.seq in (
    select i.seq from inbox_event i where i.event_id = ${q} and i.origin in (
      select a.account from stripe_account a where a.workspace_id = ${workspaceId} union select ${workspaceId}::text)
    union all
    select i.seq from inbox_event i where i.workspace_id = ${workspaceId} and i.subject = ${q})`;
}

/** @throws NotFoundError, for an event of another workspace as well. */
export async function ledgerEvent(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; seq: string },
): Promise<LedgerEvent> {
  const row = /^\d{1,18}$/.test(input.seq)
    ? await one<Row & { payload: string }>(
        deps.db,
        sql`select ${COLUMNS}, e.payload from inbox_event e ${JOINS}
            where e.seq = ${input.seq}::bigint and e.workspace_id = ${input.workspaceId}`,
      )
    : undefined;
  if (!row) throw new NotFoundError('There is no such event in this workspace.');
  return {
    ...toRow(row),
    payload: parsed(row.payload),
    produced: await producedBy(deps, { workspaceId: input.workspaceId, causeId: row.event_id }),
    url:
      row.source === 'stripe' && row.origin.startsWith('acct_')
        ? stripeLink({ account: row.origin, livemode: row.livemode, path: `events/${row.event_id}` })
        : null,
  };
}

function toRow(row: Row): LedgerRow {
  const isDead = row.dead_attempts !== null;
  return {
    seq: String(row.seq),
    eventId: row.event_id,
    source: row.source,
    type: row.type,
    subject: row.subject,
    createdAt: fromEpochS(Number(row.created_s)).toISOString(),
    receivedAt: row.received_at.toISOString(),
    via: row.via,
    status: isDead ? 'dead' : row.pending_attempts === null ? 'applied' : 'received',
    attempts: row.dead_attempts ?? row.pending_attempts ?? 0,
    error: row.error,
  };
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload) as unknown;
  } catch {
    return payload;
  }
}
