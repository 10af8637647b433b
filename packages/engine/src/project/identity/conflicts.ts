/**
 * Identities that several people claim: an e-mail address of two users, a Stripe customer that names two. One row each,
 * for a person to decide; meanwhile the identity belongs to whoever claimed it first. A decision stands until somebody
 * else claims it too.
 */
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { json, type Tx } from '#db/db.ts';
import { type Identity, type IdentityKey, identityKey, identityOfKey } from './identity.ts';

function reasonOf(identity: Identity, claimants: readonly IdentityKey[]): string {
  if (claimants.includes(identityKey(identity)))
    return identity.kind === 'email'
      ? 'Somebody gave this e-mail address in a browser, where anybody can type any address, or claimed it after a person had decided whose it is.'
      : 'Somebody else claims this Stripe customer since a person decided whose it is.';
  return identity.kind === 'email'
    ? 'Several people have this e-mail address.'
    : 'This Stripe customer names several people.';
}

export async function recordConflicts(
  deps: { clock: Clock },
  input: {
    tx: Tx;
    workspaceId: string;
    claimantsOf: ReadonlyMap<IdentityKey, readonly IdentityKey[]>;
    contactOf: ReadonlyMap<IdentityKey, string>;
  },
): Promise<void> {
  const conflicts = [...input.claimantsOf].flatMap(([key, claimants]) => {
    const candidates = [...new Set(claimants.map((claimant) => input.contactOf.get(claimant)))].filter(
      (id) => id !== undefined,
    );
    return candidates.length < 2 ? [] : [{ identity: identityOfKey(key), claimants, candidates }];
  });
  if (conflicts.length === 0) return;
  await input.tx.query({
    name: 'conflict_record',
    text: `insert into identity_conflict as c
             (id, workspace_id, identity_kind, identity_value, stripe_customer, claimants, candidates, reason, opened_at)
           select n.id, $1, n.kind, n.value, case when n.kind = 'stripe_customer' then n.value end, n.claimants::jsonb,
             n.candidates::jsonb, n.reason, $2
           from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
             as n (id, kind, value, claimants, candidates, reason)
           on conflict (workspace_id, identity_kind, identity_value) where identity_kind is not null do update set
             claimants = excluded.claimants, candidates = excluded.candidates, reason = excluded.reason,
             opened_at = case when c.claimants @> excluded.claimants then c.opened_at else excluded.opened_at end,
             resolved_at = case when c.claimants @> excluded.claimants then c.resolved_at end,
             resolved_by = case when c.claimants @> excluded.claimants then c.resolved_by end,
             resolution = case when c.claimants @> excluded.claimants then c.resolution end`,
    values: [
      input.workspaceId,
      deps.clock.now(),
      conflicts.map(() => newId()),
      conflicts.map(({ identity }) => identity.kind),
      conflicts.map(({ identity }) => identity.value),
      conflicts.map(({ claimants }) => json(claimants)),
      conflicts.map(({ candidates }) => json(candidates)),
      conflicts.map(({ identity, claimants }) => reasonOf(identity, claimants)),
    ],
  });
}
