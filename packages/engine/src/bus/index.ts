export { BUS_EVENT_COLUMNS, type BusEvent, type NewBusEvent } from './bus-event.ts';
export type { Consumer } from './consumer.ts';
export { replayDeadLetter, rewindConsumer } from './dead-letter.ts';
export { openBusTransport } from './open-transport.ts';
export { BUS_CHANNEL, createPublisher, type Publisher } from './publish.ts';
export type { BusTransport } from './transport.ts';
export { consumerWorker } from './transports/postgres/consumer-worker.ts';
