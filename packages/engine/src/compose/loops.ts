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
/** While the ledger has more than a batch to apply: how often everybody else looks, and in a flood the others, milliseconds. */
const HOLD_MS = 1_000;
/** While somebody floods the bus (a history is being read): how often those who listen to it look, milliseconds. */
const FLOODED_MS = 250;
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
 * Every worker in a loop of its own. Who works off the ledger or the bus is woken by their NOTIFY at once. The others follow
 * what was done: one look `FOLLOW_MS` after a batch of this process, or news of another, found something, however many
 * there were meanwhile. At a few hundred events a second all of them would otherwise look hundreds of times a second for
 * what is seldom there, and take the processor from those who have something to do.
 *
 * While the ledger is behind, everybody but its drain looks once a second. The graph is then up to date sooner, and
 * reactions cost less: several changes of a contact are one look at it. While a history is being read those who listen to
 * the bus look four times a second, not after each of its pages.
 */
export async function runLoops(engine: {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly workers: readonly Worker[];
  readonly bus: Pick<BusTransport, 'onNews'>;
}): Promise<Loops> {
  let loops: { readonly loop: Loop; readonly wokenBy: Worker['wokenBy'] }[] = [];
  const news = new News({
    wake(whom) {
      for (const { loop, wokenBy } of loops) if (wokenBy === whom) loop.wake();
    },
    isFlooded: () => engine.workers.some((worker) => worker.isFlooding?.() === true),
  });
  const resume = (): void => {
    loops = engine.workers.map((worker) => ({
      loop: startLoop(engine, {
        worker,
        idleMs: IDLE_MS,
        onTurn: (handled) => news.ofTurn(worker, handled),
        restsEarly: () => worker.wokenBy === 'bus' && news.holdMs() !== null,
      }),
      wokenBy: worker.wokenBy,
    }));
  };
  const pause = async (): Promise<void> => {
    await Promise.all(loops.map(({ loop }) => loop.stop()));
    news.forget();
  };
  const stops = await Promise.all([
    engine.db.listen(INBOX_CHANNEL, () => news.ofLedger()),
    engine.db.listen(BUS_CHANNEL, () => news.ofBus()),
  ]);
  engine.bus.onNews(() => news.ofBus());
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

/** Tells the loops what there is to do: at once, or together a little later. */
class News {
  /** The drain's last batch was full. */
  isLedgerBehind = false;
  readonly #wake: (whom: Worker['wokenBy']) => void;
  readonly #isFlooded: () => boolean;
  #listeners: NodeJS.Timeout | undefined;
  #followers: NodeJS.Timeout | undefined;

  constructor(deps: { wake: (whom: Worker['wokenBy']) => void; isFlooded: () => boolean }) {
    this.#wake = deps.wake;
    this.#isFlooded = deps.isFlooded;
  }

  /** How long everybody is held back from looking, while there is so much that each look would see little of it. */
  holdMs(): number | null {
    if (this.isLedgerBehind) return HOLD_MS;
    return this.#isFlooded() ? FLOODED_MS : null;
  }

  ofLedger(): void {
    this.#wake('ledger');
    this.#tellFollowers();
  }

  ofBus(): void {
    const holdMs = this.holdMs();
    if (holdMs === null) this.#wake('bus');
    else this.#listeners ??= setTimeout(() => this.#tellListeners(), holdMs);
    this.#tellFollowers();
  }

  ofTurn({ wokenBy, batchSizeMax = Infinity }: Worker, handled: number): void {
    if (wokenBy === 'ledger') {
      this.isLedgerBehind = handled >= batchSizeMax;
      if (!this.isLedgerBehind && this.#listeners !== undefined) this.#tellListeners();
    }
    if (handled > 0) this.#tellFollowers();
  }

  forget(): void {
    this.isLedgerBehind = false;
    clearTimeout(this.#listeners);
    clearTimeout(this.#followers);
    this.#listeners = undefined;
    this.#followers = undefined;
  }

  #tellListeners(): void {
    clearTimeout(this.#listeners);
    this.#listeners = undefined;
    this.#wake('bus');
  }

  #tellFollowers(): void {
    this.#followers ??= setTimeout(
      () => {
        this.#followers = undefined;
        this.#wake(undefined);
      },
      this.holdMs() === null ? FOLLOW_MS : HOLD_MS,
    );
  }
}
