/**
 * Events follow what they were told of. Those of this very transaction are not written yet when something moves (the bus
 * writes them at its end), so every move is made twice: at once, and again after the bus has written.
 */
import type { Tx } from '#db/db.ts';
import { type IdentityKey, identityOfKey } from './identity.ts';

export interface EventMove {
  readonly workspaceId: string;
  readonly from: string;
  readonly into: string;
  /** Null: all events of `from`. Else those that were told in the name of these identities. */
  readonly keys: readonly IdentityKey[] | null;
}

const later = new WeakMap<Tx, EventMove[]>();

/** Call it after publishing the event that tells of the move: hooks run in the order in which they were first asked for. */
export async function moveEvents(tx: Tx, move: EventMove): Promise<void> {
  await moveWritten(tx, move);
  const known = later.get(tx);
  if (known) {
    known.push(move);
    return;
  }
  const moves = [move];
  later.set(tx, moves);
  tx.beforeCommit('project:event-moves', async () => {
    for (const one of moves) await moveWritten(tx, one);
  });
}

async function moveWritten(tx: Tx, move: EventMove): Promise<void> {
  if (move.keys === null) {
    await tx.query({
      name: 'events_follow_contact',
      text: 'update bus_event set contact_id = $2 where contact_id = $1',
      values: [move.from, move.into],
    });
  } else {
    await moveTold(tx, { ...move, keys: move.keys });
  }
}

/** Product events by who speaks in them (the ledger knows), Stripe's by the customer in their payload. */
async function moveTold(tx: Tx, input: EventMove & { keys: readonly IdentityKey[] }): Promise<void> {
  const { workspaceId, from, into, keys } = input;
  await tx.query({
    name: 'events_follow_speaker',
    text: `update bus_event b set contact_id = $3
           from inbox_event i
           where b.contact_id = $2 and b.source = 'app' and i.origin = $1 and i.event_id = b.cause->>'id'
             and i.source = 'track' and speaker_of(i.payload::jsonb) = any($4)`,
    values: [workspaceId, from, into, [...keys]],
  });
  const customers = keys.map(identityOfKey).filter((one) => one.kind === 'stripe_customer');
  if (customers.length === 0) return;
  await tx.query({
    name: 'events_follow_customer',
    text: `update bus_event set contact_id = $2
           where contact_id = $1 and source like 'stripe:%'
             and data->>'stripe_account' || '/' || (data->>'customer_id') = any($3)`,
    values: [from, into, customers.map((one) => one.value)],
  });
}
