/**
 * Whose an identity is, from the evidence alone. In: identities, the edges between them, and the anchors: identities whose
 * person is settled (user ids, and what a person decided). Out: for each other identity its anchor, or the group that it
 * forms with others where no anchor is in reach; and what several people claim. Pure, and blind to the order of arrival.
 *
 * The rule: an anchor takes what is tied to it directly; what is tied to several belongs to whoever said so first, by the
 * sayers' own clocks. What is tied only to something that was taken follows it, again the earliest tie first, step by step.
 */
import type { Edge, IdentityKey } from './identity.ts';

export interface Assignment {
  /** Each identity that is no anchor: the key of its anchor, or the least key of its group where there is none. */
  readonly groupOf: ReadonlyMap<IdentityKey, IdentityKey>;
  /** E-mails and customers that more than one anchor is tied to directly: those anchors, sorted. */
  readonly claimantsOf: ReadonlyMap<IdentityKey, readonly IdentityKey[]>;
}

export function assignIdentities(input: {
  keys: ReadonlySet<IdentityKey>;
  anchors: ReadonlySet<IdentityKey>;
  edges: readonly Edge[];
}): Assignment {
  const { anchors, keys } = input;
  const neighbours = neighboursOf(input.edges);
  const groupOf = new Map<IdentityKey, IdentityKey>();
  const claimantsOf = new Map<IdentityKey, readonly IdentityKey[]>();
  let frontier = new Set<IdentityKey>(anchors);
  for (const anchor of anchors) groupOf.set(anchor, anchor);
  for (let isDirect = true; frontier.size > 0; isDirect = false) {
    const taken = nextRing({ frontier, neighbours, groupOf });
    for (const [key, offers] of taken) {
      const claimants = [...new Set(offers.map((offer) => offer.group))].sort();
      if (isDirect && claimants.length > 1 && !key.startsWith('anonymous_id:')) claimantsOf.set(key, claimants);
    }
    for (const [key, offers] of taken) groupOf.set(key, best(offers).group);
    frontier = new Set(taken.keys());
  }
  for (const key of [...keys].sort()) if (!groupOf.has(key)) groupWithout({ key, neighbours, groupOf });
  for (const anchor of anchors) groupOf.delete(anchor);
  return { groupOf, claimantsOf };
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
