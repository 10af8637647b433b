import { many, type Queryable } from '#db/db.ts';
import { TextArray } from '#db/text-array.ts';
import type { InboxEvent } from './inbox-event.ts';

/**
 * One statement for any number of events: the ledger row and the pending row, or neither. Of two events with one key the
 * first is kept, whether the other one is in the ledger already or stands later in the same batch.
 */
const INSERT = {
  name: 'inbox_insert',
  text: `with stored as (
      insert into inbox_event
        (workspace_id, source, origin, event_id, type, subject, livemode, created_s, via, received_at, payload)
      select e.workspace_id, e.source, e.origin, e.event_id, e.type, e.subject, e.livemode, e.created_s, e.via, $11, e.payload
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::bigint[],
        $9::text[], $10::text[]) with ordinality
        as e (workspace_id, source, origin, event_id, type, subject, livemode, created_s, via, payload, nth)
      order by e.nth
      on conflict (origin, event_id) do nothing
      returning seq, origin, event_id),
    pending as (insert into inbox_pending (seq) select seq from stored)
    select origin, event_id from stored`,
};

/** Puts events into the ledger, to be applied. Returns the keys (`inboxKey`) of those that were new. */
export async function insertEvents(
  db: Queryable,
  input: { events: readonly InboxEvent[]; now: Date },
): Promise<Set<string>> {
  const { events, now } = input;
  const rows = await many<{ origin: string; event_id: string }>(db, {
    values: [
      events.map((event) => event.workspaceId),
      new TextArray(events.map((event) => event.source)),
      new TextArray(events.map((event) => event.origin)),
      new TextArray(events.map((event) => event.eventId)),
      new TextArray(events.map((event) => event.type)),
      new TextArray(events.map((event) => event.subject)),
      events.map((event) => event.livemode),
      events.map((event) => event.createdS),
      new TextArray(events.map((event) => event.via)),
      new TextArray(events.map((event) => event.payload)),
      now,
    ],
    ...INSERT,
  });
  return new Set(rows.map((row) => inboxKey(row.origin, row.event_id)));
}

export function inboxKey(origin: string, eventId: string): string {
  return `${origin} ${eventId}`;
}
