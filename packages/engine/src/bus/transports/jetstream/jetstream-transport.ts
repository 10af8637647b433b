import type { BusTransport } from '../../transport.ts';
import type { Consumer } from '../../consumer.ts';
import type { BusDeps } from '../../work-off.ts';
import { openNatsLink } from './nats-link.ts';
import { partitionedWorker } from './partitioned-worker.ts';
import { relayWorker } from './relay.ts';

/** NATS JetStream as the transport: the relay, and the consumers' workers. Processes with the same database share both. */
export function jetstreamTransport(
  deps: BusDeps,
  input: { consumers: readonly Consumer[]; natsUrl: string },
): BusTransport & { deleteStreams(): Promise<void> } {
  const link = openNatsLink(deps, { url: input.natsUrl });
  return {
    kind: 'jetstream',
    workers: [
      relayWorker({ ...deps, link }),
      ...input.consumers.map((consumer) => partitionedWorker({ ...deps, link }, consumer)),
    ],
    onNews: (listener) => link.onTold(() => listener()),
    deleteStreams: () => link.deleteStreams(),
    close: () => link.close(),
  };
}
