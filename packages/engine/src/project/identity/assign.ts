/**
 * Whose an identity is, from the evidence alone. In: identities, the edges between them, and the anchors: identities whose
 * person is settled (user ids, and what a person decided). Out: for each other identity its anchor, or the group that it
 * forms with others where no anchor is in reach; and what several people claim. Pure, and blind to the order of arrival.
 *
 * The rule: an anchor takes what is tied to it directly; what is tied to several belongs to whoever said so first, by the
 * sayers' own clocks. What is tied only to something that was taken follows it, again the earliest tie first, step by step.
 * Of an e-mail of which anything is proven, or which a person gave to somebody, unproven ties say nothing: they only ask.
 */
import type { Edge, IdentityKey } from './identity.ts';

export interface Assignment {
  /** Each identity that is no anchor: the key of its anchor, or the least key of its group where there is none. */
  readonly groupOf: ReadonlyMap<IdentityKey, IdentityKey>;
  /**
   * E-mails and customers that more than one anchor is tied to directly: those anchors, sorted. Where only one is, and it is
   * not whose it is (its tie is unproven, or a person decided otherwise), the identity itself stands for its owner.
   */
  readonly claimantsOf: ReadonlyMap<IdentityKey, readonly IdentityKey[]>;
}

export function assignIdentities(input: {
  keys: ReadonlySet<IdentityKey>;
  anchors: ReadonlySet<IdentityKey>;
  edges: readonly Edge[];
}): Assignment {
  const { anchors, keys } = input;
  const guarded = guardedEmails(input);
  const neighbours = neighboursOf(
    input.edges.filter((edge) => edge.isProven || !(guarded.has(edge.left) || guarded.has(edge.right))),
  );
  const groupOf = new Map<IdentityKey, IdentityKey>();
  let frontier = new Set<IdentityKey>(anchors);
  for (const anchor of anchors) groupOf.set(anchor, anchor);
  while (frontier.size > 0) {
    const taken = nextRing({ frontier, neighbours, groupOf });
    for (const [key, offers] of taken) groupOf.set(key, best(offers).group);
    frontier = new Set(taken.keys());
  }
  for (const key of [...keys].sort()) if (!groupOf.has(key)) groupWithout({ key, neighbours, groupOf });
  for (const anchor of anchors) groupOf.delete(anchor);
  return { groupOf, claimantsOf: claimantsOf({ ...input, guarded }) };
}

type Evidence = Parameters<typeof assignIdentities>[0];

/** E-mails whose owner is proven by something, or decided. */
function guardedEmails({ anchors, edges }: Evidence): Set<IdentityKey> {
  const isEmail = (key: IdentityKey): boolean => key.startsWith('email:');
  const proven = edges.filter((edge) => edge.isProven).flatMap((edge) => [edge.left, edge.right]);
  return new Set([...anchors, ...proven].filter(isEmail));
}

function claimantsOf(
  input: Evidence & { guarded: ReadonlySet<IdentityKey> },
): Map<IdentityKey, readonly IdentityKey[]> {
  const { anchors, guarded } = input;
  const claims = new Map<IdentityKey, { readonly all: Set<IdentityKey>; readonly proven: Set<IdentityKey> }>();
  const add = (claimant: IdentityKey, key: IdentityKey, isProven: boolean): void => {
    if (!anchors.has(claimant) || key.startsWith('anonymous_id:') || key.startsWith('user_id:')) return;
    const known = claims.get(key) ?? { all: new Set(), proven: new Set() };
    claims.set(key, known);
    known.all.add(claimant);
    if (isProven) known.proven.add(claimant);
  };
  for (const { left, right, isProven } of input.edges) {
    add(left, right, isProven);
    add(right, left, isProven);
  }
  const found = new Map<IdentityKey, readonly IdentityKey[]>();
  for (const [key, { all, proven }] of claims) {
    const isOwnedOtherwise = anchors.has(key) ? all.size === 1 : guarded.has(key) && proven.size === 0;
    if (all.size > 1 || isOwnedOtherwise) found.set(key, [...all, ...(isOwnedOtherwise ? [key] : [])].sort());
  }
  return found;
}

interface Offer {
  readonly atMs: number;
  readonly group: IdentityKey;
  readonly via: IdentityKey;
}

type Neighbours = ReadonlyMap<IdentityKey, readonly { readonly key: IdentityKey; readonly atMs: number }[]>;

function neighboursOf(edges: readonly Edge[]): Neighbours {
  const found = new Map<IdentityKey, { key: IdentityKey; atMs: number }[]>();
  const add = (from: IdentityKey, key: IdentityKey, atMs: number): void => {
    const list = found.get(from);
    if (list) list.push({ key, atMs });
    else found.set(from, [{ key, atMs }]);
  };
  for (const { left, right, atMs } of edges) {
    add(left, right, atMs);
    add(right, left, atMs);
  }
  return found;
}

/** What is tied to the frontier and not taken yet, with all that offer to take it. */
function nextRing(input: {
  frontier: ReadonlySet<IdentityKey>;
  neighbours: Neighbours;
  groupOf: ReadonlyMap<IdentityKey, IdentityKey>;
}): Map<IdentityKey, Offer[]> {
  const taken = new Map<IdentityKey, Offer[]>();
  for (const via of input.frontier) {
    const group = input.groupOf.get(via);
    if (group === undefined) continue;
    for (const { key, atMs } of input.neighbours.get(via) ?? []) {
      if (input.groupOf.has(key)) continue;
      const offers = taken.get(key) ?? [];
      offers.push({ atMs, group, via });
      taken.set(key, offers);
    }
  }
  return taken;
}

/** The earliest; of the same moment the lesser key, so that the choice is always the same. */
function best(offers: readonly Offer[]): Offer {
  return offers.reduce((first, offer) => (isBefore(offer, first) ? offer : first));
}

function isBefore(left: Offer, right: Offer): boolean {
  if (left.atMs !== right.atMs) return left.atMs < right.atMs;
  return left.group === right.group ? left.via < right.via : left.group < right.group;
}

/** Everything in reach of `key` where no anchor is. */
function groupWithout(input: {
  key: IdentityKey;
  neighbours: Neighbours;
  groupOf: Map<IdentityKey, IdentityKey>;
}): void {
  const { key: group, neighbours, groupOf } = input;
  const open = [group];
  groupOf.set(group, group);
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    for (const next of neighbours.get(key) ?? []) {
      if (groupOf.has(next.key)) continue;
      groupOf.set(next.key, group);
      open.push(next.key);
    }
  }
}
