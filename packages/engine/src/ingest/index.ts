export { readBacklog, replayAllDead, replayDead } from './inbox/dead.ts';
export { type ApplyEvents, drainWorker } from './inbox/drain.ts';
export type { InboxEvent, InboxSource, StoredEvent, StoreOutcome } from './inbox/inbox-event.ts';
export { createInbox, INBOX_CHANNEL, type Inbox } from './inbox/store.ts';
export type { ReceivedWebhook, ReceiveOutcome } from './stripe/receive.ts';
export { receiveTracked, type TrackDeps, type WriteKeyOwner } from './track/receive.ts';
