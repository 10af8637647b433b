import type { Clock } from './clock.ts';
import { messageOf } from './errors.ts';
import type { Log } from './log.ts';
import { backoffMs } from './retry.ts';

/**
 * Something that works off what is due. `runOnce` takes one batch and returns how many items it handled, 0 when nothing
 * is due. It may be called again at any time, by several processes at once, and after a crash at any point.
 * Tests call `runOnce` until all workers return 0 (`settle`); production runs `startLoop`.
 */
export interface Worker {
  readonly name: string;
  /** Whose news it works off itself, so that it looks at once. The others look when some work was done: see compose/loops.ts. */
  readonly wokenBy?: 'ledger' | 'bus';
  /** How many items one batch takes at most: so many handled means that more wait. */
  readonly batchSizeMax?: number;
  runOnce(): Promise<number>;
  /** Whether its turn, which is under way, writes so much that whoever follows it does better to look less often. */
  isFlooding?(): boolean;
  /** When this worker next wants to run although nobody wakes it; null: only on waking (and every `idleMs`). */
  nextDueAt?(): Promise<Date | null>;
}

export interface Loop {
  wake(): void;
  stop(): Promise<void>;
}

/** Milliseconds from a worker's failure to its next try, doubling with every further failure in a row. */
const FAILED = { firstMs: 250, maxMs: 30_000 };

/**
 * Runs a worker until stopped: at once again while it finds work; else after a wake-up, when something of its own falls
 * due (`nextDueAt`), or after `idleMs`, whichever is first. `onTurn` hears after each turn's commit how many items it
 * handled; `restsEarly` says whether it rests, until it is woken, after a batch that was not full. A failing batch is
 * logged and tried again after a growing pause; it never ends the loop.
 */
export function startLoop(
  deps: { log: Log; clock: Clock },
  input: { worker: Worker; idleMs: number; onTurn?: (handled: number) => void; restsEarly?: () => boolean },
): Loop {
  const { worker, idleMs } = input;
  const { batchSizeMax = 0 } = worker;
  const alarm = new Alarm();
  let failures = 0;

  const turn = async (): Promise<void> => {
    alarm.reset();
    try {
      const handled = await worker.runOnce();
      failures = 0;
      input.onTurn?.(handled);
      if (handled === 0 || (handled < batchSizeMax && input.restsEarly?.() === true))
        await alarm.wait(await restMs(deps, { worker, idleMs }));
    } catch (error) {
      failures += 1;
      deps.log.error({ worker: worker.name, failures, err: error }, `${worker.name} failed: ${messageOf(error)}`);
      await alarm.wait(backoffMs(failures, FAILED));
    }
  };
  const finished = (async () => {
    while (!alarm.isStopped) await turn();
  })();
  return {
    wake: () => alarm.ring(),
    async stop() {
      alarm.stop();
      await finished;
    },
  };
}

async function restMs(deps: { clock: Clock }, input: { worker: Worker; idleMs: number }): Promise<number> {
  const dueAt = await input.worker.nextDueAt?.();
  if (!dueAt) return input.idleMs;
  return Math.min(input.idleMs, Math.max(0, dueAt.getTime() - deps.clock.now().getTime()));
}

/** A pause that can be cut short; a ring that comes before the pause begins counts for it. */
class Alarm {
  isStopped = false;
  #hasRung = false;
  #end: (() => void) | undefined;

  reset(): void {
    this.#hasRung = false;
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.isStopped || this.#hasRung) return resolve();
      const timer = setTimeout(() => this.#end?.(), ms);
      this.#end = () => {
        clearTimeout(timer);
        this.#end = undefined;
        resolve();
      };
    });
  }

  ring(): void {
    this.#hasRung = true;
    this.#end?.();
  }

  stop(): void {
    this.isStopped = true;
    this.#end?.();
  }
}
