/**
 * The relay: reads the log from a durable position on and tells the stream where the events are. In: rows of `bus_event` in
 * the order of their commits. Out: one pointer each, in that order, under the event's id, so that telling again after a
 * crash makes no second one. Several processes may run it: one at a time has the relay's row.
 */
import type { Worker } from '#base/worker.ts';
import { many, one } from '#db/db.ts';
import type { BusDeps } from '../../work-off.ts';
import type { NatsLink, Pointer } from './nats-link.ts';

/** Pointers in one go: all are under way to the server at once. */
const BATCH_SIZE = 1_000;

export function relayWorker(deps: BusDeps & { link: NatsLink }): Worker {
  return {
    name: 'bus:relay',
    wokenBy: 'bus',
    async runOnce() {
      const { partitions } = await deps.link.ready();
      return relayBatch(deps, partitions);
    },
  };
}

async function relayBatch(deps: BusDeps & { link: NatsLink }, partitions: number): Promise<number> {
  return deps.db.transaction(async (tx) => {
    const mine = await one(tx, { name: 'bus_relay_lock', text: 'select 1 from bus_relay for update skip locked' });
    if (!mine) return 0;
    // A place that a crash of the database takes back is harmless: the same is told again, and known by its id and position.
    await tx.query({ name: 'bus_relay_lazy', text: 'set local synchronous_commit = off' });
    const places = await many<{ partition: number; position: bigint }>(tx, {
      name: 'bus_relay_places',
      text: 'select partition, position from bus_relay_partition',
    });
    const told = new Map(places.map((place) => [place.partition, place.position]));
    const from = places.reduce((max, place) => (place.position > max ? place.position : max), 0n);
    const events = await many<Omit<Pointer, 'after'>>(tx, {
      name: 'bus_relay_read',
      text: `select position, id, workspace_id as "workspaceId", type,
               bus_partition_of(origin_contact_id, workspace_id, $2) as partition
             from bus_event where position > $1 order by position limit $3`,
      values: [from, partitions, BATCH_SIZE],
    });
    if (events.length === 0) return 0;
    const changed = new Set<number>();
    const pointers = events.map((event) => {
      const after = told.get(event.partition) ?? 0n;
      told.set(event.partition, event.position);
      changed.add(event.partition);
      return { ...event, after };
    });
    await deps.link.publish(pointers);
    const news = [...changed];
    await tx.query({
      name: 'bus_relay_move',
      text: `update bus_relay_partition r set position = v.position
             from unnest($1::integer[], $2::bigint[]) as v (partition, position) where r.partition = v.partition`,
      values: [news, news.map((partition) => told.get(partition) ?? 0n)],
    });
    tx.afterCommit(() => deps.link.tell(news));
    return events.length;
  });
}
