/** The questions about identities that wait for a person, and their answers. */
import { ConflictError, InvalidInputError, NotFoundError } from '#base/errors.ts';
import { many, one, type Queryable } from '#db/db.ts';
import { moveEvents } from './move-events.ts';
import type { Identity, IdentityKey, IdentityKind } from './identity.ts';
import { identityKey } from './identity.ts';
import { edgesAt, findIdentities, reassignIdentities } from './identity-store.ts';
import { mergeByPerson, type PersonDecision } from './merge-by-person.ts';
import { tellSplit } from './carry-out.ts';
import { refreshContacts } from './refresh-contacts.ts';
import { lockIdentities, type ResolveDeps, resolveIdentities } from './resolve.ts';

export interface IdentityConflict {
  readonly id: string;
  readonly identity: Identity;
  readonly reason: string;
  readonly openedAt: Date;
  /** The contact that it belongs to until somebody decides. */
  readonly belongsTo: string;
  /** Contacts that claim it, each once; those that have become one contact since count as one. */
  readonly candidates: readonly { readonly contactId: string; readonly claimedAs: readonly Identity[] }[];
}

interface ConflictRow {
  readonly id: string;
  readonly kind: IdentityKind;
  readonly value: string;
  readonly reason: string;
  readonly openedAt: Date;
  readonly belongsTo: string;
  readonly claims: readonly { readonly contactId: string; readonly kind: IdentityKind; readonly value: string }[];
}

/** Open conflicts, the newest first; what has solved itself (the claimants were merged) is not among them. */
export async function listConflicts(
  db: Queryable,
  input: { workspaceId: string; limit: number },
): Promise<IdentityConflict[]> {
  const rows = await many<ConflictRow>(db, {
    text: `select c.id, c.identity_kind as kind, c.identity_value as value, c.reason, c.opened_at as "openedAt",
             own.contact_id as "belongsTo", claims.list as claims
           from identity_conflict c
             join contact_identity own on own.workspace_id = c.workspace_id and own.kind = c.identity_kind
               and own.value = c.identity_value
             join lateral (
               select jsonb_agg(jsonb_build_object('contactId', i.contact_id, 'kind', i.kind, 'value', i.value)
                 order by i.kind, i.value) as list, count(distinct i.contact_id) as contacts
               from jsonb_array_elements_text(c.claimants) k
                 join contact_identity i on i.workspace_id = c.workspace_id and i.kind = split_part(k, ':', 1)
                   and i.value = substr(k, length(split_part(k, ':', 1)) + 2)
             ) claims on claims.contacts > 1
           where c.workspace_id = $1 and c.resolved_at is null
           order by c.opened_at desc, c.id limit $2`,
    values: [input.workspaceId, input.limit],
  });
  return rows.map(({ kind, value, claims, ...row }) => {
    const contactIds = [...new Set(claims.map((claim) => claim.contactId))];
    return {
      ...row,
      identity: { kind, value },
      candidates: contactIds.map((contactId) => ({
        contactId,
        claimedAs: claims
          .filter((claim) => claim.contactId === contactId)
          .map((claim) => ({ kind: claim.kind, value: claim.value })),
      })),
    };
  });
}

export type Resolution =
  | { readonly action: 'link' | 'merge'; readonly contactId: string }
  | { readonly action: 'keep_apart' };

/**
 * Answers a conflict. `link`: the identity belongs to this candidate, with what was told in its name. `keep_apart`: it stays
 * where it is. Either way it is settled until somebody else claims it. `merge`: all candidates are one person, and this is
 * the contact that stays; undoing such a merge asks again. Several may answer: the first one counts.
 * @throws NotFoundError, ConflictError where it is answered already, InvalidInputError for a contact that is no candidate.
 */
export async function resolveConflict(
  deps: ResolveDeps,
  input: PersonDecision & { conflictId: string; resolution: Resolution },
): Promise<{ identity: Identity; contactId: string }> {
  const { tx, workspaceId, resolution } = input;
  await lockIdentities(tx, workspaceId);
  const row = await one<{ kind: IdentityKind; value: string; claimants: IdentityKey[]; resolvedAt: Date | null }>(tx, {
    text: `select identity_kind as kind, identity_value as value, claimants, resolved_at as "resolvedAt"
           from identity_conflict where id::text = $1 and workspace_id = $2 for update`,
    values: [input.conflictId, workspaceId],
  });
  if (!row) throw new NotFoundError('This workspace has no such conflict.');
  if (row.resolvedAt !== null) throw new ConflictError('Somebody has answered this already.');
  const identity: Identity = { kind: row.kind, value: row.value };
  const known = await findIdentities(tx, { workspaceId, keys: [identityKey(identity), ...row.claimants] });
  const from = known.get(identityKey(identity))?.contactId;
  if (from === undefined) throw new ConflictError('This identity belongs to nobody any more.');
  const into = resolution.action === 'keep_apart' ? from : resolution.contactId;
  const candidates = row.claimants.map((key) => known.get(key)?.contactId);
  if (into !== from && !candidates.includes(into)) {
    throw new InvalidInputError('Choose one of the contacts that claim this identity.', { field: 'contactId' });
  }
  if (resolution.action === 'merge') {
    const others = new Set([from, ...candidates].filter((id) => id !== undefined && id !== into));
    for (const other of others) if (other) await mergeByPerson(deps, { ...input, from: other, into });
    return { identity, contactId: into };
  }
  await tx.query({
    text: `update identity_conflict set resolved_at = $2, resolved_by = $3, resolution = $4 where id::text = $1`,
    values: [input.conflictId, deps.clock.now(), input.personId, resolution.action],
  });
  await settle(deps, { ...input, identity, from, into });
  return { identity, contactId: into };
}

async function settle(
  deps: ResolveDeps,
  input: PersonDecision & { identity: Identity; from: string; into: string },
): Promise<void> {
  const { tx, workspaceId, identity, from, into } = input;
  const key = identityKey(identity);
  const said = (await findIdentities(tx, { workspaceId, keys: [key] })).get(key)?.said ?? {};
  await reassignIdentities(tx, { workspaceId, identities: [identity], contactId: into, isPinned: true });
  if (from === into) return;
  tellSplit(deps, { tx, workspaceId, from, into, by: 'person' });
  await moveEvents(tx, { workspaceId, from, into, keys: [key] });
  // What is tied to it, and to nobody else, follows.
  const tied = (await edgesAt(tx, { workspaceId, keys: [key] })).flatMap((edge) => [edge.left, edge.right]);
  const followed = await resolveIdentities(deps, {
    tx,
    workspaceId,
    claims: [],
    evidence: 'app',
    source: 'app',
    linkedBy: () => 'person',
    recheck: tied.filter((other) => other !== key),
  });
  const lost = new Map(followed.lost);
  lost.set(from, [...(lost.get(from) ?? []), said]);
  const contactIds = [...new Set([from, into, ...followed.changedContactIds])];
  await refreshContacts(deps, { ...input, contactIds, lost });
}
