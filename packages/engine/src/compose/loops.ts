/** Running the workers: in loops that wake each other (production), or round by round until nothing is due (tests). */
import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import { type Loop, startLoop, type Worker } from '#base/worker.ts';
import { BUS_CHANNEL, type BusTransport } from '#bus/index.ts';
import type { Db } from '#db/db.ts';
import { INBOX_CHANNEL } from '#ingest/index.ts';

/** How long a worker rests when nobody wakes it and nothing of its own falls due, milliseconds. */
const IDLE_MS = 5_000;
/** How long after something was done the workers that follow it look, milliseconds: together, and at most so often. */
const FOLLOW_MS = 100;
/** While the ledger has more than a batch to apply: how often everybody else looks, milliseconds. */
const HOLD_MS = 1_000;
const ROUNDS_MAX = 2_000;

/** Runs every worker once, again and again, until a whole round finds nothing to do. */
export async function settle(workers: readonly Worker[]): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let handled = 0;
    for (const worker of workers) handled += await worker.runOnce();
    if (handled === 0) return;
  }
  throw new Error(`still busy after ${ROUNDS_MAX} rounds`);
}

export interface Loops {
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

/**
 * Every worker in a loop of its own. Who works off the ledger or the bus is woken by their NOTIFY at once; but while the
 * ledger is behind, all others look once a second. The graph is then up to date sooner, and reactions cost less: several
 * changes of a contact are one look at it. Who is not woken by news follows
 * what was done: one look `FOLLOW_MS` after a batch of this process, or news of another, found something, however many
 * there were meanwhile. At a few hundred events a second all of them would otherwise look hundreds of times a second for
 * what is seldom there, and take the processor from those who have something to do.
 */
export async function runLoops(engine: {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly workers: readonly Worker[];
  readonly bus: Pick<BusTransport, 'onNews'>;
}): Promise<Loops> {
  let loops: { readonly loop: Loop; readonly wokenBy: Worker['wokenBy'] }[] = [];
  const wake = (whom: Worker['wokenBy']): void => {
    for (const { loop, wokenBy } of loops) if (wokenBy === whom) loop.wake();
  };
  const busNews = new HeldNews(() => wake('bus'));
  let following: NodeJS.Timeout | undefined;
  const follow = (): void => {
    const afterMs = busNews.isHeld ? HOLD_MS : FOLLOW_MS;
    following ??= setTimeout(() => {
      following = undefined;
      wake(undefined);
    }, afterMs);
  };
  const resume = (): void => {
    loops = engine.workers.map((worker) => {
      const { wokenBy, batchSizeMax = Infinity } = worker;
      const onTurn = (handled: number): void => {
        if (wokenBy === 'ledger') busNews.hold(handled >= batchSizeMax);
        if (handled > 0) follow();
      };
      const restsEarly = (): boolean => wokenBy === 'bus' && busNews.isHeld;
      return { loop: startLoop(engine, { worker, idleMs: IDLE_MS, onTurn, restsEarly }), wokenBy };
    });
  };
  const pause = async (): Promise<void> => {
    await Promise.all(loops.map(({ loop }) => loop.stop()));
    busNews.hold(false);
    clearTimeout(following);
    following = undefined;
  };
  const hear = (tell: () => void) => (): void => {
    tell();
    follow();
  };
  const stops = await Promise.all([
    engine.db.listen(
      INBOX_CHANNEL,
      hear(() => wake('ledger')),
    ),
    engine.db.listen(
      BUS_CHANNEL,
      hear(() => busNews.come()),
    ),
  ]);
  engine.bus.onNews(hear(() => busNews.come()));
  resume();
  return {
    pause,
    resume,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
      await pause();
    },
  };
}

/** News that are told at once, or, while they are held, together: when that ends, or a while after the first of them. */
class HeldNews {
  readonly #tell: () => void;
  isHeld = false;
  #telling: NodeJS.Timeout | undefined;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  come(): void {
    if (!this.isHeld) this.#tell();
    else this.#telling ??= setTimeout(() => this.#tellNow(), HOLD_MS);
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    if (!isHeld && this.#telling !== undefined) this.#tellNow();
  }

  #tellNow(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#tell();
  }
}
