import type { Worker } from '#base/worker.ts';

export interface BusTransport {
  readonly kind: 'postgres' | 'jetstream';
  /** Everything that has to run for the consumers to hear. Nothing connects before the first of them runs. */
  readonly workers: readonly Worker[];
  /** Calls back when there is news, so that the loops look at once. PostgreSQL's news come by NOTIFY on BUS_CHANNEL. */
  onNews(listener: () => void): void;
  /** After the workers have stopped. */
  close(): Promise<void>;
}
