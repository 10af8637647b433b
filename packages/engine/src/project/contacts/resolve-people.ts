/**
 * Which contact a product event is about. In: what each message says of who it is (user id, anonymous id, e-mail), in the
 * order of the ledger. Out: a contact for each message.
 *
 * A user id is proof; an e-mail and an anonymous id join what has no user id yet: the anonymous history of a visitor, or a
 * contact that so far came only from Stripe. Two contacts with different user ids are never joined by an e-mail or by a
 * shared browser: that is a conflict, or simply two people at one machine.
 */
import { newId } from '#base/ids.ts';
import { json, many, type Tx } from '#db/db.ts';
import { addIdentities, findByIdentities, type Identity, identityKey, type NewIdentity } from './contact-row.ts';
import { foldEmail } from './contact-settings.ts';
import { mergeContacts } from './merge.ts';
import type { ResolveDeps } from './resolve-customers.ts';

export interface PersonClaim {
  readonly userId: string | null;
  readonly anonymousId: string | null;
  /** Only what an identify says of the person itself. */
  readonly email: string | null;
  readonly at: Date;
}

export interface ResolvedPeople {
  /** One contact per claim, in the order given; a contact that was merged away is already replaced. */
  readonly contactIds: readonly string[];
  readonly createdContactIds: ReadonlySet<string>;
  /** Contacts that another one was merged into just now: what hangs on their Stripe customers has changed. */
  readonly grownContactIds: ReadonlySet<string>;
}

interface Known {
  /** By identityKey. */
  readonly owners: Map<string, string>;
  readonly hasUserId: Set<string>;
  readonly replacedBy: Map<string, string>;
}

interface Working {
  readonly deps: ResolveDeps;
  readonly tx: Tx;
  readonly workspaceId: string;
  readonly known: Known;
  readonly created: Map<string, Date>;
  readonly identities: NewIdentity[];
  readonly conflicts: { candidates: string[]; reason: string }[];
}

export async function resolvePeople(
  deps: ResolveDeps,
  input: { tx: Tx; workspaceId: string; claims: readonly PersonClaim[] },
): Promise<ResolvedPeople> {
  const { tx, workspaceId, claims } = input;
  const owners = await findByIdentities(tx, { workspaceId, identities: uniqueIdentities(claims) });
  const rows = await many<{ contact_id: string }>(tx, {
    name: 'contact_with_user_id',
    text: `select distinct contact_id from contact_identity where contact_id = any($1::uuid[]) and kind = 'user_id'`,
    values: [[...new Set(owners.values())]],
  });
  const known = {
    owners,
    hasUserId: new Set(rows.map((row) => row.contact_id)),
    replacedBy: new Map<string, string>(),
  };
  const working: Working = { deps, tx, workspaceId, known, created: new Map(), identities: [], conflicts: [] };
  const contactIds: string[] = [];
  for (const claim of claims) contactIds.push(await resolveOne(working, claim));
  await flush(working);
  await recordConflicts(working);
  return {
    contactIds: contactIds.map((id) => current(known, id)),
    createdContactIds: new Set(working.created.keys()),
    grownContactIds: new Set([...known.replacedBy.values()].map((id) => current(known, id))),
  };
}

function uniqueIdentities(claims: readonly PersonClaim[]): Identity[] {
  const all = claims.flatMap((claim) => identitiesOf(claim));
  return [...new Map(all.map((identity) => [identityKey(identity), identity])).values()];
}

function identitiesOf(claim: PersonClaim): Identity[] {
  const email = foldEmail(claim.email);
  return [
    ...(claim.userId === null ? [] : [{ kind: 'user_id', value: claim.userId } as const]),
    ...(email === null ? [] : [{ kind: 'email', value: email } as const]),
    ...(claim.anonymousId === null ? [] : [{ kind: 'anonymous_id', value: claim.anonymousId } as const]),
  ];
}

/** Identities come strongest first, so the first owner that may be joined is the one that stays. */
async function resolveOne(working: Working, claim: PersonClaim): Promise<string> {
  const { known } = working;
  const identities = identitiesOf(claim);
  const owner = (identity: Identity): string | null => {
    const found = known.owners.get(identityKey(identity));
    return found === undefined ? null : current(known, found);
  };
  const byUserId = identities.find((identity) => identity.kind === 'user_id');
  let target = byUserId ? owner(byUserId) : null;
  for (const identity of identities) {
    const found = owner(identity);
    if (target === null && found !== null && (claim.userId === null || !known.hasUserId.has(found))) target = found;
  }
  const contactId = target ?? create(working, claim);
  if (claim.userId !== null) known.hasUserId.add(contactId);
  for (const identity of identities) await claimIdentity(working, { identity, contactId, found: owner(identity) });
  return contactId;
}

function create(working: Working, claim: PersonClaim): string {
  const contactId = newId();
  working.created.set(contactId, claim.at);
  return contactId;
}

async function claimIdentity(
  working: Working,
  input: { identity: Identity; contactId: string; found: string | null },
): Promise<void> {
  const { known } = working;
  const { identity, contactId, found } = input;
  if (found === contactId) return;
  if (found === null) {
    known.owners.set(identityKey(identity), contactId);
    working.identities.push({ ...identity, contactId, source: 'app', linkedBy: 'identify' });
    return;
  }
  if (!known.hasUserId.has(found)) {
    await flush(working);
    await mergeContacts(working.deps, {
      tx: working.tx,
      workspaceId: working.workspaceId,
      from: found,
      into: contactId,
      by: 'identify',
    });
    known.replacedBy.set(found, contactId);
    return;
  }
  // A shared browser joins nobody; one e-mail of two users is for a person to decide.
  if (identity.kind === 'email')
    working.conflicts.push({ candidates: [contactId, found], reason: 'Two users have the same e-mail address.' });
}

function current(known: Known, contactId: string): string {
  let id = contactId;
  for (let next = known.replacedBy.get(id); next !== undefined; next = known.replacedBy.get(id)) id = next;
  return id;
}

/** Writes what was decided so far: before a merge, which needs the rows, and at the end. */
async function flush(working: Working): Promise<void> {
  const { tx, workspaceId, created, identities, deps } = working;
  const now = deps.clock.now();
  if (created.size > 0) {
    await tx.query({
      name: 'person_insert',
      text: `insert into contact (id, workspace_id, created_at, updated_at)
             select c.id, $1, c.at, $2 from unnest($3::uuid[], $4::timestamptz[]) as c (id, at) on conflict do nothing`,
      values: [workspaceId, now, [...created.keys()], [...created.values()].map((at) => at.toISOString())],
    });
  }
  await addIdentities(tx, { workspaceId, identities, at: now });
  identities.length = 0;
}

async function recordConflicts(working: Working): Promise<void> {
  const { tx, workspaceId, conflicts, deps } = working;
  for (const { candidates, reason } of conflicts) {
    const sorted = [...candidates].sort();
    await tx.query({
      text: `insert into identity_conflict (id, workspace_id, candidates, reason, opened_at)
             select $1, $2, $3::jsonb, $4, $5
             where not exists (select 1 from identity_conflict where workspace_id = $2 and candidates = $3::jsonb and resolved_at is null)`,
      values: [newId(), workspaceId, json(sorted), reason, deps.clock.now()],
    });
  }
}
