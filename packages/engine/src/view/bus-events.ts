/** The events on the bus: a list, and each as it is stored. */
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type {
  BusEventDetail,
  BusEventList,
  BusEventQuery,
  BusEventRow,
  EventTypes,
} from '@growthos/contracts/http/events.ts';
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { ENGINE_EVENTS } from '@growthos/contracts/events/engine.ts';
import type { Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { many, one, type Db } from '#db/db.ts';
import { join, raw, type Sql, sql } from '#db/sql.ts';
import { JOINED_CONTACT, type JoinedContact, joinedContactRef } from './contact-ref.ts';
import { cutPage, decodeCursor, encodeCursor, isUuid } from './cursor.ts';
import type { Viewer } from './date-text.ts';
import { eventTitle } from './event-title.ts';
import { sourceWords } from './source-words.ts';
import { viewerOf } from './viewer.ts';

interface Row extends JoinedContact {
  position: bigint;
  id: string;
  type: string;
  source: string;
  time: Date;
  recorded_at: Date;
  data: Record<string, unknown>;
  cause: EventCause | null;
}

const COLUMNS = raw(`b.position, b.id, b.type, b.source, b.time, b.recorded_at, b.data, b.cause, ${JOINED_CONTACT}`);
const FROM = sql`from bus_event b left join contact c on c.id = b.contact_id`;
/** What one received event led to is a handful; this is a bound, not a page. */
const PRODUCED_MAX = 100;

/** Newest first, by the order in which they were recorded. */
export async function busEventList(
  deps: { db: Db; clock: Clock },
  input: BusEventQuery & { workspaceId: string },
): Promise<BusEventList> {
  const where: Sql[] = [sql`b.workspace_id = ${input.workspaceId}`];
  if (input.type !== undefined) where.push(sql`b.type = ${input.type}`);
  if (input.contactId !== undefined) where.push(sql`b.contact_id = ${input.contactId}`);
  if (input.cursor !== undefined) {
    const [position] = decodeCursor(input.cursor, 1);
    where.push(sql`b.position < ${String(position)}::bigint`);
  }
  const rows = await many<Row>(
    deps.db,
    sql`select ${COLUMNS} ${FROM} where ${join(where, ' and ')} order by b.position desc limit ${input.limit + 1}`,
  );
  const viewer = await viewerOf(deps, input);
  const page = cutPage(rows, { limit: input.limit, cursorOf: (last) => encodeCursor([String(last.position)]) });
  return { rows: page.rows.map((row) => toRow(row, viewer)), nextCursor: page.nextCursor };
}

/** @throws NotFoundError, for an event of another workspace as well. */
export async function busEventDetail(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; eventId: string },
): Promise<BusEventDetail> {
  const row = isUuid(input.eventId)
    ? await one<Row & { cause_seq: bigint | null }>(
        deps.db,
        // The ledger is unique by who sent it and its id: the account behind `stripe:`, or the workspace itself.
        sql`select ${COLUMNS}, (select i.seq from inbox_event i where i.event_id = b.cause ->> 'id'
              and i.origin in (substr(b.source, 8), b.workspace_id::text) and i.workspace_id = b.workspace_id
              order by i.seq limit 1) as cause_seq
            ${FROM} where b.id = ${input.eventId} and b.workspace_id = ${input.workspaceId}`,
      )
    : undefined;
  if (!row) throw new NotFoundError('There is no such event in this workspace.');
  const viewer = await viewerOf(deps, input);
  const { cause } = row;
  return {
    ...toRow(row, viewer),
    data: row.data,
    cause: cause === null ? null : { kind: cause.kind, id: cause.id, type: cause.type ?? null },
    causeSeq: row.cause_seq === null ? null : String(row.cause_seq),
  };
}

/** What a received event led to, in the order of its telling. */
export async function producedBy(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; causeId: string },
): Promise<BusEventRow[]> {
  const rows = await many<Row>(
    deps.db,
    sql`select ${COLUMNS} ${FROM} where b.workspace_id = ${input.workspaceId} and b.cause ->> 'id' = ${input.causeId}
        order by b.position limit ${PRODUCED_MAX}`,
  );
  const viewer = await viewerOf(deps, input);
  return rows.map((row) => toRow(row, viewer));
}

function toRow(row: Row, viewer: Viewer): BusEventRow {
  return {
    id: row.id,
    type: row.type,
    title: eventTitle(row, viewer).title,
    source: sourceWords(row.source),
    at: row.time.toISOString(),
    recordedAt: row.recorded_at.toISOString(),
    contact: joinedContactRef(row),
  };
}

/** The latest events are looked at for the names that this workspace's app uses. */
const RECENT = 2000;

export async function eventTypes(deps: { db: Db }, input: { workspaceId: string }): Promise<EventTypes> {
  const ledger = await many<{ type: string }>(deps.db, {
    text: `select distinct type from (select type from inbox_event where workspace_id = $1 and source = 'stripe'
             order by seq desc limit ${RECENT}) recent order by 1`,
    values: [input.workspaceId],
  });
  const bus = await many<{ type: string }>(deps.db, {
    text: `select distinct type from (select type from bus_event where workspace_id = $1
             order by position desc limit ${RECENT}) recent order by 1`,
    values: [input.workspaceId],
  });
  const known = [...Object.keys(BILLING_EVENTS), ...Object.keys(ENGINE_EVENTS)];
  return {
    ledger: ledger.map((row) => row.type),
    bus: [...new Set([...known, ...bus.map((row) => row.type)])],
  };
}
