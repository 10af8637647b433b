/**
 * From the ledger to the rest of the engine. In: what is pending, in the order of the ledger. Out: one call of `apply`
 * per source, in the transaction that takes the events off the pending list: applied and taken off, or neither.
 * May happen twice: nothing that `apply` writes to the database. Order: events of one subject are applied in the order
 * of the ledger, also while one of them waits to be tried again; other subjects overtake it.
 *
 * | a pending row                | is moved by           | to                                       |
 * |------------------------------|-----------------------|------------------------------------------|
 * | attempts 0 or 1, due         | a batch that succeeds | gone                                     |
 * | attempts 0 or 1, due         | a batch that fails    | attempts + 1, not due before a back-off  |
 * | attempts 2 to 4, due         | success, taken alone  | gone                                     |
 * | attempts 2 or 3, due         | failure, taken alone  | attempts + 1, not due before a back-off  |
 * | attempts 4, due              | failure, taken alone  | `inbox_dead`, with the reason            |
 * | any                          | a passing failure     | same attempts, not due before a pause    |
 */
import { addMs, type Clock } from '#base/clock.ts';
import { CrashedError, GrowthError, messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { backoffMs } from '#base/retry.ts';
import type { Worker } from '#base/worker.ts';
import { one, sqlState, type Db, type Tx } from '#db/db.ts';
import { LAZY_COMMIT } from '#db/lazy-commit.ts';
import { type DueEvent, ReadAhead, readDue } from './due.ts';
import type { InboxSource, StoredEvent } from './inbox-event.ts';

/** Applies events of one source, in the caller's transaction. Throwing rolls the whole batch back. */
export type ApplyEvents = (tx: Tx, events: readonly StoredEvent[]) => Promise<void>;

/**
 * One drain at a time. Any number, as long as it is ours. Lanes by subject would take one lock each, from here on up,
 * and choose their rows by the hash of the subject: nothing else in this file depends on being alone.
 */
const DRAIN_LOCK = 7_310_010;

/** Measured: 400 take an eighth less work per event than 200; 800 take no less, and hold the account for longer. */
const BATCH_SIZE_MAX = 400;
/** From so many failures on, a row is taken alone. */
const ALONE_FROM_ATTEMPTS = 2;
const ATTEMPTS_MAX = 5;
const BACKOFF = { firstMs: 200, maxMs: 60_000 };
const TRANSIENT_PAUSE_MS = 1_000;

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly apply: Readonly<Record<InboxSource, ApplyEvents>>;
}

class BatchFailed extends Error {
  readonly events: readonly DueEvent[];
  constructor(events: readonly DueEvent[], cause: unknown) {
    super('a batch of the inbox failed', { cause });
    this.events = events;
  }
}

export function drainWorker(deps: Deps, input: { batchSizeMax?: number } = {}): Worker {
  const sizeMax = input.batchSizeMax ?? BATCH_SIZE_MAX;
  const ahead = new ReadAhead(deps.db);
  return {
    name: 'inbox:drain',
    wokenBy: 'ledger',
    batchSizeMax: sizeMax,
    async runOnce() {
      try {
        return await deps.db.transaction((tx) => drainBatch(deps, { tx, sizeMax, ahead }));
      } catch (error) {
        if (!(error instanceof BatchFailed)) throw error;
        if (error.cause instanceof CrashedError) throw error.cause;
        return recordFailure(deps, error);
      }
    },
    async nextDueAt() {
      const row = await one<{ due: Date | null }>(deps.db, {
        text: 'select min(not_before) as due from inbox_pending where not_before is not null',
      });
      return row?.due ?? null;
    },
  };
}

async function drainBatch(deps: Deps, input: { tx: Tx; sizeMax: number; ahead: ReadAhead }): Promise<number> {
  const { tx, sizeMax, ahead } = input;
  const lock = await one<{ mine: boolean }>(tx, {
    name: 'inbox_drain_lock',
    text: `select pg_try_advisory_xact_lock($1) as mine, ${LAZY_COMMIT}`,
    values: [DRAIN_LOCK],
  });
  if (!lock?.mine) return 0;
  const events = await readDue(tx, { now: deps.clock.now(), sizeMax, aloneFromAttempts: ALONE_FROM_ATTEMPTS });
  const last = events.at(-1);
  if (last === undefined) return 0;
  try {
    const stored = await ahead.take(tx, events);
    for (const source of ['stripe', 'track'] as const) {
      const ofSource = stored.filter((event) => event.source === source);
      if (ofSource.length > 0) await deps.apply[source](tx, ofSource);
    }
    if (events.length === sizeMax) ahead.begin({ after: last.seq, sizeMax });
    await tx.query({
      name: 'inbox_applied',
      text: 'delete from inbox_pending where seq = any($1::bigint[])',
      values: [events.map((event) => event.seq)],
    });
  } catch (error) {
    throw new BatchFailed(events, error);
  }
  return events.length;
}

/** Takes the failed rows out of the way, so that others can go on at once: returns how many. */
async function recordFailure(deps: Deps, failure: BatchFailed): Promise<number> {
  const now = deps.clock.now();
  const [first] = failure.events;
  if (!first) return 0;
  const seqs = failure.events.map((event) => event.seq);
  const isAlone = failure.events.length === 1;
  const attempts = first.attempts + 1;
  deps.log.warn(
    { err: failure.cause, events: seqs.length, firstSeq: String(first.seq), attempts },
    `applying ${isAlone ? 'an event' : `${seqs.length} events`} of the ledger failed`,
  );
  if (isTransient(failure.cause)) {
    await deps.db.query({
      text: 'update inbox_pending set not_before = $2 where seq = any($1::bigint[])',
      values: [seqs, addMs(now, TRANSIENT_PAUSE_MS)],
    });
    return seqs.length;
  }
  if (isAlone && attempts >= ATTEMPTS_MAX) {
    await bury(deps.db, { event: first, attempts, error: failure.cause, now });
    return 1;
  }
  await deps.db.query({
    text: 'update inbox_pending set attempts = attempts + 1, not_before = $2 where seq = any($1::bigint[])',
    values: [seqs, addMs(now, backoffMs(attempts, BACKOFF))],
  });
  return seqs.length;
}

/** SQLSTATE classes 08 and 57 (connection), 40 (lost a race) and 53 (resources) say nothing about the event. */
function isTransient(error: unknown): boolean {
  return (error instanceof GrowthError && error.retryable) || /^(08|40|53|57)/.test(sqlState(error) ?? '');
}

async function bury(db: Db, input: { event: DueEvent; attempts: number; error: unknown; now: Date }): Promise<void> {
  const { event, attempts, error, now } = input;
  await db.query({
    text: `with gone as (delete from inbox_pending where seq = $1 returning seq)
           insert into inbox_dead (seq, workspace_id, error, attempts, died_at)
           select seq, e.workspace_id, $2::text, $3::smallint, $4::timestamptz from gone join inbox_event e using (seq)
           on conflict (seq) do update set error = excluded.error, attempts = excluded.attempts, died_at = excluded.died_at`,
    values: [event.seq, messageOf(error).replaceAll('\0', ''), attempts, now],
  });
}
