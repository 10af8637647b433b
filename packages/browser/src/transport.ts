import type { Env } from './env.ts';
import type { Queue } from './queue.ts';

/** How long the first message of a batch waits for company, milliseconds. */
const GATHER_MS = 300;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

export interface Transport {
  /** Something is in the queue: sends soon. */
  kick(): void;
  /** Sends now, batch after batch, until nothing waits or a try fails. */
  flush(): Promise<void>;
  /** The page goes away: hands over what fits. It stays queued, as nobody can say whether it arrived. */
  leave(): void;
}

/**
 * At least once: a message leaves the queue only when the server answered. 2xx and 4xx are answers (a batch that is
 * refused would be refused again); 408, 429, 5xx and silence are not, and are tried again with growing pauses.
 */
export function createTransport(env: Env, input: { queue: Queue; url: string; writeKey: string }): Transport {
  const { queue, url, writeKey } = input;
  let cancelTimer: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;

  const bodyOf = (batch: unknown): string =>
    JSON.stringify({ batch, writeKey, sentAt: new Date(env.now()).toISOString() });
  const schedule = (ms: number): void => {
    cancelTimer ??= env.after(ms, () => {
      cancelTimer = undefined;
      void flush();
    });
  };
  const sendAll = async (): Promise<void> => {
    for (;;) {
      const batch = queue.next(false);
      if (batch.length === 0) return;
      const status = await env.post(url, bodyOf(batch), false);
      if (status === 0 || status === 408 || status === 429 || status >= 500) {
        failures += 1;
        const pause = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (failures - 1));
        schedule(pause * (0.5 + env.random() / 2));
        return;
      }
      if (status >= 400) env.warn(`the server refused ${batch.length} message(s) with ${status}; they are dropped`);
      failures = 0;
      queue.remove(batch);
    }
  };
  const flush = (): Promise<void> => {
    running ??= sendAll().finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    kick: () => schedule(GATHER_MS),
    flush() {
      cancelTimer?.();
      cancelTimer = undefined;
      return flush();
    },
    leave() {
      const batch = queue.next(true);
      if (batch.length > 0) void env.post(url, bodyOf(batch), true);
    },
  };
}
