/** What the files of a replay share: its row, which events it has taken over from its consumer, and the stopping of both. */
import { many, type Queryable, type Tx } from '#db/db.ts';
import type { BusEvent } from '../bus-event.ts';

/** The stretch of the log that a replay hands over, and whose events. */
export interface Stretch {
  /** Null: of every workspace. */
  readonly workspaceId: string | null;
  readonly since: Date;
  /** Its first event lies behind this position. */
  readonly beginsAfter: bigint;
  /** Everything behind this position is taken over whatever its time: the consumer had not heard it. */
  readonly heardAll: bigint;
  /** Null while it runs: everything that comes belongs to it. */
  readonly heldTo: bigint | null;
}

export const STRETCH_COLUMNS = `workspace_id as "workspaceId", since, begins_after as "beginsAfter",
  heard_all as "heardAll", held_to as "heldTo"`;

/** The events that no open replay of the consumer has taken over. Call it with the consumer's place locked. */
export async function withoutReplayed(
  tx: Tx,
  input: { consumer: string; events: readonly BusEvent[] },
): Promise<readonly BusEvent[]> {
  const stretches = await many<Stretch>(tx, {
    name: 'bus_replays_open',
    text: `select ${STRETCH_COLUMNS} from bus_replay where consumer = $1 and ended_at is null`,
    values: [input.consumer],
  });
  return input.events.filter((event) => !stretches.some((stretch) => isTaken(stretch, event)));
}

function isTaken(stretch: Stretch, event: BusEvent): boolean {
  if (stretch.workspaceId !== null && stretch.workspaceId !== event.workspaceId) return false;
  if (event.position <= stretch.beginsAfter) return false;
  if (event.position <= stretch.heardAll && event.recordedAt < stretch.since) return false;
  return stretch.heldTo === null || event.position <= stretch.heldTo;
}

/** Where a consumer stands. `all`: everything up to there is heard; `most`: nothing behind it is. */
export interface Heard {
  readonly all: bigint;
  readonly most: bigint;
}

/**
 * Waits until nobody hands events to the consumer, and keeps it so until the end of the transaction. The order of the locks
 * is that of everybody who takes several: the consumer, then its partitions. Undefined: it has no place yet.
 */
export async function stopConsumer(tx: Tx, consumer: string): Promise<Heard | undefined> {
  const [whole] = await many<{ position: bigint }>(tx, {
    text: 'select position from bus_consumer where name = $1 for update',
    values: [consumer],
  });
  if (!whole) return undefined;
  const parts = await many<{ position: bigint }>(tx, {
    text: 'select position from bus_partition where consumer = $1 order by partition for update',
    values: [consumer],
  });
  const most = parts.reduce((max, part) => (part.position > max ? part.position : max), whole.position);
  return { all: whole.position, most };
}

/** Whether a replay of the consumer runs that concerns this workspace, or (null) any. */
export async function isReplaying(
  db: Queryable,
  input: { consumer: string; workspaceId: string | null },
): Promise<boolean> {
  const open = await many(db, {
    text: `select 1 from bus_replay where consumer = $1 and ended_at is null
             and (workspace_id is null or $2::uuid is null or workspace_id = $2) limit 1`,
    values: [input.consumer, input.workspaceId],
  });
  return open.length > 0;
}
