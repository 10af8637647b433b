/**
 * Consuming: a consumer has a name, a durable position and a handler. Its batch is handled in the same transaction that
 * moves its position, so what a handler writes to the database happens once. What goes out of the database (mail, HTTP)
 * must therefore be stored as a request, and sent by somebody else.
 *
 * Order: events of one contact come in the order of their commits. A batch that fails is rolled back whole and tried
 * again with growing pauses; after `ATTEMPTS_MAX` tries its events are taken one by one, and the one that still fails goes
 * to the dead letters with its reason, so that one bad event never holds up the rest.
 */
import type { Clock } from '#base/clock.ts';
import { addMs } from '#base/clock.ts';
import { CrashedError, messageOf } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { backoffMs } from '#base/retry.ts';
import type { Worker } from '#base/worker.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { BUS_EVENT_COLUMNS, type BusEvent } from './bus-event.ts';

export interface Consumer {
  readonly name: string;
  /** Event types it wants; null for all. */
  readonly types: readonly string[] | null;
  readonly batchSizeMax: number;
  /** `start` of a consumer that is new: from the oldest event, or only what comes from now on. */
  readonly from: 'oldest' | 'now';
  /** Handles a batch inside the transaction that moves the position. Throwing rolls everything back. */
  handle(tx: Tx, events: readonly BusEvent[]): Promise<void>;
}

/** Tries of a whole batch before its events are taken one by one, and of a single event before it is a dead letter. */
const ATTEMPTS_MAX = 4;
const BACKOFF = { firstMs: 200, maxMs: 30_000 };

interface ConsumerRow {
  position: bigint;
  attempts: number;
  not_before: Date | null;
  isolating_to: bigint | null;
}

interface Deps {
  db: Db;
  clock: Clock;
  log: Log;
}

interface Failure {
  readonly error: unknown;
  readonly events: readonly BusEvent[];
  readonly upTo: bigint;
}

/** A worker that works off one consumer. Several processes may run it: one at a time has the consumer's row. */
export function consumerWorker(deps: Deps, consumer: Consumer): Worker {
  return {
    name: `bus:${consumer.name}`,
    async runOnce() {
      const outcome = await takeBatch(deps, consumer);
      if (!outcome.failure) return outcome.handled;
      const hasMovedOn = await recordFailure(deps, { consumer, failure: outcome.failure });
      return hasMovedOn ? 1 : 0;
    },
    async nextDueAt() {
      const row = await one<{ not_before: Date | null }>(deps.db, {
        text: 'select not_before from bus_consumer where name = $1',
        values: [consumer.name],
      });
      return row?.not_before ?? null;
    },
  };
}

class HandlerFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super('handler failed', { cause: failure.error });
    this.failure = failure;
  }
}

async function takeBatch(deps: Deps, consumer: Consumer): Promise<{ handled: number; failure?: Failure }> {
  try {
    return await deps.db.transaction(async (tx) => {
      const row = await lockConsumer(deps, { tx, consumer });
      if (!row || (row.not_before && row.not_before > deps.clock.now())) return { handled: 0 };
      const isIsolating = row.isolating_to !== null && row.position < row.isolating_to;
      const batch = await readBatch(tx, {
        consumer,
        position: row.position,
        sizeMax: isIsolating ? 1 : consumer.batchSizeMax,
      });
      if (batch.upTo === null) return { handled: 0 };
      if (batch.events.length > 0) {
        try {
          await consumer.handle(tx, batch.events);
        } catch (error) {
          throw new HandlerFailed({ error, events: batch.events, upTo: batch.upTo });
        }
      }
      await tx.query({
        name: 'bus_advance',
        text: `update bus_consumer set position = $2, attempts = 0, not_before = null, updated_at = $3,
                 isolating_to = case when isolating_to > $2 then isolating_to end
               where name = $1`,
        values: [consumer.name, batch.upTo, deps.clock.now()],
      });
      return { handled: Math.max(1, batch.events.length) };
    });
  } catch (error) {
    if (error instanceof HandlerFailed && !(error.failure.error instanceof CrashedError)) {
      return { handled: 0, failure: error.failure };
    }
    throw error instanceof HandlerFailed ? error.failure.error : error;
  }
}

async function lockConsumer(deps: Deps, input: { tx: Tx; consumer: Consumer }): Promise<ConsumerRow | undefined> {
  const { tx, consumer } = input;
  const select = {
    name: 'bus_lock_consumer',
    text: `select position, attempts, not_before, isolating_to from bus_consumer where name = $1 for update skip locked`,
    values: [consumer.name],
  };
  const row = await one<ConsumerRow>(tx, select);
  if (row) return row;
  const start = consumer.from === 'oldest' ? '0' : 'coalesce((select max(position) from bus_event), 0)';
  await tx.query({
    text: `insert into bus_consumer (name, position, updated_at) values ($1, ${start}, $2) on conflict (name) do nothing`,
    values: [consumer.name, deps.clock.now()],
  });
  return one<ConsumerRow>(tx, select);
}

async function readBatch(
  tx: Tx,
  input: { consumer: Consumer; position: bigint; sizeMax: number },
): Promise<{ events: BusEvent[]; upTo: bigint | null }> {
  const { consumer, position, sizeMax } = input;
  // The log's end is read before the events: what is committed between the two statements then lies behind it. The other
  // way round, an event committed in between would be stepped over, for ever.
  const end = await one<{ position: bigint | null }>(tx, {
    name: 'bus_end',
    text: 'select max(position) as position from bus_event',
  });
  const upTo = end?.position ?? null;
  if (upTo === null || upTo <= position) return { events: [], upTo: null };
  const events = await many<BusEvent>(tx, {
    name: consumer.types === null ? 'bus_read_all' : 'bus_read_types',
    text: `select ${BUS_EVENT_COLUMNS} from bus_event
           where position > $1 ${consumer.types === null ? '' : 'and type = any($3::text[])'}
           order by position limit $2`,
    values: consumer.types === null ? [position, sizeMax] : [position, sizeMax, [...consumer.types]],
  });
  const last = events.at(-1);
  if (last && (events.length === sizeMax || last.position > upTo)) return { events, upTo: last.position };
  // Nothing more of its types up to that end: step over the others, so that the next look starts behind them.
  return { events, upTo };
}

/** Returns whether there is something to do at once: the batch is now taken one by one, or the bad event is out of the way. */
async function recordFailure(deps: Deps, input: { consumer: Consumer; failure: Failure }): Promise<boolean> {
  const { consumer, failure } = input;
  const now = deps.clock.now();
  deps.log.warn({ consumer: consumer.name, err: failure.error }, `${consumer.name}: a batch failed`);
  return deps.db.transaction(async (tx) => {
    const row = await lockConsumer(deps, { tx, consumer });
    if (!row) return false;
    const attempts = row.attempts + 1;
    if (attempts < ATTEMPTS_MAX) {
      await tx.query({
        text: 'update bus_consumer set attempts = $2, not_before = $3, updated_at = $4 where name = $1',
        values: [consumer.name, attempts, addMs(now, backoffMs(attempts, BACKOFF)), now],
      });
      return false;
    }
    const [event, ...others] = failure.events;
    if (event && others.length === 0) {
      await buryEvent(tx, { consumer: consumer.name, event, error: failure.error, now });
      await tx.query({
        text: 'update bus_consumer set position = $2, attempts = 0, not_before = null, updated_at = $3 where name = $1',
        values: [consumer.name, failure.upTo, now],
      });
      return true;
    }
    await tx.query({
      text: 'update bus_consumer set isolating_to = $2, attempts = 0, not_before = null, updated_at = $3 where name = $1',
      values: [consumer.name, failure.upTo, now],
    });
    return true;
  });
}

async function buryEvent(
  tx: Tx,
  input: { consumer: string; event: BusEvent; error: unknown; now: Date },
): Promise<void> {
  const { consumer, event, error, now } = input;
  await tx.query({
    text: `insert into bus_dead_letter (id, consumer, position, workspace_id, event_id, error, died_at)
           values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    values: [newId(), consumer, event.position, event.workspaceId, event.id, messageOf(error), now],
  });
}
