/**
 * Product events into the graph and onto the bus. In: a batch of the ledger in analytics.js shape, in its order. Out, in
 * the caller's transaction: contacts (found, made or joined), their traits, first touch, engagement and companies, and one
 * bus event per message. Each message comes once: the ledger sees to that. `screen` and `alias` have become `page` and
 * `identify` on their way into the ledger (contracts/http/track.ts); an alias joins the history of a browser to a user, and
 * never two users, because user ids are never joined by evidence.
 */
import { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { ENGINE_EVENTS } from '@growthos/contracts/events/engine.ts';
import { parseInstant } from '#base/clock.ts';
import { groupBy } from '#base/group-by.ts';
import type { NewBusEvent } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { loadContacts, patchContacts } from '../contacts/patch-contacts.ts';
import { refreshBilling } from '../contact-billing/refresh-billing.ts';
import { loadRules } from '../contact-billing/workspace-rules.ts';
import { type Activity, recordActivity } from '../engagement/record-activity.ts';
import type { IdentityKey } from '../identity/identity.ts';
import { blankLedger } from '../identity/erase-contact.ts';
import { identityPatches, type Occasion } from '../identity/identity-patches.ts';
import { writeSaid } from '../identity/identity-store.ts';
import { type ResolvedPeople, resolvePeople } from '../identity/resolve-people.ts';
import { hear, type Said as HeardSaid } from '../identity/said.ts';
import { saveGroups } from './groups.ts';
import { personPatch } from './person-patch.ts';
import type { ApplyDeps } from './refresh-people.ts';

export interface TrackLedgerEvent {
  readonly workspaceId: string;
  readonly eventId: string;
  readonly payload: unknown;
}

interface Said {
  readonly message: StoredTrackMessage;
  readonly at: Date;
}

export async function applyTrackEvents(
  deps: ApplyDeps,
  input: { tx: Tx; events: readonly TrackLedgerEvent[] },
): Promise<void> {
  const byWorkspace = new Map<string, Said[]>();
  for (const event of input.events) {
    const message = StoredTrackMessage.parse(event.payload);
    const said = { message, at: parseInstant(message.timestamp) ?? deps.clock.now() };
    const group = byWorkspace.get(event.workspaceId);
    if (group) group.push(said);
    else byWorkspace.set(event.workspaceId, [said]);
  }
  for (const [workspaceId, said] of byWorkspace) await applyToWorkspace(deps, { tx: input.tx, workspaceId, said });
}

interface Placed extends Said {
  readonly contactId: string;
  readonly speaker: IdentityKey;
}

async function applyToWorkspace(
  deps: ApplyDeps,
  input: { tx: Tx; workspaceId: string; said: readonly Said[] },
): Promise<void> {
  const { tx, workspaceId, said } = input;
  // The setting is read only where it decides something.
  const trustsBrowsers =
    said.some(({ message }) => !isProven(message)) &&
    (await loadRules(tx, workspaceId)).identity.trustsAddressesFromBrowsers;
  const people = await resolvePeople(deps, {
    tx,
    workspaceId,
    claims: said.map(({ message, at }) => ({
      userId: message.userId,
      anonymousId: message.anonymousId,
      email: message.type === 'identify' ? textOf(message.traits['email']) : null,
      isEmailProven: trustsBrowsers || isProven(message),
      at,
    })),
  });
  // Who was erased is not written down again: such a message goes no further, and the ledger forgets it.
  const erased = said.filter((_one, index) => people.people[index] === null).map(({ message }) => message.messageId);
  await blankLedger(tx, { workspaceId, eventIds: erased });
  const all = said.flatMap((one, index): Placed[] => {
    const person = people.people[index];
    return person ? [Object.assign({}, one, person)] : [];
  });
  const heard = await hearAll(tx, { workspaceId, all, people });
  const records = await loadContacts(tx, [...all.map((one) => one.contactId), ...people.movedContactIds]);
  const figures = await recordActivity(deps, { tx, workspaceId, activities: all.map(activityOf) });
  const byContact = groupBy(all, (one) => one.contactId);
  const occasions = occasionsOf({ byContact, people, changed: new Set([...heard, ...people.changedContactIds]) });
  const ofIdentities = await identityPatches(tx, { workspaceId, records, occasions, lost: people.lost });
  const patches = [...ofIdentities.values()].flat();
  for (const [contactId, own] of byContact) {
    const record = records.get(contactId);
    const base = occasionOf({ own, isNew: people.createdContactIds.has(contactId) });
    if (record && base) patches.push(personPatch({ record, said: own, figures: figures.get(contactId) ?? {}, base }));
  }
  await patchContacts(deps, { tx, workspaceId, loaded: records, patches });
  await refreshMoved(deps, { tx, workspaceId, moved: people.movedContactIds, all });
  await saveGroups(deps, { tx, workspaceId, groups: all.filter(({ message }) => message.type === 'group') });
  deps.publisher.publish(
    tx,
    all.map((one) => busEvent({ workspaceId, ...one })),
  );
}

/** Writes down what was said in each identity's name; returns the contacts of which something new was said. */
async function hearAll(
  tx: Tx,
  input: { workspaceId: string; all: readonly Placed[]; people: ResolvedPeople },
): Promise<Set<string>> {
  const news = new Map<IdentityKey, HeardSaid>();
  const contacts = new Set<string>();
  for (const [speaker, own] of groupBy(input.all, (one) => one.speaker)) {
    const before = input.people.known.get(speaker)?.said ?? {};
    const after = hear(before, own);
    if (after === before) continue;
    news.set(speaker, after);
    for (const { contactId } of own) contacts.add(contactId);
  }
  await writeSaid(tx, { workspaceId: input.workspaceId, said: news });
  return contacts;
}

function activityOf({ message, at, contactId }: Placed): Activity {
  const { type, event, properties, traits } = message;
  return { contactId, kind: type, event, time: at, properties, traits };
}

function occasionOf(input: { own: readonly Placed[]; isNew: boolean }): Occasion | null {
  const last = input.own.at(-1);
  if (!last) return null;
  const cause = { kind: 'api' as const, id: last.message.messageId, type: last.message.type };
  return { at: last.at, cause, eventSource: 'app', isNew: input.isNew };
}

/** For contacts that changed without a message of their own, the last message of the batch is the occasion. */
function occasionsOf(input: {
  byContact: ReadonlyMap<string, readonly Placed[]>;
  people: ResolvedPeople;
  changed: ReadonlySet<string>;
}): Map<string, Occasion> {
  const occasions = new Map<string, Occasion>();
  const everybody = [...input.byContact.values()].flat();
  for (const contactId of input.changed) {
    const isNew = input.people.createdContactIds.has(contactId);
    const occasion = occasionOf({ own: input.byContact.get(contactId) ?? everybody, isNew });
    if (occasion) occasions.set(contactId, occasion);
  }
  return occasions;
}

/** A contact that took in another one, or parted from something, has other Stripe customers now. */
async function refreshMoved(
  deps: ApplyDeps,
  input: { tx: Tx; workspaceId: string; moved: ReadonlySet<string>; all: readonly Placed[] },
): Promise<void> {
  const { tx, workspaceId, moved } = input;
  const last = input.all.at(-1);
  if (moved.size === 0 || !last) return;
  const cause = { kind: 'api' as const, id: last.message.messageId };
  const reason = { at: last.at, cause, eventSource: 'growthos', isNew: false };
  const contacts = new Map([...moved].map((contactId) => [contactId, reason]));
  await refreshBilling(deps, { tx, workspaceId, rules: await loadRules(tx, workspaceId), contacts });
}

function busEvent(input: {
  workspaceId: string;
  contactId: string;
  message: StoredTrackMessage;
  at: Date;
}): NewBusEvent {
  const { message } = input;
  const page = message.type === 'page' ? { name: message.name, category: message.category } : {};
  const group = message.type === 'group' ? { group_id: message.groupId } : {};
  const traits = message.type === 'identify' || message.type === 'group' ? message.traits : {};
  return {
    workspaceId: input.workspaceId,
    contactId: input.contactId,
    type: message.type === 'track' ? eventName(message.event ?? 'track') : message.type,
    source: 'app',
    time: input.at,
    data: { ...page, ...group, ...traits, ...message.properties },
    cause: { kind: 'api', id: message.messageId },
    dedupeKey: `app:${message.messageId}`,
  };
}

/** Names that GrowthOS gives to its own events: the write key is public, so an app must not be able to say them. */
const RESERVED: ReadonlySet<string> = new Set([...Object.keys(BILLING_EVENTS), ...Object.keys(ENGINE_EVENTS)]);

function eventName(name: string): string {
  return RESERVED.has(name) ? `app.${name}` : name;
}

function isProven(message: StoredTrackMessage): boolean {
  return message.isEmailProven || message.type !== 'identify' || textOf(message.traits['email']) === null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
