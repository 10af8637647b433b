import { one, type Tx } from '#db/db.ts';
import type { BusEvent } from '../bus-event.ts';

/**
 * Whether a consumer that moves things with a merge may follow a replayed event: only a merge that stands. One that was
 * undone, and its undoing, would move what came later.
 */
export async function isStillMerged(tx: Tx, event: BusEvent): Promise<boolean> {
  if (event.type !== 'contact_merged') return false;
  const gone = await one(tx, {
    text: 'select 1 from contact where id = $1 and merged_into is not null',
    values: [event.data['from_contact_id']],
  });
  return gone !== undefined;
}
