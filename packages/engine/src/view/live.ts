/**
 * What happens in a workspace, as it happens: the events of the bus after a position, for an open page. Told at least once
 * and in the order of the bus; a page that was away asks again from where it was.
 */
import type { Clock } from '#base/clock.ts';
import { many, one, type Db } from '#db/db.ts';
import { eventTitle } from './event-title.ts';

export interface LiveEvent {
  readonly position: string;
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly at: string;
  readonly contactId: string | null;
}

const BATCH_MAX = 200;

/** Events after `after`; without it none, and `position` is the bus's present end. */
export async function liveEvents(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; after: string | null },
): Promise<{ events: LiveEvent[]; position: string }> {
  if (input.after === null) {
    const end = await one<{ position: bigint | null }>(deps.db, {
      name: 'view_live_end',
      text: 'select max(position) as position from bus_event',
    });
    return { events: [], position: String(end?.position ?? 0n) };
  }
  const rows = await many<{
    position: bigint;
    id: string;
    type: string;
    source: string;
    time: Date;
    contact_id: string | null;
    data: Record<string, unknown>;
  }>(deps.db, {
    name: 'view_live',
    text: `select position, id, type, source, time, contact_id, data from bus_event
           where workspace_id = $1 and position > $2 order by position limit ${BATCH_MAX}`,
    values: [input.workspaceId, BigInt(input.after)],
  });
  const viewer = { now: deps.clock.now(), timezone: 'UTC' };
  const events = rows.map((row) => ({
    position: String(row.position),
    id: row.id,
    type: row.type,
    title: eventTitle(row, viewer).title,
    at: row.time.toISOString(),
    contactId: row.contact_id,
  }));
  return { events, position: events.at(-1)?.position ?? input.after };
}
