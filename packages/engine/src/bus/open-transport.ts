/**
 * The transport of the bus, chosen in one place. The log is PostgreSQL's `bus_event` with either; what differs is how
 * consumers hear of what is on it: by looking at its end, or by NATS JetStream, where several processes share the work.
 */
import type { Consumer } from './consumer.ts';
import { replayWorker } from './replay/replay-worker.ts';
import type { BusTransport } from './transport.ts';
import { jetstreamTransport } from './transports/jetstream/jetstream-transport.ts';
import { consumerWorker } from './transports/postgres/consumer-worker.ts';
import { SharedLog } from './transports/postgres/shared-log.ts';
import type { BusDeps } from './work-off.ts';

/**
 * `natsUrl` null: PostgreSQL. The setting may change from one start to the next: each takes over from the other exactly
 * where it stood. All processes of an installation must have the same.
 */
export function openBusTransport(
  deps: BusDeps,
  input: { consumers: readonly Consumer[]; natsUrl: string | null },
): BusTransport {
  const { consumers, natsUrl } = input;
  const log = new SharedLog();
  const transport: BusTransport =
    natsUrl === null
      ? {
          kind: 'postgres',
          workers: consumers.map((consumer) => consumerWorker(deps, consumer, log)),
          onNews: () => undefined,
          close: async () => undefined,
        }
      : jetstreamTransport(deps, { consumers, natsUrl });
  // A replay reads the log, which is the same with either.
  return { ...transport, workers: [...transport.workers, replayWorker(deps, consumers)] };
}
