export { BUS_EVENT_COLUMNS, type BusEvent, type NewBusEvent } from './bus-event.ts';
export { type Consumer, consumerWorker } from './consume.ts';
export { replayDeadLetter, rewindConsumer } from './dead-letter.ts';
export { BUS_CHANNEL, createPublisher, type Publisher } from './publish.ts';
