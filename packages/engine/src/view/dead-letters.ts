/** What could not be applied or handled, and waits for a person: of the ledger and of every consumer of the bus. */
import type { DeadLetter, DeadLetterList } from '@growthos/contracts/http/events.ts';
import type { PageQuery } from '@growthos/contracts/http/paging.ts';
import { many, type Db } from '#db/db.ts';
import { raw, sql } from '#db/sql.ts';
import { sentenceCase } from './billing-words.ts';
import { JOINED_CONTACT, type JoinedContact, joinedContactRef } from './contact-ref.ts';
import { cutPage, decodeCursor, encodeCursor } from './cursor.ts';

interface Row extends JoinedContact {
  id: string;
  consumer: string | null;
  source: string | null;
  type: string | null;
  error: string;
  died_at: Date;
  seq: bigint | null;
  event_id: string | null;
}

/** Ids of ledger rows start with this; all others are the bus's own. */
const LEDGER_PREFIX = 'inbox-';

/** Newest first. */
export async function deadLetters(
  deps: { db: Db },
  input: PageQuery & { workspaceId: string },
): Promise<DeadLetterList> {
  const { workspaceId, limit } = input;
  const [at, id] = input.cursor === undefined ? [null, null] : decodeCursor(input.cursor, 2);
  const rows = await many<Row>(
    deps.db,
    sql`select d.*, ${raw(JOINED_CONTACT)} from (
          select ${LEDGER_PREFIX} || x.seq as id, null as consumer, e.source, e.type, x.error, x.died_at, x.seq,
            null::uuid as event_id, null::uuid as of_contact
          from inbox_dead x join inbox_event e on e.seq = x.seq where x.workspace_id = ${workspaceId}
          union all
          select l.id::text, l.consumer, null, b.type, l.error, l.died_at, null, l.event_id, b.contact_id
          from bus_dead_letter l left join bus_event b on b.id = l.event_id
          where l.workspace_id = ${workspaceId} and l.replayed_at is null) d
        left join contact c on c.id = d.of_contact
        where ${at}::timestamptz is null or (d.died_at, d.id) < (${at}::timestamptz, ${id}::text)
        order by d.died_at desc, d.id desc limit ${limit + 1}`,
  );
  const page = cutPage(rows, { limit, cursorOf: (last) => encodeCursor([last.died_at.toISOString(), last.id]) });
  return { rows: page.rows.map(toDeadLetter), nextCursor: page.nextCursor };
}

/** The number in the ledger that a dead letter's id names; null for one of the bus. */
export function ledgerSeqOf(id: string): bigint | null {
  const digits = id.startsWith(LEDGER_PREFIX) ? id.slice(LEDGER_PREFIX.length) : '';
  return /^\d{1,18}$/.test(digits) ? BigInt(digits) : null;
}

function toDeadLetter(row: Row): DeadLetter {
  const reading = row.source === 'track' ? 'Reading product events' : 'Reading Stripe events';
  return {
    id: row.id,
    where: row.consumer === null ? reading : sentenceCase(row.consumer),
    type: row.type ?? 'unknown',
    error: row.error,
    diedAt: row.died_at.toISOString(),
    contact: joinedContactRef(row),
    ledgerSeq: row.seq === null ? null : String(row.seq),
    busEventId: row.event_id,
  };
}
