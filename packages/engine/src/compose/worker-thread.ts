/**
 * The workers in a thread of their own, so that answering (a webhook, a page) never waits for a batch to be computed, and a
 * second processor is used. In: the configuration. Out: workers that run as those of a process of `ROLE=worker` would. On
 * PostgreSQL only: the embedded storage has one session, and its own thread already. When the thread fails, the process
 * ends, as it would without one.
 */
import { once } from 'node:events';
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
 * Room for what batches make and drop again. Three times the usual: most of a batch is then gone when it is full. Measured
 * against twice the usual: a tenth more webhooks applied a second, and histories read no slower; six times the usual was
 * a little faster still at applying, and slower at reading.
 */
const YOUNG_GENERATION_MB = 144;

/** Resolves when the workers run. */
export async function startWorkerThread(input: ThreadInput): Promise<WorkerThread> {
  const thread = new Worker(new URL('./worker-thread-entry.mjs', import.meta.url), {
    workerData: input,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
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
