/** What product events say of one contact beside what is said in its identities' names: when it was seen, its last touch. Pure. */
import type { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
import { type Touch, touchOf } from '../acquisition/touch.ts';
import type { ContactRecord } from '../contacts/contact-record.ts';
import type { ContactPatch } from '../contacts/patch-contacts.ts';
import type { EngagementFigures } from '../engagement/record-activity.ts';

export interface SaidOfContact {
  readonly message: StoredTrackMessage;
  readonly at: Date;
}

export function personPatch(input: {
  record: ContactRecord;
  said: readonly SaidOfContact[];
  figures: EngagementFigures;
  base: Pick<ContactPatch, 'at' | 'cause' | 'eventSource' | 'isNew'>;
}): ContactPatch {
  const { record, said } = input;
  return {
    ...input.base,
    contactId: record.id,
    source: null,
    set: { ...seenValues(record, said), ...lastTouch(record, said), ...input.figures },
  };
}

function seenValues(record: ContactRecord, said: readonly SaidOfContact[]): ContactPatch['set'] {
  // `identify` and `group` may come from a server on somebody's behalf; being seen means having done something.
  const times = said
    .filter(({ message }) => message.type === 'track' || message.type === 'page')
    .map(({ at }) => at.getTime());
  if (times.length === 0) return {};
  const firstMs = Math.min(...times, record.first_seen_at?.getTime() ?? Number.POSITIVE_INFINITY);
  const lastMs = Math.max(...times, record.last_seen_at?.getTime() ?? Number.NEGATIVE_INFINITY);
  return { first_seen_at: new Date(firstMs), last_seen_at: new Date(lastMs) };
}

/** The last one before the first payment; afterwards it stands still. */
function lastTouch(record: ContactRecord, said: readonly SaidOfContact[]): ContactPatch['set'] {
  if (record.first_paid_at !== null) return {};
  let last: Touch | null = null;
  for (const { message } of said) {
    const touch = touchOf(message);
    if (touch !== null && (last === null || touch.at > last.at)) last = touch;
  }
  const known = record.last_touch_before_payment?.['at'];
  if (last === null || (typeof known === 'string' && known >= last.at)) return {};
  return { last_touch_before_payment: { ...last } };
}
