import { messageOf } from './errors.ts';
import type { Log } from './log.ts';

/**
 * Something that works off what is due. `runOnce` takes one batch and returns how many items it handled, 0 when nothing
 * is due. It may be called again at any time, by several processes at once, and after a crash at any point.
 * Tests call `runOnce` until all workers return 0 (`settle`); production runs `startLoop`.
 */
export interface Worker {
  readonly name: string;
  runOnce(): Promise<number>;
  /** When this worker next wants to run although nobody wakes it; null: only on waking (and every `idleMs`). */
  nextDueAt?(): Promise<Date | null>;
}

export interface Loop {
  wake(): void;
  stop(): Promise<void>;
}

/**
 * Runs a worker until stopped: at once again while it finds work, else after a wake-up or `idleMs`, whichever is first.
 * A failing batch is logged and tried again after a growing pause (250 ms to 30 s); it never ends the loop.
 */
export function startLoop(deps: { log: Log }, input: { worker: Worker; idleMs: number }): Loop {
  const { worker, idleMs } = input;
  let stopped = false;
  let woken = false;
  let failures = 0;
  let wakeUp: (() => void) | undefined;
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (stopped || woken) return resolve();
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        wakeUp = undefined;
        resolve();
      }
      wakeUp = done;
    });

  const finished = (async () => {
    while (!stopped) {
      woken = false;
      try {
        const handled = await worker.runOnce();
        failures = 0;
        if (handled === 0) await pause(idleMs);
      } catch (error) {
        failures += 1;
        deps.log.error({ worker: worker.name, failures, err: error }, `${worker.name} failed: ${messageOf(error)}`);
        await pause(Math.min(30_000, 250 * 2 ** Math.min(failures, 7)));
      }
    }
  })();

  return {
    wake() {
      woken = true;
      wakeUp?.();
    },
    async stop() {
      stopped = true;
      wakeUp?.();
      await finished;
    },
  };
}
