export { BUS_EVENT_COLUMNS, type BusEvent, type NewBusEvent } from './bus-event.ts';
export type { Consumer } from './consumer.ts';
export { replayDeadLetter } from './dead-letter.ts';
export { openBusTransport } from './open-transport.ts';
export { BUS_CHANNEL, createPublisher, type Publisher } from './publish.ts';
export { askReplay, type ReplayDeps } from './replay/ask-replay.ts';
export { replayEvents, REPLAYED_EVENTS_MAX } from './replay/replay-events.ts';
export type { BusTransport } from './transport.ts';
export { consumerWorker } from './transports/postgres/consumer-worker.ts';
