/**
 * A consumer over JetStream: a durable pull consumer and a durable row for each partition. In: pointers. Out: the events
 * they point to, from the log, handled in the transaction that moves the partition's place; the stream is acknowledged
 * after COMMIT. Several processes share the partitions: who has the row has the partition, for one batch. Within a process
 * a consumer takes one partition after the other, so that it holds one connection to the database, as over PostgreSQL.
 *
 * Order and once-ness come from the row, not from the stream: pointers up to its position are dropped, and where one is
 * missing before the next (never acknowledged by a process that died, lost with a server's disk) the log is read instead.
 */
import { addMs } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import { many, one, type Tx } from '#db/db.ts';
import { BUS_EVENT_COLUMNS, type BusEvent } from '../../bus-event.ts';
import type { Consumer } from '../../consumer.ts';
import { partitionPlace, type PartitionStanding, readRange, spread, untilMerge } from '../../partitions.ts';
import { type Batch, type BusDeps, workOff } from '../../work-off.ts';
import type { NatsLink } from './nats-link.ts';
import type { Pulled } from './pull.ts';

/** While there is always something to do, how far all have come is told at this distance. */
const TELL_MS = 1_000;
/** When another process has a partition that is behind, or that a merge waits for, this one looks again after this time. */
const HELD_UP_MS = 50;

export function partitionedWorker(deps: BusDeps & { link: NatsLink }, consumer: Consumer): Worker {
  const hot = new Set<number>();
  let isHeldUp = false;
  let toldAt = deps.clock.now();
  deps.link.onTold((partitions) => {
    for (const partition of partitions) hot.add(partition);
  });
  return {
    name: `bus:${consumer.name}`,
    wokenBy: 'bus',
    async runOnce() {
      const { partitions } = await deps.link.ready();
      const told = new Set(hot);
      hot.clear();
      isHeldUp = false;
      let handled = 0;
      for (const partition of await toVisit(deps, { consumer, partitions, told })) {
        const place = partitionPlace(deps, { consumer: consumer.name, partition, when: 'spread' });
        handled += await workOff<PartitionStanding>(deps, {
          consumer,
          place: {
            ...place,
            async lock(tx) {
              const standing = await place.lock(tx);
              isHeldUp ||= standing === undefined;
              return standing;
            },
          },
          reader: {
            async read(tx, input) {
              const batch = await readPartition(deps, { tx, consumer, partition, partitions, ...input });
              isHeldUp ||= batch.isHeldByMerge === true;
              return batch;
            },
          },
        });
      }
      const now = deps.clock.now();
      if (handled === 0 || now.getTime() - toldAt.getTime() >= TELL_MS) {
        await tellProgress(deps, consumer);
        toldAt = now;
      }
      return handled;
    },
    async nextDueAt() {
      if (isHeldUp) return addMs(deps.clock.now(), HELD_UP_MS);
      const row = await one<{ due: Date | null }>(deps.db, {
        text: 'select min(not_before) as due from bus_partition where consumer = $1',
        values: [consumer.name],
      });
      return row?.due ?? null;
    },
  };
}

/** The partitions with news, and those that are behind what the relay has told: a message of theirs may be lost. */
async function toVisit(
  deps: BusDeps,
  input: { consumer: Consumer; partitions: number; told: ReadonlySet<number> },
): Promise<number[]> {
  const { consumer, partitions, told } = input;
  const find = async (): Promise<{ partition: number; behind: boolean }[]> =>
    many(deps.db, {
      name: 'bus_partitions_to_visit',
      text: `select p.partition, coalesce(r.position > p.position or p.catch_up_to > p.position, false)
               and (p.not_before is null or p.not_before <= $2) as behind
             from bus_partition p left join bus_relay_partition r on r.partition = p.partition
             where p.consumer = $1 order by p.updated_at, p.partition`,
      values: [consumer.name, deps.clock.now()],
    });
  let places = await find();
  if (places.length === 0) {
    await deps.db.transaction((tx) => spread(tx, { clock: deps.clock, consumer, partitions }));
    places = await find();
  }
  return places.filter((place) => place.behind || told.has(place.partition)).map((place) => place.partition);
}

interface ReadInput {
  readonly tx: Tx;
  readonly consumer: Consumer;
  readonly partition: number;
  readonly partitions: number;
  readonly standing: PartitionStanding;
  readonly sizeMax: number;
}

async function readPartition(deps: { link: NatsLink }, input: ReadInput): Promise<Batch> {
  const { tx, consumer, partition, partitions, standing, sizeMax } = input;
  const { name, types } = consumer;
  const after = standing.position;
  const range = { consumer: name, types, partition, partitions, after, sizeMax };
  if (standing.catchUpTo !== null && standing.catchUpTo > after) {
    return readRange(tx, { ...range, upTo: standing.catchUpTo });
  }
  const pulled = await deps.link.pull({ consumer: name, partition, sizeMax });
  const fresh = pulled.filter((pointer) => pointer.position > after);
  fresh.sort((a, b) => (a.position < b.position ? -1 : 1));
  const last = fresh.at(-1);
  if (!last) {
    pulled.at(-1)?.ack();
    if (pulled.length > 0) return { events: [], upTo: null, lookAgain: true };
    const isBehind = standing.relayedTo > after;
    return isBehind ? readRange(tx, { ...range, upTo: standing.relayedTo }) : { events: [], upTo: null };
  }
  if (!isUnbroken(after, fresh)) {
    await tx.query({
      text: 'update bus_partition set catch_up_to = $3 where consumer = $1 and partition = $2',
      values: [name, partition, last.position],
    });
    tx.afterCommit(() => last.ack());
    return { events: [], upTo: null, lookAgain: true };
  }
  const events = await readPointers(tx, { types, pointers: fresh });
  const batch = await untilMerge(tx, { ...range, events, upTo: last.position });
  const { upTo } = batch;
  if (upTo !== null) tx.afterCommit(() => fresh.findLast((pointer) => pointer.position <= upTo)?.ack());
  return batch;
}

function isUnbroken(position: bigint, pointers: readonly Pulled[]): boolean {
  let end = position;
  for (const pointer of pointers) {
    if (pointer.after > end) return false;
    end = pointer.position;
  }
  return true;
}

async function readPointers(
  tx: Tx,
  input: { types: Consumer['types']; pointers: readonly Pulled[] },
): Promise<BusEvent[]> {
  const { types, pointers } = input;
  const wanted = types === null ? pointers : pointers.filter((pointer) => types.includes(pointer.type));
  if (wanted.length === 0) return [];
  return many<BusEvent>(tx, {
    name: 'bus_read_pointers',
    text: `select ${BUS_EVENT_COLUMNS} from bus_event where position = any($1::bigint[]) order by position`,
    values: [wanted.map((pointer) => pointer.position)],
  });
}

/** How far all partitions have come, for those who look at lag: a partition that has handled what it was told has come as far as the relay. */
async function tellProgress(deps: BusDeps, consumer: Consumer): Promise<void> {
  await deps.db.query({
    name: 'bus_tell_progress',
    text: `update bus_consumer k set position = f.position, updated_at = $2
           from (select min(case when p.position < r.position then p.position
                   else (select max(position) from bus_relay_partition) end) as position
                 from bus_partition p join bus_relay_partition r on r.partition = p.partition where p.consumer = $1) f
           where k.name = $1 and k.partitions > 0 and k.position < f.position`,
    values: [consumer.name, deps.clock.now()],
  });
}
