/**
 * The log cut into partitions: a consumer's place in each of them, and the reading of one. Used by the JetStream
 * transport, and by PostgreSQL's when it takes over from it. Order within a partition is the order of the log.
 */
import type { Clock } from '#base/clock.ts';
import { many, one, type Queryable, type Tx } from '#db/db.ts';
import { LAZY_COMMIT } from '#db/lazy-commit.ts';
import { BUS_EVENT_COLUMNS, type BusEvent } from './bus-event.ts';
import type { Consumer } from './consumer.ts';
import type { Batch, Place, Standing } from './work-off.ts';

export interface PartitionStanding extends Standing {
  /** Up to here it reads the log itself; null: it waits for the stream's word. */
  readonly catchUpTo: bigint | null;
  /** Up to where the relay has told the stream of this partition. */
  readonly relayedTo: bigint;
}

interface PartitionKey {
  readonly consumer: string;
  readonly partition: number;
}

/** `when`: only the transport whose turn it is may lock the place; the other finds it taken. */
export function partitionPlace(
  deps: { clock: Clock },
  input: PartitionKey & { when: 'spread' | 'gathering' },
): Place<PartitionStanding> {
  const { consumer, partition } = input;
  const turn = input.when === 'spread' ? 'k.gather_to is null' : 'k.gather_to is not null';
  return {
    lock: (tx) =>
      one<PartitionStanding>(tx, {
        name: `bus_lock_partition_${input.when}`,
        text: `select p.position, p.attempts, p.not_before as "notBefore", p.isolating_to as "isolatingTo",
                 p.has_replay as "hasReplay",
                 ${input.when === 'spread' ? 'p.catch_up_to' : 'k.gather_to'} as "catchUpTo",
                 coalesce((select r.position from bus_relay_partition r where r.partition = p.partition), 0) as "relayedTo", ${LAZY_COMMIT}
               from bus_partition p join bus_consumer k on k.name = p.consumer
               where p.consumer = $1 and p.partition = $2 and ${turn}
               for update of p skip locked`,
        values: [consumer, partition],
      }),
    async save(tx, standing) {
      await tx.query({
        name: 'bus_save_partition',
        text: `update bus_partition set position = $3, attempts = $4, not_before = $5, isolating_to = $6, updated_at = $7,
                 catch_up_to = case when catch_up_to > $3 then catch_up_to end
               where consumer = $1 and partition = $2`,
        values: [
          consumer,
          partition,
          standing.position,
          standing.attempts,
          standing.notBefore,
          standing.isolatingTo,
          deps.clock.now(),
        ],
      });
    },
  };
}

export interface Range extends PartitionKey {
  readonly types: Consumer['types'];
  readonly partitions: number;
  /** Without this position. */
  readonly after: bigint;
  /** With this position. */
  readonly upTo: bigint;
  readonly sizeMax: number;
}

/** The partition's events of a stretch of the log, from the log itself. */
export async function readRange(tx: Tx, range: Range): Promise<Batch> {
  const isAll = range.types === null;
  const values = [range.after, range.upTo, range.sizeMax, range.partitions, range.partition];
  const events = await many<BusEvent>(tx, {
    name: isAll ? 'bus_range_all' : 'bus_range_types',
    text: `select ${BUS_EVENT_COLUMNS} from bus_event
           where position > $1 and position <= $2
             and bus_partition_of(origin_contact_id, workspace_id, $4) = $5 ${isAll ? '' : 'and type = any($6::text[])'}
           order by position limit $3`,
    values: range.types === null ? values : [...values, [...range.types]],
  });
  const last = events.at(-1);
  return untilMerge(tx, {
    ...range,
    events,
    upTo: last && events.length === range.sizeMax ? last.position : range.upTo,
  });
}

/**
 * A merge joins the histories of two contacts, which may lie in two partitions. It waits until the other partition has
 * come up to it, so that the order holds for the contact that is left: the batch ends before the first merge that must
 * still wait. No two merges wait for each other, because each waits only for what is earlier on the log.
 */
export async function untilMerge(
  tx: Tx,
  input: Pick<Range, 'consumer' | 'partition' | 'partitions' | 'after'> & { events: BusEvent[]; upTo: bigint },
): Promise<Batch> {
  const { consumer, partition, partitions, events, upTo } = input;
  const merges = events.filter((event) => event.type === 'contact_merged').map((event) => event.position);
  if (merges.length === 0) return { events, upTo };
  const waiting = await one<{ position: bigint }>(tx, {
    name: 'bus_merge_waits',
    text: `select m.position from bus_event m
           cross join lateral (select bus_partition_of((m.data->>'from_contact_id')::uuid, m.workspace_id, $3) as number) f
           join bus_partition p on p.consumer = $2 and p.partition = f.number
           where m.position = any($1::bigint[]) and f.number <> $4
             and exists (select 1 from bus_event b where b.position > p.position and b.position < m.position
               and bus_partition_of(b.origin_contact_id, b.workspace_id, $3) = f.number)
           order by m.position limit 1`,
    values: [merges, consumer, partitions, partition],
  });
  if (!waiting) return { events, upTo };
  const before = events.filter((event) => event.position < waiting.position);
  return { events: before, upTo: before.at(-1)?.position ?? null, isHeldByMerge: true };
}

/** Spreads a consumer over its partitions, all at the position where it stands as a whole. Does nothing if it is spread. */
export async function spread(
  tx: Tx,
  input: { clock: Clock; consumer: Pick<Consumer, 'name' | 'from'>; partitions: number },
): Promise<void> {
  const { consumer, partitions } = input;
  const now = input.clock.now();
  await startConsumer(tx, { consumer, now });
  await tx.query({
    text: `with whole as (
             update bus_consumer set partitions = $2 where name = $1 and partitions = 0
             returning position, has_replay
           )
           insert into bus_partition (consumer, partition, position, has_replay, updated_at)
           select $1, n, whole.position, whole.has_replay, $3 from whole, generate_series(0, $2::integer - 1) n
           on conflict do nothing`,
    values: [consumer.name, partitions, now],
  });
}

/** The row of a consumer that is new. */
export async function startConsumer(
  tx: Queryable,
  input: { consumer: Pick<Consumer, 'name' | 'from'>; now: Date },
): Promise<void> {
  const start = input.consumer.from === 'oldest' ? '0' : 'coalesce((select max(position) from bus_event), 0)';
  await tx.query({
    text: `insert into bus_consumer (name, position, updated_at) values ($1, ${start}, $2) on conflict (name) do nothing`,
    values: [input.consumer.name, input.now],
  });
}
