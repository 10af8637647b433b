/** What a contact's identities make of it: its user id, what was said in their name, first and last touch, channel. */
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import { groupBy } from '#base/group-by.ts';
import type { Tx } from '#db/db.ts';
import { type ChannelRule } from '../acquisition/channel.ts';
import { loadChannelRules } from '../acquisition/channel-rules.ts';
import { NO_TOUCH, touchColumns } from '../acquisition/columns.ts';
import type { Touch } from '../acquisition/touch.ts';
import { lastVisitBefore } from '../acquisition/visits.ts';
import type { ContactRecord } from '../contacts/contact-record.ts';
import type { ContactPatch } from '../contacts/patch-contacts.ts';
import type { IdentityKey } from './identity.ts';
import { identitiesOfContacts, type StoredIdentity } from './identity-store.ts';
import { foldSaid, type Said } from './said.ts';

export interface Occasion {
  readonly at: Date;
  readonly cause: EventCause | null;
  readonly eventSource: string;
  readonly isNew: boolean;
}

export async function identityPatches(
  tx: Tx,
  input: {
    workspaceId: string;
    records: ReadonlyMap<string, ContactRecord>;
    occasions: ReadonlyMap<string, Occasion>;
    /** By contact: what was said in the name of identities that went elsewhere. */
    lost?: ReadonlyMap<string, readonly Said[]>;
  },
): Promise<Map<string, ContactPatch[]>> {
  const { records, occasions } = input;
  if (occasions.size === 0) return new Map();
  const identities = groupBy(
    await identitiesOfContacts(tx, { contactIds: [...occasions.keys()] }),
    (one) => one.contactId,
  );
  const channels = await loadChannelRules(tx, input.workspaceId);
  const patches = new Map<string, ContactPatch[]>();
  for (const [contactId, occasion] of occasions) {
    const record = records.get(contactId);
    if (!record) continue;
    const own = identities.get(contactId) ?? [];
    const lost = input.lost?.get(contactId) ?? [];
    patches.set(contactId, patchesOf({ record, own, lost, channels, occasion }));
  }
  return patches;
}

function patchesOf(input: {
  record: ContactRecord;
  own: readonly StoredIdentity[];
  lost: readonly Said[];
  channels: readonly ChannelRule[];
  occasion: Occasion;
}): ContactPatch[] {
  const { record, own, occasion } = input;
  const { values, firstTouch, visits } = foldSaid(own.map((identity) => identity.said));
  const kept = new Set([...Object.keys(values), ...Object.keys(values.traits ?? {}).map((name) => `traits.${name}`)]);
  const forget = input.lost.flatMap((said) => Object.keys(said.values ?? {})).filter((name) => !kept.has(name));
  const touch = touchValues({ record, firstTouch, visits, channels: input.channels, mayForget: input.lost.length > 0 });
  return [
    { contactId: record.id, source: 'app', set: values, forget, ...occasion },
    { contactId: record.id, source: null, set: { user_id: userIdOf(record, own), ...touch }, ...occasion },
  ];
}

/** Of several (a person joined two users) the one that it has keeps standing. */
function userIdOf(record: ContactRecord, own: readonly StoredIdentity[]): string | null {
  const ids = own.filter((identity) => identity.kind === 'user_id').map((identity) => identity.value);
  return record.user_id !== null && ids.includes(record.user_id) ? record.user_id : (ids.sort()[0] ?? null);
}

function touchValues(input: {
  record: ContactRecord;
  firstTouch: Touch | undefined;
  visits: readonly Touch[];
  channels: readonly ChannelRule[];
  mayForget: boolean;
}): ContactPatch['set'] {
  const { firstTouch, record, mayForget } = input;
  const last = lastVisitBefore(input.visits, record.first_paid_at);
  const ofLast = last !== null || mayForget ? { last_touch_before_payment: last } : {};
  if (firstTouch !== undefined) return { ...touchColumns(firstTouch, input.channels), ...ofLast };
  return mayForget && record.first_touch !== null ? { ...NO_TOUCH, ...ofLast } : ofLast;
}

/** By contact, what was said in the name of identities that it no longer has. */
export function lostSaid(
  partings: readonly { readonly from: string; readonly keys: readonly IdentityKey[] }[],
  known: ReadonlyMap<IdentityKey, StoredIdentity>,
): Map<string, Said[]> {
  const lost = new Map<string, Said[]>();
  for (const { from, keys } of partings) {
    const said = keys.flatMap((key) => known.get(key)?.said ?? []);
    lost.set(from, [...(lost.get(from) ?? []), ...said]);
  }
  return lost;
}
