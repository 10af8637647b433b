/**
 * PostgreSQL as the transport: a consumer is one position in the log, compared with the log's end. Several processes may
 * run it: one at a time has the consumer's row. What may happen twice, and what happens with failures: see work-off.ts.
 */
import type { Worker } from '#base/worker.ts';
import { one, type Tx } from '#db/db.ts';
import { LAZY_COMMIT } from '#db/lazy-commit.ts';
import type { Consumer } from '../../consumer.ts';
import { startConsumer } from '../../partitions.ts';
import { type Batch, type BusDeps, type Place, type Standing, workOff } from '../../work-off.ts';
import { gather } from './gather.ts';
import { readLog, SharedLog } from './shared-log.ts';

interface LogStanding extends Standing {
  /** More than 0: it is spread over partitions, because NATS was the transport until now. */
  readonly partitions: number;
}

/** A worker that works off one consumer. @param log what the consumers of the process read together. */
export function consumerWorker(deps: BusDeps, consumer: Consumer, log = new SharedLog()): Worker {
  const place = logPlace(deps, consumer);
  let partitions = 0;
  const reader = {
    async read(tx: Tx, input: { standing: LogStanding; sizeMax: number }): Promise<Batch> {
      partitions = input.standing.partitions;
      if (partitions > 0) return { events: [], upTo: null };
      const place = { position: input.standing.position, sizeMax: input.sizeMax };
      // One that looks for the event that fails, one by one, reads for itself.
      const isShared = consumer.types === null && input.sizeMax === consumer.batchSizeMax;
      return isShared ? log.read(tx, place) : readLog(tx, { ...place, types: consumer.types });
    },
  };
  return {
    name: `bus:${consumer.name}`,
    wokenBy: 'bus',
    batchSizeMax: consumer.batchSizeMax,
    async runOnce() {
      partitions = 0;
      const handled = await workOff(deps, { consumer, place, reader });
      return partitions > 0 ? gather(deps, { consumer, partitions }) : handled;
    },
    async nextDueAt() {
      const row = await one<{ due: Date | null }>(deps.db, {
        text: `select case when k.partitions = 0 then k.not_before
                 else (select min(p.not_before) from bus_partition p where p.consumer = k.name) end as due
               from bus_consumer k where k.name = $1`,
        values: [consumer.name],
      });
      return row?.due ?? null;
    },
  };
}

function logPlace(deps: BusDeps, consumer: Consumer): Place<LogStanding> {
  const select = {
    name: 'bus_lock_consumer',
    text: `select position, attempts, not_before as "notBefore", isolating_to as "isolatingTo", partitions,
             has_replay as "hasReplay", ${LAZY_COMMIT}
           from bus_consumer where name = $1 for update skip locked`,
    values: [consumer.name],
  };
  return {
    async lock(tx) {
      const row = await one<LogStanding>(tx, select);
      if (row) return row;
      await startConsumer(tx, { consumer, now: deps.clock.now() });
      return one<LogStanding>(tx, select);
    },
    async save(tx, standing) {
      await tx.query({
        name: 'bus_advance',
        text: `update bus_consumer set position = $2, attempts = $3, not_before = $4, isolating_to = $5, updated_at = $6
               where name = $1`,
        values: [
          consumer.name,
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
