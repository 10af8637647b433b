import { ConflictError, InvalidInputError, NotFoundError } from '#base/errors.ts';
import { many, type Tx } from '#db/db.ts';
import { BUS_EVENT_COLUMNS, type BusEvent } from '../bus-event.ts';
import { findConsumer, type ReplayDeps } from './ask-replay.ts';
import { isReplaying, stopConsumer } from './replay-row.ts';

/** More than that is asked for by time. */
export const REPLAYED_EVENTS_MAX = 500;

/**
 * Hands some events of a workspace to a consumer once more, at once, in the order of the log and in one transaction, while
 * the consumer waits. What it has not heard yet is left to its turn. Dead letters of these events are settled by it.
 * @returns how many it was given. @throws NotFoundError for an event or a consumer that is not there, InvalidInputError
 * where the consumer wants none of them, ConflictError while a replay runs, and what the handler throws; then nothing changed.
 */
export async function replayEvents(
  deps: ReplayDeps,
  input: {
    consumer: string;
    workspaceId: string;
    eventIds: readonly string[];
    alsoThen?: (tx: Tx) => Promise<void>;
  },
): Promise<number> {
  const consumer = findConsumer(deps, input.consumer);
  const ids = [...new Set(input.eventIds)];
  if (ids.length === 0 || ids.length > REPLAYED_EVENTS_MAX) {
    throw new InvalidInputError(`Name 1 to ${REPLAYED_EVENTS_MAX} events, or a time.`, { field: 'eventIds' });
  }
  return deps.db.transaction(async (tx) => {
    const heard = await stopConsumer(tx, consumer.name);
    if (await isReplaying(tx, { consumer: consumer.name, workspaceId: input.workspaceId })) {
      throw new ConflictError('A replay is running already. Wait for its end.');
    }
    const found = await many<BusEvent>(tx, {
      text: `select ${BUS_EVENT_COLUMNS}, true as "isReplay" from bus_event
             where id = any($1::uuid[]) and workspace_id = $2 order by position`,
      values: [ids, input.workspaceId],
    });
    if (found.length < ids.length) throw new NotFoundError('There is no such event.');
    const wanted = found.filter((event) => consumer.types === null || consumer.types.includes(event.type));
    if (wanted.length === 0) throw new InvalidInputError(`${consumer.name} does not listen to such events.`);
    const events = await heardOf(tx, { consumer: consumer.name, events: wanted, all: heard?.all ?? 0n });
    if (events.length > 0) await consumer.handle(tx, events);
    await tx.query({
      text: `update bus_dead_letter set replayed_at = $3
             where consumer = $1 and event_id = any($2::uuid[]) and replayed_at is null`,
      values: [consumer.name, events.map((event) => event.id), deps.clock.now()],
    });
    await input.alsoThen?.(tx);
    return events.length;
  });
}

/** Those that the consumer has had. Where it stands at several places, each event's own partition says so. */
async function heardOf(
  tx: Tx,
  input: { consumer: string; events: readonly BusEvent[]; all: bigint },
): Promise<BusEvent[]> {
  const { consumer, events, all } = input;
  const heard = await many<{ position: bigint }>(tx, {
    text: `select b.position from bus_event b join bus_consumer k on k.name = $2
           left join bus_partition p on p.consumer = k.name and k.partitions > 0
             and p.partition = bus_partition_of(b.origin_contact_id, b.workspace_id, nullif(k.partitions, 0))
           where b.position = any($1::bigint[]) and b.position <= greatest(k.position, p.position)`,
    values: [events.map((event) => event.position), consumer],
  });
  const positions = new Set(heard.map((row) => row.position));
  return events.filter((event) => event.position <= all || positions.has(event.position));
}
