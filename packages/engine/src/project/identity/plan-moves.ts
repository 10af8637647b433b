/**
 * From whose an identity is to which contact it stands under, and what has to move for that. A contact that loses all of
 * its identities to another one is merged into it; one that loses some hands over only what was told in their name.
 */
import { newId } from '#base/ids.ts';
import { groupBy } from '#base/group-by.ts';
import type { Queryable } from '#db/db.ts';
import type { Assignment } from './assign.ts';
import { type IdentityKey, identityKey } from './identity.ts';
import { identitiesOfContacts, isAnchor, type StoredIdentity } from './identity-store.ts';

export interface MovePlan {
  /** Of every identity that was looked at. */
  readonly contactOf: ReadonlyMap<IdentityKey, string>;
  readonly created: ReadonlySet<string>;
  /** Some identities of a contact that keeps others, or that goes elsewhere itself. */
  readonly partings: readonly { readonly from: string; readonly into: string; readonly keys: readonly IdentityKey[] }[];
  /** In this order, after the partings. */
  readonly merges: readonly { readonly from: string; readonly into: string }[];
  /** Contacts that stay and that gained or lost something. */
  readonly moved: ReadonlySet<string>;
}

interface Group {
  readonly keys: IdentityKey[];
  contactId: string | null;
}

export async function planMoves(
  db: Queryable,
  input: {
    assignment: Assignment;
    anchors: ReadonlySet<IdentityKey>;
    unknown: readonly IdentityKey[];
    known: ReadonlyMap<IdentityKey, StoredIdentity>;
  },
): Promise<MovePlan> {
  const { known } = input;
  const groups = groupsOf(input);
  const owners = groupBy(
    [...known].filter(([key]) => !input.anchors.has(key)),
    ([, identity]) => identity.contactId,
  );
  const everything = groupBy(
    await identitiesOfContacts(db, { contactIds: [...owners.keys()] }),
    (one) => one.contactId,
  );
  const isLoose = (contactId: string): boolean => (everything.get(contactId) ?? []).every((one) => !isAnchor(one));
  const groupOf = new Map([...groups].flatMap(([name, group]) => group.keys.map((key) => [key, name] as const)));
  const homeOf = new Map<string, IdentityKey>();
  for (const [contactId, identities] of owners) {
    if (isLoose(contactId)) homeOf.set(contactId, homeGroup(identities.map(([key]) => groupOf.get(key) ?? key)));
  }
  const created = settleGroups(groups, homeOf);
  const contactOf = new Map(
    [...groups.values()].flatMap((group) => group.keys.map((key) => [key, group.contactId ?? ''] as const)),
  );
  const partings: MovePlan['partings'][number][] = [];
  const merges: MovePlan['merges'][number][] = [];
  for (const from of [...owners.keys()].sort()) {
    const own = (everything.get(from) ?? []).map(identityKey);
    const home = homeOf.get(from);
    const homeContact = home === undefined ? from : (groups.get(home)?.contactId ?? from);
    const leaving = groupBy(
      own.filter((key) => (contactOf.get(key) ?? from) !== from),
      (key) => contactOf.get(key) ?? from,
    );
    const isEmptied = own.every((key) => contactOf.has(key) && contactOf.get(key) !== from);
    for (const [into, keys] of leaving) {
      if (!isEmptied || into !== homeContact) partings.push({ from, into, keys });
    }
    if (isEmptied && homeContact !== from) merges.push({ from, into: homeContact });
  }
  const gone = new Set(merges.map((merge) => merge.from));
  const moved = new Set(
    [...partings, ...merges].flatMap(({ from, into }) => [from, into]).filter((id) => !gone.has(id)),
  );
  return { contactOf, created, partings, merges, moved };
}

function groupsOf(input: {
  assignment: Assignment;
  anchors: ReadonlySet<IdentityKey>;
  known: ReadonlyMap<IdentityKey, StoredIdentity>;
}): Map<IdentityKey, Group> {
  const groups = new Map<IdentityKey, Group>();
  const at = (name: IdentityKey): Group => {
    const group = groups.get(name) ?? { keys: [], contactId: input.known.get(name)?.contactId ?? null };
    groups.set(name, group);
    return group;
  };
  for (const anchor of input.anchors) at(anchor).keys.push(anchor);
  for (const [key, name] of input.assignment.groupOf) {
    const group = at(name);
    // A group without an anchor is named after one of its own, whose contact is only a candidate.
    if (!input.anchors.has(name)) group.contactId = null;
    group.keys.push(key);
  }
  return groups;
}

/** Where most of a contact's identities go; of several the least name. */
function homeGroup(names: readonly IdentityKey[]): IdentityKey {
  const counts = groupBy(names, (name) => name);
  const [home] = [...counts].sort((left, right) => right[1].length - left[1].length || (left[0] < right[0] ? -1 : 1));
  return home?.[0] ?? '';
}

/** Gives each group without a contact the oldest one at home there, or a new one; returns the new ones. */
function settleGroups(
  groups: ReadonlyMap<IdentityKey, Group>,
  homeOf: ReadonlyMap<string, IdentityKey>,
): ReadonlySet<string> {
  const candidates = groupBy(homeOf, ([, home]) => home);
  const created = new Set<string>();
  for (const [name, group] of groups) {
    if (group.contactId !== null) continue;
    const [oldest] = (candidates.get(name) ?? []).map(([contactId]) => contactId).sort();
    group.contactId = oldest ?? newId();
    if (oldest === undefined) created.add(group.contactId);
  }
  return created;
}
