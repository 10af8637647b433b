/** Running the workers: in loops that wake each other (production), or round by round until nothing is due (tests). */
import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import { type Loop, startLoop, type Worker } from '#base/worker.ts';
import { BUS_CHANNEL, type BusTransport } from '#bus/index.ts';
import type { Db } from '#db/db.ts';
import { INBOX_CHANNEL } from '#ingest/index.ts';

/** How long a worker rests when nobody wakes it and nothing of its own falls due, milliseconds. */
const IDLE_MS = 5_000;
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

/** Every worker in a loop of its own; news of the ledger and of the bus, by NOTIFY, wake them at once. */
export async function runLoops(engine: {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly workers: readonly Worker[];
  readonly bus: BusTransport;
}): Promise<Loops> {
  let loops: Loop[] = [];
  const resume = (): void => {
    loops = engine.workers.map((worker) => startLoop(engine, { worker, idleMs: IDLE_MS }));
  };
  const pause = async (): Promise<void> => {
    await Promise.all(loops.map((loop) => loop.stop()));
  };
  const wake = (): void => {
    for (const loop of loops) loop.wake();
  };
  const stops = await Promise.all([INBOX_CHANNEL, BUS_CHANNEL].map((channel) => engine.db.listen(channel, wake)));
  engine.bus.onNews(wake);
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
