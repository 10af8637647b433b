/**
 * Which events of the ledger are due, and the events themselves. A full batch is followed by another: its events are read
 * and parsed ahead, on another connection, while the batch before is being written. That may be done too early or for
 * nothing: the ledger never changes, and what is due is asked for anew by whoever has the drain's lock.
 */
import { many, one, type Db, type Queryable, type Tx } from '#db/db.ts';
import type { InboxEvent, StoredEvent } from './inbox-event.ts';

/** An event that is pending. */
export interface DueEvent {
  readonly seq: bigint;
  /** How often it was tried. */
  readonly attempts: number;
}

/** The next batch, in the order of the ledger: events to be taken together, or one that is to be taken alone. */
export async function readDue(
  tx: Tx,
  input: { now: Date; sizeMax: number; aloneFromAttempts: number },
): Promise<DueEvent[]> {
  const waiting = await one(tx, {
    name: 'inbox_any_waiting',
    // Ordered, so that it is looked up in the index of those alone: the rows that were applied lie about for a while.
    text: 'select 1 from inbox_pending where not_before is not null order by not_before limit 1',
  });
  const due = await many<DueEvent>(
    tx,
    waiting === undefined
      ? {
          name: 'inbox_due',
          text: 'select seq, attempts from inbox_pending order by seq limit $1',
          values: [input.sizeMax],
        }
      : {
          name: 'inbox_due_behind_waiting',
          text: `with held as materialized (
                   select f.origin, f.subject, min(q.seq) as first_seq
                   from inbox_pending q join inbox_event f using (seq) where q.not_before > $2
                   group by f.origin, f.subject)
                 select p.seq, p.attempts from inbox_pending p join inbox_event e using (seq)
                   left join held h on h.origin = e.origin and h.subject = e.subject and h.first_seq < p.seq
                 where (p.not_before is null or p.not_before <= $2) and h.first_seq is null
                 order by p.seq limit $1`,
          values: [input.sizeMax, input.now],
        },
  );
  const firstAlone = due.findIndex((event) => event.attempts >= input.aloneFromAttempts);
  return firstAlone === -1 ? due : due.slice(0, Math.max(1, firstAlone));
}

/** Events that are probably next. */
export class ReadAhead {
  readonly #db: Db;
  #events: Promise<ReadonlyMap<bigint, StoredEvent>> | null = null;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Begins to read what follows in the ledger. The embedded storage has one session, and nothing to do beside. */
  begin(input: { after: bigint; sizeMax: number }): void {
    if (this.#db.kind === 'embedded') return;
    this.#events = readPending(this.#db, input).catch(() => new Map());
  }

  /** The due events themselves, in their order; what was not read ahead is read now. */
  async take(tx: Tx, due: readonly DueEvent[]): Promise<StoredEvent[]> {
    const ahead = (await this.#events) ?? new Map<bigint, StoredEvent>();
    this.#events = null;
    const missing = due.filter(({ seq }) => !ahead.has(seq)).map(({ seq }) => seq);
    const read = missing.length === 0 ? [] : await readEvents(tx, missing);
    const late = new Map(read.map((row) => [row.seq, parsed(row)]));
    return due.flatMap(({ seq }) => ahead.get(seq) ?? late.get(seq) ?? []);
  }
}

interface EventRow extends Omit<InboxEvent, 'payload'> {
  readonly seq: bigint;
  readonly receivedAt: Date;
  readonly payload: string;
}

/** One look-up of the ledger for each of these rows: a plan for many rows would read the whole ledger. */
const eventsOf = (rows: string): string => `select e.* from (${rows}) p
  cross join lateral (select seq, workspace_id as "workspaceId", source, origin, event_id as "eventId", type, subject,
    livemode, created_s::float8 as "createdS", via, received_at as "receivedAt", payload
    from inbox_event i where i.seq = p.seq offset 0) e order by e.seq`;

function readEvents(db: Queryable, seqs: readonly bigint[]): Promise<EventRow[]> {
  return many(db, { name: 'inbox_events', text: eventsOf('select unnest($1::bigint[]) as seq'), values: [[...seqs]] });
}

async function readPending(
  db: Queryable,
  input: { after: bigint; sizeMax: number },
): Promise<ReadonlyMap<bigint, StoredEvent>> {
  const rows = await many<EventRow>(db, {
    name: 'inbox_events_ahead',
    text: eventsOf('select seq from inbox_pending where seq > $1 order by seq limit $2'),
    values: [input.after, input.sizeMax],
  });
  return new Map(rows.map((row) => [row.seq, parsed(row)]));
}

function parsed(row: EventRow): StoredEvent {
  return { ...row, payload: JSON.parse(row.payload) as unknown };
}
