import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { Tx } from '#db/db.ts';
import { type PatchDeps, patchContacts } from './patch-contacts.ts';

export interface TraitChange {
  readonly workspaceId: string;
  readonly contactId: string;
  readonly traits: Readonly<Record<string, unknown>>;
  readonly cause: EventCause;
}

/**
 * Sets traits on behalf of a sequence's step, with history and event like any other change. Null takes a trait away. A
 * trait that a person set by hand stays. Repeating it changes nothing.
 */
export async function writeTraits(deps: PatchDeps, input: { tx: Tx; changes: readonly TraitChange[] }): Promise<void> {
  const byWorkspace = new Map<string, TraitChange[]>();
  for (const change of input.changes) {
    byWorkspace.set(change.workspaceId, [...(byWorkspace.get(change.workspaceId) ?? []), change]);
  }
  for (const [workspaceId, changes] of byWorkspace) {
    await patchContacts(deps, {
      tx: input.tx,
      workspaceId,
      patches: changes.map(({ contactId, traits, cause }) => ({
        contactId,
        set: { traits: { ...traits } },
        source: 'app' as const,
        isNew: false,
        at: deps.clock.now(),
        cause,
        eventSource: 'growthos',
      })),
    });
  }
}
