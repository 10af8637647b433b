import type { Tx } from '#db/db.ts';
import { mergeContacts } from '../contacts/merge.ts';
import { identityOfKey } from './identity.ts';
import { reassignIdentities } from './identity-store.ts';
import { moveEvents } from './move-events.ts';
import type { MovePlan } from './plan-moves.ts';
import type { ResolveDeps } from './resolve.ts';

export async function insertContacts(
  deps: ResolveDeps,
  input: { tx: Tx; workspaceId: string; contactIds: ReadonlySet<string>; bornAt: ReadonlyMap<string, Date> },
): Promise<void> {
  const contactIds = [...input.contactIds];
  if (contactIds.length === 0) return;
  const now = deps.clock.now();
  await input.tx.query({
    name: 'contact_insert',
    text: `insert into contact (id, workspace_id, created_at, updated_at)
           select c.id, $1, c.at, $2 from unnest($3::uuid[], $4::timestamptz[]) as c (id, at)`,
    values: [input.workspaceId, now, contactIds, contactIds.map((id) => (input.bornAt.get(id) ?? now).toISOString())],
  });
}

/** Parts and joins contacts as planned. The caller computes the contacts in `plan.moved` anew. */
export async function carryOut(
  deps: ResolveDeps,
  input: { tx: Tx; workspaceId: string; plan: MovePlan },
): Promise<void> {
  const { tx, workspaceId, plan } = input;
  for (const { from, into, keys } of plan.partings) {
    const identities = keys.map(identityOfKey);
    await reassignIdentities(tx, { workspaceId, identities, contactId: into, isPinned: false });
    tellSplit(deps, { tx, workspaceId, from, into, by: 'identify' });
    await moveEvents(tx, { workspaceId, from, into, keys });
  }
  for (const { from, into } of plan.merges) {
    await mergeContacts(deps, { tx, workspaceId, from, into, by: 'identify' });
  }
}

/** Says on both contacts that something of the one now belongs to the other. */
export function tellSplit(
  deps: ResolveDeps,
  input: {
    tx: Tx;
    workspaceId: string;
    from: string;
    into: string;
    by: 'identify' | 'person';
    /** Where a merge is undone: `into` is the contact that is back; `origins`, it and what had been merged into it. */
    undone?: { readonly mergeId: string; readonly origins: readonly string[] };
  },
): void {
  const { tx, workspaceId, from, into, by, undone } = input;
  const merge = undone ? { merge_id: undone.mergeId, origin_contact_ids: [...undone.origins] } : {};
  const time = deps.clock.now();
  deps.publisher.publish(
    tx,
    [from, into].map((contactId) => ({
      workspaceId,
      contactId,
      type: 'contact_split',
      source: 'growthos',
      time,
      data: { from_contact_id: from, into_contact_id: into, by, ...merge },
      cause: null,
    })),
  );
}
