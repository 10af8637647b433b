/**
 * The workers in a thread of their own, so that answering (a webhook, a page) never waits for a batch to be computed, and a
 * second processor is used. In: the configuration. Out: workers that run as those of a process of `ROLE=worker` would. On
 * PostgreSQL only: the embedded storage has one session, and its own thread already. When the thread fails, the process
 * ends, as it would without one.
 */
import { once } from 'node:events';
import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Config } from '#config.ts';

/** What a thread can be told: no functions. */
export interface ThreadInput {
  readonly config: Config;
  readonly overrides: { readonly stripeRequestsPerSecond?: number | null };
}

export interface WorkerThread {
  stop(): Promise<void>;
}

/**
 * Room for what batches make and drop again: most of a batch is then gone when it is full. Measured at 48, 144 and 288: each
 * step a tenth more webhooks applied a second, histories read no slower. A sixteenth of a small machine's memory.
 */
const YOUNG_GENERATION_MB = { min: 48, max: 288, shareOfMemory: 1 / 16 };

/** By the memory that this process may use, megabytes. */
export function youngGenerationMb(memoryMb: number): number {
  const { min, max, shareOfMemory } = YOUNG_GENERATION_MB;
  return Math.round(Math.min(max, Math.max(min, memoryMb * shareOfMemory)));
}

/** The machine's, or what its container leaves of it. */
function memoryMb(): number {
  const allowed = process.constrainedMemory();
  return (allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()) / 1024 ** 2;
}

/** Resolves when the workers run. */
export async function startWorkerThread(input: ThreadInput): Promise<WorkerThread> {
  const thread = new Worker(new URL('./worker-thread-entry.mjs', import.meta.url), {
    workerData: input,
    resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb(memoryMb()) },
  });
  await once(thread, 'message');
  // An error of theirs that nobody caught is one of ours.
  thread.on('error', (error) => {
    throw error;
  });
  return {
    async stop() {
      const ended = once(thread, 'exit');
      thread.postMessage('stop');
      await ended;
    },
  };
}
