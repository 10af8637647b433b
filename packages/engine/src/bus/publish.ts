/**
 * Publishing: events are handed over inside the caller's transaction and written at its very end, under one lock, so that
 * `position` rises in the order of commits and a reader never skips a late commit. State and the event about it commit
 * together or not at all. May be repeated: an event with a known dedupe key is dropped.
 */
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { json, many, type Tx } from '#db/db.ts';
import { TextArray } from '#db/text-array.ts';
import type { NewBusEvent } from './bus-event.ts';

/** The advisory lock of the log's tail, held from the first event written until COMMIT. Any number, as long as it is ours. */
const TAIL_LOCK = 7_310_002;

/** NOTIFY channel that wakes the consumers. */
export const BUS_CHANNEL = 'growthos_bus';

const BEFORE_COMMIT_KEY = 'bus';

export interface Publisher {
  /** Buffers the events; they are on the log when the transaction commits, in the order of the calls. */
  publish(tx: Tx, events: readonly NewBusEvent[]): void;
}

export function createPublisher(deps: { clock: Clock }): Publisher {
  const buffers = new WeakMap<Tx, NewBusEvent[]>();
  return {
    publish(tx, events) {
      if (events.length === 0) return;
      const buffer = buffers.get(tx);
      if (buffer) {
        for (const event of events) buffer.push(event);
        return;
      }
      const fresh = [...events];
      buffers.set(tx, fresh);
      tx.beforeCommit(BEFORE_COMMIT_KEY, () => append(deps, { tx, events: fresh }));
    },
  };
}

const APPEND = {
  name: 'bus_append',
  text: `insert into bus_event
      (id, workspace_id, contact_id, origin_contact_id, source, type, time, recorded_at, dedupe_key, data, cause)
    select e.id, e.workspace_id, e.contact_id, e.contact_id, e.source, e.type, e.time, $9, e.dedupe_key,
      e.data::jsonb, e.cause::jsonb
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[],
      $10::text[]) with ordinality
      as e (id, workspace_id, contact_id, source, type, time, dedupe_key, data, cause, nth)
    order by e.nth
    on conflict do nothing`,
};

async function append(deps: { clock: Clock }, input: { tx: Tx; events: readonly NewBusEvent[] }): Promise<void> {
  const { tx, events } = input;
  // NOTIFY goes out at COMMIT, wherever in the transaction it is asked for: here it costs no statement of its own.
  await tx.query({
    name: 'bus_tail',
    text: `select pg_advisory_xact_lock($1), pg_notify('${BUS_CHANNEL}', '')`,
    values: [TAIL_LOCK],
  });
  await many(tx, {
    values: [
      events.map(() => newId()),
      events.map((event) => event.workspaceId),
      events.map((event) => event.contactId),
      new TextArray(events.map((event) => event.source)),
      new TextArray(events.map((event) => event.type)),
      events.map((event) => event.time.toISOString()),
      new TextArray(events.map((event) => event.dedupeKey ?? null)),
      new TextArray(events.map((event) => json(event.data))),
      deps.clock.now(),
      new TextArray(events.map((event) => (event.cause === null ? null : json(event.cause)))),
    ],
    ...APPEND,
  });
}

/** At COMMIT every process of the installation looks at once. */
export async function wakeConsumers(tx: Tx): Promise<void> {
  await tx.query({ name: 'bus_wake', text: `select pg_notify('${BUS_CHANNEL}', '')` });
}
