/**
 * From evidence to contacts. In: claims that identities are one person, in any order. Out: a contact for each identity;
 * contacts made, joined and parted as the evidence now says, with the events that were told in the name of what moved.
 *
 * The evidence is kept (identity_edge), and whose an identity is follows from all of it (assign.ts), never from what came
 * first. Claims that say nothing new cost two look-ups. New evidence costs a look at what is tied to it: never beyond a
 * user id, because those are settled. May be repeated: the same evidence again changes nothing.
 */
import type { Clock } from '#base/clock.ts';
import { stableHash } from '#base/ids.ts';
import type { Publisher } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { assignIdentities } from './assign.ts';
import { recordConflicts } from './conflicts.ts';
import { erasedAmong } from './erased.ts';
import { type Claim, type Edge, edgesOf, type IdentityKey, identityKey, identityOfKey } from './identity.ts';
import {
  edgesAt,
  type EvidenceSource,
  findIdentities,
  insertIdentities,
  isAnchor,
  type StoredIdentity,
  storeEdges,
} from './identity-store.ts';
import { carryOut, insertContacts } from './carry-out.ts';
import { lostSaid } from './identity-patches.ts';
import { planMoves } from './plan-moves.ts';
import type { Said } from './said.ts';

export interface ResolveDeps {
  readonly clock: Clock;
  readonly publisher: Publisher;
}

export interface ResolveInput {
  readonly tx: Tx;
  readonly workspaceId: string;
  readonly claims: readonly Claim[];
  readonly evidence: EvidenceSource;
  /** Who told of a new identity: `app`, `stripe:acct_...`. */
  readonly source: string;
  /** Why a new identity belongs to its contact, as it is shown to people. */
  readonly linkedBy: (key: IdentityKey, isNewContact: boolean) => string;
  /** Identities to weigh again although nothing new is said of them: their evidence was taken away. */
  readonly recheck?: readonly IdentityKey[];
}

export interface Resolved {
  /** Of every identity of the claims; those of erased people have none. */
  readonly contactOf: ReadonlyMap<IdentityKey, string>;
  readonly createdContactIds: ReadonlySet<string>;
  /** Contacts that gained identities from others or lost some: what hangs on those must be computed anew. */
  readonly movedContactIds: ReadonlySet<string>;
  /** Contacts whose identities are no longer the same: created, moved, or with a new identity. */
  readonly changedContactIds: ReadonlySet<string>;
  /** By contact, what was said in the name of identities that it no longer has. */
  readonly lost: ReadonlyMap<string, readonly Said[]>;
  /** The identities that were known before, with what was said in their name. */
  readonly known: ReadonlyMap<IdentityKey, StoredIdentity>;
}

/** First key of the two-part advisory lock under which a workspace's identities are decided. */
const IDENTITY_LOCK = 7_310_004;

export async function resolveIdentities(deps: ResolveDeps, input: ResolveInput): Promise<Resolved> {
  const { tx, workspaceId } = input;
  const claimed = new Set(input.claims.flatMap((claim) => claim.identities.map(identityKey)));
  const keys = new Set([...claimed, ...(input.recheck ?? [])]);
  let known = await findIdentities(tx, { workspaceId, keys });
  let unknown = [...claimed].filter((key) => !known.has(key));
  let erased: ReadonlySet<IdentityKey> = new Set();
  let isLocked = false;
  if (unknown.length > 0) {
    await lockIdentities(tx, workspaceId);
    isLocked = true;
    known = await findIdentities(tx, { workspaceId, keys });
    unknown = [...claimed].filter((key) => !known.has(key));
    erased = await erasedAmong(tx, { workspaceId, keys: unknown });
    unknown = unknown.filter((key) => !erased.has(key));
  }
  const edges = input.claims.flatMap(edgesOf).filter((edge) => !erased.has(edge.left) && !erased.has(edge.right));
  const fresh = await storeEdges(tx, { workspaceId, edges, source: input.evidence });
  const recheck = (input.recheck ?? []).filter((key) => known.has(key));
  if (fresh.length === 0 && unknown.length === 0 && recheck.length === 0) return asKnown(known);
  if (!isLocked) {
    await lockIdentities(tx, workspaceId);
    known = await findIdentities(tx, { workspaceId, keys });
  }
  return decide(deps, { ...input, known, unknown, fresh, recheck });
}

export async function lockIdentities(tx: Tx, workspaceId: string): Promise<void> {
  await tx.query({
    name: 'identity_lock',
    text: 'select pg_advisory_xact_lock($1, $2)',
    values: [IDENTITY_LOCK, stableHash(workspaceId) | 0],
  });
}

function asKnown(known: ReadonlyMap<IdentityKey, StoredIdentity>): Resolved {
  return {
    contactOf: new Map([...known].map(([key, identity]) => [key, identity.contactId])),
    createdContactIds: new Set(),
    movedContactIds: new Set(),
    changedContactIds: new Set(),
    lost: new Map(),
    known,
  };
}

async function decide(
  deps: ResolveDeps,
  input: ResolveInput & {
    known: Map<IdentityKey, StoredIdentity>;
    unknown: readonly IdentityKey[];
    fresh: readonly Edge[];
    recheck: readonly IdentityKey[];
  },
): Promise<Resolved> {
  const { tx, workspaceId, unknown, known } = input;
  const component = await loadComponent(tx, input);
  const keys = new Set([...component.known.keys(), ...unknown]);
  const anchors = new Set([...keys].filter((key) => isAnchor(component.known.get(key) ?? identityOfKey(key))));
  const assignment = assignIdentities({ keys, anchors, edges: component.edges });
  const plan = await planMoves(tx, { assignment, anchors, unknown, known: component.known });
  await insertContacts(deps, { tx, workspaceId, contactIds: plan.created, bornAt: bornAt(input, plan.contactOf) });
  await insertIdentities(tx, {
    workspaceId,
    at: deps.clock.now(),
    identities: unknown.flatMap((key) => {
      const contactId = plan.contactOf.get(key);
      if (contactId === undefined) return [];
      const linkedBy = input.linkedBy(key, plan.created.has(contactId));
      return [{ contactId, source: input.source, linkedBy, ...identityOfKey(key) }];
    }),
  });
  await carryOut(deps, { tx, workspaceId, plan });
  await recordConflicts(deps, { tx, workspaceId, claimantsOf: assignment.claimantsOf, contactOf: plan.contactOf });
  const wanted = [...known.keys(), ...unknown];
  const contactOf = new Map(
    wanted.flatMap((key) => {
      const contactId = plan.contactOf.get(key) ?? known.get(key)?.contactId;
      return contactId === undefined ? [] : [[key, contactId] as const];
    }),
  );
  const gained = unknown.flatMap((key) => plan.contactOf.get(key) ?? []);
  return {
    contactOf,
    createdContactIds: plan.created,
    movedContactIds: plan.moved,
    changedContactIds: new Set([...plan.created, ...plan.moved, ...gained]),
    lost: lostSaid(plan.partings, component.known),
    known,
  };
}

/**
 * Everything that what is new is tied to, step by step, without going beyond anchors. Of an e-mail or a customer that a
 * person gave to somebody and that is claimed anew, its claimants too: they may be a question.
 */
async function loadComponent(
  tx: Tx,
  input: {
    workspaceId: string;
    known: ReadonlyMap<IdentityKey, StoredIdentity>;
    unknown: readonly IdentityKey[];
    fresh: readonly Edge[];
    recheck: readonly IdentityKey[];
  },
): Promise<{ known: Map<IdentityKey, StoredIdentity>; edges: Edge[] }> {
  const { workspaceId } = input;
  const unknown = new Set(input.unknown);
  const known = new Map<IdentityKey, StoredIdentity>();
  const edges: Edge[] = [];
  const seen = new Set<IdentityKey>();
  const isOpen = (key: IdentityKey): boolean => !isAnchor(known.get(key) ?? identityOfKey(key));
  const meet = (key: IdentityKey, identity: StoredIdentity | undefined): boolean => {
    seen.add(key);
    if (identity) known.set(key, identity);
    return (identity !== undefined || unknown.has(key)) && isOpen(key);
  };
  const start = [...unknown, ...input.recheck, ...input.fresh.flatMap((edge) => [edge.left, edge.right])];
  let frontier = [...new Set(start)].filter((key) => meet(key, input.known.get(key)));
  while (frontier.length > 0) {
    const found = await edgesAt(tx, { workspaceId, keys: frontier });
    edges.push(...found);
    const met = [...new Set(found.flatMap((edge) => [edge.left, edge.right]))].filter((key) => !seen.has(key));
    const rows =
      met.length === 0 ? new Map<IdentityKey, StoredIdentity>() : await findIdentities(tx, { workspaceId, keys: met });
    frontier = met.filter((key) => meet(key, rows.get(key) ?? input.known.get(key)));
  }
  const decided = [...new Set(input.fresh.flatMap((edge) => [edge.left, edge.right]))].filter(
    (key) => known.get(key)?.isPinned === true && !key.startsWith('user_id:'),
  );
  if (decided.length > 0) {
    const found = await edgesAt(tx, { workspaceId, keys: decided });
    const ends = await findIdentities(tx, { workspaceId, keys: found.flatMap((edge) => [edge.left, edge.right]) });
    for (const [key, identity] of ends) if (isAnchor(identity)) known.set(key, identity);
    edges.push(...found);
  }
  return { known, edges: edges.filter((edge) => isIn(edge.left) && isIn(edge.right)) };

  function isIn(key: IdentityKey): boolean {
    return known.has(key) || unknown.has(key);
  }
}

/** A contact is as old as the first that is said of any of its identities. */
function bornAt(
  input: { claims: readonly Claim[] },
  contactOf: ReadonlyMap<IdentityKey, string>,
): ReadonlyMap<string, Date> {
  const born = new Map<string, Date>();
  for (const { identities, at } of input.claims) {
    for (const identity of identities) {
      const contactId = contactOf.get(identityKey(identity));
      const known = contactId === undefined ? undefined : born.get(contactId);
      if (contactId !== undefined && (known === undefined || at < known)) born.set(contactId, at);
    }
  }
  return born;
}
