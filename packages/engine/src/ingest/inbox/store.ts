/**
 * The ledger's door. In: events that were proven and parsed. Out: 'accepted' or 'duplicate', once the row is committed.
 * May happen twice: a sender may bring the same event again, at any time and through several processes; the key
 * (origin, event id) keeps one. Order: of the ledger (`seq`), which for events stored one after another's answer is
 * the order of the calls.
 *
 * Group commit: what arrives while an insert is in flight goes out as the next one. One at a time and no wait: at 16
 * callers a fifth more events a second than two at a time with a wait of 1 ms, at 64 the same (measured, interleaved).
 * Never more than half of those who wait and those who were just answered, who soon ask again: so the database writes one
 * half while this thread reads the other, where one batch of all made each wait for the other in turn. At 16 callers 1, 6
 * and 10 % more events a second, at 64 2 and 13 % (interleaved comparisons of 16 to 40 passes).
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '#base/clock.ts';
import { UpstreamUnavailableError } from '#base/errors.ts';
import { sqlState, type Db } from '#db/db.ts';
import type { InboxEvent, StoreOutcome } from './inbox-event.ts';
import { inboxKey, insertEvents } from './insert.ts';

/** NOTIFY channel that wakes the drain. */
export const INBOX_CHANNEL = 'growthos_inbox';

const BATCH_SIZE_MAX = 200;
/** How long after one wake-up the next is sent, milliseconds: a drain that is busy looks again by itself. */
const WAKE_PAUSE_MS = 20;

export interface Inbox {
  /** Resolves after COMMIT. Rejects with UpstreamUnavailableError when the database cannot take it: ask again. */
  store(event: InboxEvent): Promise<StoreOutcome>;
  /** The same for several; the outcomes stand in the order of the events. One that fails rejects the call. */
  storeMany(events: readonly InboxEvent[]): Promise<StoreOutcome[]>;
}

interface Waiting {
  readonly event: InboxEvent;
  readonly resolve: (outcome: StoreOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export function createInbox(deps: { db: Db; clock: Clock }): Inbox {
  const queue: Waiting[] = [];
  const notify = createNotifier(deps.db);
  let isInFlight = false;
  let isFlushDue = false;
  let lastSize = 0;

  /** Lets those in that arrived together with the first. */
  const schedule = (): void => {
    if (isInFlight || isFlushDue) return;
    isFlushDue = true;
    setImmediate(() => {
      isFlushDue = false;
      flushNext();
    });
  };
  const flushNext = (): void => {
    if (queue.length === 0) return;
    isInFlight = true;
    lastSize = Math.min(BATCH_SIZE_MAX, Math.ceil((queue.length + lastSize) / 2), queue.length);
    void flush(deps, queue.splice(0, lastSize)).then(({ hasStored, answer }) => {
      isInFlight = false;
      // The database has the next batch before the callers of this one are answered: it need not wait for that.
      flushNext();
      setImmediate(answer);
      if (hasStored) notify();
    });
  };
  const store = (event: InboxEvent): Promise<StoreOutcome> =>
    new Promise((resolve, reject) => {
      queue.push({ event, resolve, reject });
      schedule();
    });
  return { store, storeMany: (events) => Promise.all(events.map(store)) };
}

interface Flushed {
  /** Whether anything new was committed. */
  readonly hasStored: boolean;
  /** Tells each caller its own outcome. */
  readonly answer: () => void;
}

/** Never rejects: each waiting caller hears its own outcome, when `answer` is called. */
async function flush(deps: { db: Db; clock: Clock }, batch: readonly Waiting[]): Promise<Flushed> {
  try {
    const events = batch.map((waiting) => waiting.event);
    const fresh = await insertEvents(deps.db, { events, now: deps.clock.now() });
    return {
      hasStored: fresh.size > 0,
      answer: () => {
        for (const { event, resolve } of batch) {
          resolve(fresh.delete(inboxKey(event.origin, event.eventId)) ? 'accepted' : 'duplicate');
        }
      },
    };
  } catch (error) {
    if (batch.length > 1 && isAboutOneRow(error)) return flushEach(deps, batch);
    const failure = isAboutOneRow(error) ? error : new UpstreamUnavailableError('database', { cause: error });
    return { hasStored: false, answer: () => batch.forEach(({ reject }) => reject(failure)) };
  }
}

async function flushEach(deps: { db: Db; clock: Clock }, batch: readonly Waiting[]): Promise<Flushed> {
  const each: Flushed[] = [];
  for (const waiting of batch) each.push(await flush(deps, [waiting]));
  return {
    hasStored: each.some(({ hasStored }) => hasStored),
    answer: () => each.forEach(({ answer }) => answer()),
  };
}

/** SQLSTATE classes 22 (data), 23 (constraint) and 54 (limit): a row's own fault, which must not cost its neighbours. */
function isAboutOneRow(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? '');
}

/**
 * Wakes the drain, in a statement of its own and not with every flush. Inside the insert, NOTIFY would hold PostgreSQL's
 * one lock for notifications until COMMIT and so make the flushes wait for each other. A lost wake-up costs one idle pause.
 */
function createNotifier(db: Db): () => void {
  let isBusy = false;
  let isAskedAgain = false;
  const send = async (): Promise<void> => {
    isBusy = true;
    do {
      isAskedAgain = false;
      await db.query({ name: 'inbox_wake', text: `select pg_notify('${INBOX_CHANNEL}', '')` }).catch(() => undefined);
      await pause(WAKE_PAUSE_MS);
    } while (isAskedAgain);
    isBusy = false;
  };
  return () => {
    if (isBusy) isAskedAgain = true;
    else void send();
  };
}
