/** What product events say of one contact beside what is said in its identities' names: when it was seen. Pure. */
import type { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
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
    contactId: record.id,
    source: null,
    set: Object.assign(seenValues(record, said), input.figures),
    ...input.base,
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
