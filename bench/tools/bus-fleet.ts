import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stopChild } from './stop-child.ts';

/** Worker processes of one bus, and what they have handled since the last `take`. */
export interface BusFleet {
  /** Resolves when so many events were handled since the last `take`; their milliseconds under way, in no order. */
  take(count: number): Promise<number[]>;
  stop(): Promise<void>;
}

const STALLED_MS = 60_000;

export async function startBusFleet(input: {
  processes: number;
  env: Readonly<Record<string, string>>;
}): Promise<BusFleet> {
  let heard: number[] = [];
  let onHeard = (): void => undefined;
  const file = fileURLToPath(new URL('./bus-worker.ts', import.meta.url));
  const start = (): Promise<ChildProcess> =>
    new Promise((resolve, reject) => {
      const child = fork(file, [], {
        execArgv: process.features.typescript ? [] : ['--import', 'tsx'],
        env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...input.env },
      });
      child.once('exit', (code) => reject(new Error(`a worker process ended with code ${code}`)));
      child.on('message', (message) => {
        if (message === 'ready') return resolve(child);
        heard.push(...(message as number[]));
        onHeard();
      });
    });
  const children = await Promise.all(Array.from({ length: input.processes }, start));
  return {
    take: (count) =>
      new Promise((resolve, reject) => {
        let timer: NodeJS.Timeout | undefined;
        onHeard = () => {
          clearTimeout(timer);
          if (heard.length < count) {
            const stalledAt = heard.length;
            timer = setTimeout(() => reject(new Error(`stalled at ${stalledAt} of ${count} events`)), STALLED_MS);
            return;
          }
          onHeard = () => undefined;
          const taken = heard;
          heard = [];
          resolve(taken);
        };
        onHeard();
      }),
    async stop() {
      await Promise.all(children.map(stopChild));
    },
  };
}
