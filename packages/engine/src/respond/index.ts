/**
 * Responding: who is in which segment, and which step of which sequence is next. In: events of the bus, dates that fall
 * due. Out: memberships, runs and requests for messages, and events about them, each in one transaction with its state.
 */
export * from './segments/index.ts';
export * from './sequences/index.ts';
