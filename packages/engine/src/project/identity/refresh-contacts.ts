import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { Tx } from '#db/db.ts';
import { refreshBilling } from '../contact-billing/refresh-billing.ts';
import { loadRules } from '../contact-billing/workspace-rules.ts';
import { loadContacts } from '../contacts/patch-contacts.ts';
import { identityPatches, type Occasion } from './identity-patches.ts';
import type { ResolveDeps } from './resolve.ts';
import type { Said } from './said.ts';

/** Contacts after a person's decision: what their identities said, and their billing, computed anew. */
export async function refreshContacts(
  deps: ResolveDeps,
  input: {
    tx: Tx;
    workspaceId: string;
    personId: string | null;
    contactIds: readonly string[];
    lost?: ReadonlyMap<string, readonly Said[]>;
  },
): Promise<void> {
  const { tx, workspaceId, contactIds } = input;
  const cause: EventCause = { kind: input.personId === null ? 'api' : 'person', id: input.personId };
  const occasion: Occasion = { at: deps.clock.now(), cause, eventSource: 'growthos', isNew: false };
  const contacts = new Map(contactIds.map((contactId) => [contactId, occasion]));
  const records = await loadContacts(tx, contactIds);
  const lost = input.lost ?? new Map<string, readonly Said[]>();
  const also = await identityPatches(tx, { workspaceId, records, occasions: contacts, lost });
  await refreshBilling(deps, { tx, workspaceId, rules: await loadRules(tx, workspaceId), contacts, also });
}
