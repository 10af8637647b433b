export type { InboxEvent, InboxSource, StoredEvent, StoreOutcome } from './inbox/inbox-event.ts';
export { createInbox, INBOX_CHANNEL, type Inbox } from './inbox/store.ts';
