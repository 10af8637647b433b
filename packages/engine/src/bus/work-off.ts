/**
 * Working off: in: a consumer, the place where it stands, and a way to read on from there. Out: how many events it handled.
 * A batch is handled in the same transaction that moves the place, so what a handler writes to the database happens once.
 * What goes out of the database (mail, HTTP) must therefore be stored as a request, and sent by somebody else.
 *
 * A batch that fails is rolled back whole and tried again with growing pauses; after `ATTEMPTS_MAX` tries its events are
 * taken one by one, and the one that still fails goes to the dead letters with its reason, so that one bad event never
 * holds up the rest. Both transports work by this file; they differ in where they stand and how they read.
 */
import type { Clock } from '#base/clock.ts';
import { addMs } from '#base/clock.ts';
import { CrashedError, messageOf } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { backoffMs } from '#base/retry.ts';
import type { Db, Tx } from '#db/db.ts';
import type { BusEvent } from './bus-event.ts';
import type { Consumer } from './consumer.ts';
import { withoutReplayed } from './replay/replay-row.ts';

/** Tries of a whole batch before its events are taken one by one, and of a single event before it is a dead letter. */
const ATTEMPTS_MAX = 4;
const BACKOFF = { firstMs: 200, maxMs: 30_000 };

export interface BusDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where a consumer stands: everything up to `position` is handled. */
export interface Standing {
  readonly position: bigint;
  readonly attempts: number;
  readonly notBefore: Date | null;
  /** While set, events are taken one by one up to here, to find the one that fails. */
  readonly isolatingTo: bigint | null;
  /** A replay has taken events over: they are stepped over here. */
  readonly hasReplay?: boolean;
}

/** The durable row of a standing. */
export interface Place<S extends Standing> {
  /** Locks the row until the end of the transaction, with `LAZY_COMMIT`; undefined where somebody else has it. */
  lock(tx: Tx): Promise<S | undefined>;
  save(tx: Tx, standing: Standing): Promise<void>;
}

export interface Batch {
  readonly events: readonly BusEvent[];
  /** The place moves up to here; null: it stays. */
  readonly upTo: bigint | null;
  /** Nothing to handle, but something was put right: look again at once. */
  readonly lookAgain?: boolean;
  /** It ends before a merge that waits for another partition. */
  readonly isHeldByMerge?: boolean;
}

export interface Reader<S extends Standing> {
  read(tx: Tx, input: { standing: S; sizeMax: number }): Promise<Batch>;
}

interface Failure {
  readonly error: unknown;
  readonly events: readonly BusEvent[];
  readonly upTo: bigint;
}

interface Work<S extends Standing> {
  readonly consumer: Consumer;
  readonly place: Place<S>;
  readonly reader: Reader<S>;
}

/** Takes one batch. Returns more than 0 when it is worth coming again at once. Safe in several processes at a time. */
export async function workOff<S extends Standing>(deps: BusDeps, work: Work<S>): Promise<number> {
  const outcome = await takeBatch(deps, work);
  if (!outcome.failure) return outcome.handled;
  const hasMovedOn = await recordFailure(deps, { ...work, failure: outcome.failure });
  return hasMovedOn ? 1 : 0;
}

class HandlerFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super('handler failed', { cause: failure.error });
    this.failure = failure;
  }
}

async function takeBatch<S extends Standing>(
  deps: BusDeps,
  work: Work<S>,
): Promise<{ handled: number; failure?: Failure }> {
  const { consumer, place, reader } = work;
  try {
    return await deps.db.transaction(async (tx) => {
      const standing = await place.lock(tx);
      if (!standing || (standing.notBefore && standing.notBefore > deps.clock.now())) return { handled: 0 };
      const isIsolating = standing.isolatingTo !== null && standing.position < standing.isolatingTo;
      const batch = await reader.read(tx, { standing, sizeMax: isIsolating ? 1 : consumer.batchSizeMax });
      const { upTo } = batch;
      const events =
        standing.hasReplay === true
          ? await withoutReplayed(tx, { consumer: consumer.name, events: batch.events })
          : batch.events;
      if (upTo === null) return { handled: batch.lookAgain === true ? 1 : 0 };
      if (events.length > 0) {
        try {
          await consumer.handle(tx, events);
          await tx.sent();
        } catch (error) {
          throw new HandlerFailed({ error, events, upTo });
        }
      }
      const isolatingTo = standing.isolatingTo !== null && standing.isolatingTo > upTo ? standing.isolatingTo : null;
      await place.save(tx, { position: upTo, attempts: 0, notBefore: null, isolatingTo });
      return { handled: Math.max(1, events.length) };
    });
  } catch (error) {
    if (error instanceof HandlerFailed && !(error.failure.error instanceof CrashedError)) {
      return { handled: 0, failure: error.failure };
    }
    throw error instanceof HandlerFailed ? error.failure.error : error;
  }
}

/** Returns whether there is something to do at once: the batch is now taken one by one, or the bad event is out of the way. */
async function recordFailure<S extends Standing>(
  deps: BusDeps,
  input: Work<S> & { failure: Failure },
): Promise<boolean> {
  const { consumer, place, failure } = input;
  const now = deps.clock.now();
  deps.log.warn({ consumer: consumer.name, err: failure.error }, `${consumer.name}: a batch failed`);
  return deps.db.transaction(async (tx) => {
    const standing = await place.lock(tx);
    if (!standing || standing.position >= failure.upTo) return false;
    const { position, isolatingTo } = standing;
    const attempts = standing.attempts + 1;
    if (attempts < ATTEMPTS_MAX) {
      await place.save(tx, { position, attempts, notBefore: addMs(now, backoffMs(attempts, BACKOFF)), isolatingTo });
      return false;
    }
    const [event, ...others] = failure.events;
    if (event && others.length === 0) {
      await buryEvent(tx, { consumer: consumer.name, event, error: failure.error, now });
      await place.save(tx, { position: failure.upTo, attempts: 0, notBefore: null, isolatingTo });
      return true;
    }
    await place.save(tx, { position, attempts: 0, notBefore: null, isolatingTo: failure.upTo });
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
