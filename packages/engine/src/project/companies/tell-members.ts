import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { PropertyChange } from '@growthos/contracts/events/engine.ts';
import type { Publisher } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';

/** Puts changes of companies (by company id) into the history of each of their members. */
export async function tellMembers(
  deps: { publisher: Publisher },
  input: {
    tx: Tx;
    workspaceId: string;
    changes: ReadonlyMap<string, readonly PropertyChange[]>;
    at: Date;
    cause: EventCause;
  },
): Promise<void> {
  const { tx, workspaceId, changes, at, cause } = input;
  if (changes.size === 0) return;
  const members = await many<{ company_id: string; contact_id: string }>(tx, {
    name: 'company_members',
    text: 'select company_id, contact_id from company_membership where company_id = any($1::uuid[]) order by contact_id',
    values: [[...changes.keys()]],
  });
  deps.publisher.publish(
    tx,
    members.map(({ company_id, contact_id }) => ({
      workspaceId,
      contactId: contact_id,
      type: 'contact_updated',
      source: 'growthos',
      time: at,
      data: { is_new: false, changes: changes.get(company_id) ?? [] },
      cause,
    })),
  );
}
