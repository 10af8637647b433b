/**
 * Read-only answers, one file per question that a page asks. In: a workspace, proven by the guard, and what is asked. Out:
 * the shapes of `contracts/http`. Nothing here writes; everything may be asked again at any time. What is not in the
 * workspace does not exist: every question names the workspace in its SQL.
 */
export { busEventDetail, busEventList, eventTypes } from './bus-events.ts';
export { candidates } from './candidates.ts';
export { capturedInbox, capturedMessage } from './captured-inbox.ts';
export { contactFilters } from './contact-filters.ts';
export { contactList } from './contact-list.ts';
export { contactPage } from './contact-page.ts';
export { deadLetters, ledgerSeqOf } from './dead-letters.ts';
export { replays } from './replays.ts';
export { eventTitle } from './event-title.ts';
export { lagFigures } from './lag.ts';
export { ledgerEvent, ledgerList } from './ledger.ts';
export { liveEvents } from './live.ts';
export { ltvByChannel } from './ltv-by-channel.ts';
export { auditLog, keys, members } from './members.ts';
export { contactMerges, recentMerges } from './merges.ts';
export { messageDetail, messageList, plannedMessages } from './messages.ts';
export { moneyText, moneyView, unitAmountText } from './money-text.ts';
export { overview } from './overview.ts';
export { type RuleGroupSchema, settings, storedRules } from './settings.ts';
export { timeline } from './timeline.ts';
