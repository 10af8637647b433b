/**
 * Taking over from NATS: a consumer that stands at a different position in each partition is brought to one position
 * again, partition by partition from the log, and is then whole. Nothing is handled twice on the way, and a process that
 * still runs on NATS finds the partitions taken.
 */
import { many, one } from '#db/db.ts';
import type { Consumer } from '../../consumer.ts';
import { partitionPlace, type PartitionStanding, readRange } from '../../partitions.ts';
import { type BusDeps, workOff } from '../../work-off.ts';

export async function gather(deps: BusDeps, input: { consumer: Consumer; partitions: number }): Promise<number> {
  const { consumer, partitions } = input;
  await deps.db.query({
    text: `update bus_consumer set gather_to = coalesce((select max(position) from bus_event), 0)
           where name = $1 and partitions > 0 and gather_to is null`,
    values: [consumer.name],
  });
  const behind = await many<{ partition: number }>(deps.db, {
    text: `select p.partition from bus_partition p join bus_consumer k on k.name = p.consumer
           where p.consumer = $1 and p.position < k.gather_to order by p.partition`,
    values: [consumer.name],
  });
  if (behind.length === 0) return makeWhole(deps, consumer);
  let handled = 0;
  for (const { partition } of behind) {
    handled += await workOff<PartitionStanding>(deps, {
      consumer,
      place: partitionPlace(deps, { consumer: consumer.name, partition, when: 'gathering' }),
      reader: {
        async read(tx, { standing, sizeMax }) {
          const upTo = standing.catchUpTo;
          if (upTo === null || upTo <= standing.position) return { events: [], upTo: null };
          const { name, types } = consumer;
          return readRange(tx, {
            consumer: name,
            types,
            partition,
            partitions,
            after: standing.position,
            upTo,
            sizeMax,
          });
        },
      },
    });
  }
  return handled;
}

/** Where a partition is ahead of the rest (it was at work when the take-over began), all of them go up to there first. */
async function makeWhole(deps: BusDeps, consumer: Consumer): Promise<number> {
  return deps.db.transaction(async (tx) => {
    const row = await one<{ gather_to: bigint | null }>(tx, {
      text: 'select gather_to from bus_consumer where name = $1 and partitions > 0 for update',
      values: [consumer.name],
    });
    if (!row || row.gather_to === null) return 1;
    const places = await many<{ position: bigint }>(tx, {
      text: 'select position from bus_partition where consumer = $1 for update',
      values: [consumer.name],
    });
    const { gather_to: target } = row;
    if (places.some((place) => place.position < target)) return 1;
    const furthest = places.reduce((max, place) => (place.position > max ? place.position : max), target);
    if (furthest > target) {
      await tx.query({
        text: 'update bus_consumer set gather_to = $2 where name = $1',
        values: [consumer.name, furthest],
      });
      return 1;
    }
    await tx.query({ text: 'delete from bus_partition where consumer = $1', values: [consumer.name] });
    await tx.query({
      text: `update bus_consumer set position = $2, partitions = 0, gather_to = null, attempts = 0, not_before = null,
               isolating_to = null, updated_at = $3 where name = $1`,
      values: [consumer.name, target, deps.clock.now()],
    });
    return 1;
  });
}
