/**
 * Product events into the graph and onto the bus. In: a batch of the ledger in analytics.js shape, in its order. Out, in
 * the caller's transaction: contacts (found, made or joined), their traits, first touch, engagement and companies, and one
 * bus event per message. Each message comes once: the ledger sees to that.
 */
import { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { ENGINE_EVENTS } from '@growthos/contracts/events/engine.ts';
import { parseInstant } from '#base/clock.ts';
import type { NewBusEvent } from '#bus/index.ts';
import { one, type Tx } from '#db/db.ts';
import { ChannelSettingsSchema } from '../acquisition/channel.ts';
import { type ContactPatch, loadContacts, patchContacts } from '../contacts/patch-contacts.ts';
import { loadRules, refreshBilling } from '../contact-billing/refresh-billing.ts';
import { resolvePeople } from '../contacts/resolve-people.ts';
import { recordActivity } from '../engagement/record-activity.ts';
import { saveGroups } from './groups.ts';
import { personPatch } from './person-patch.ts';
import type { ApplyDeps } from './stripe-events.ts';

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

async function applyToWorkspace(
  deps: ApplyDeps,
  input: { tx: Tx; workspaceId: string; said: readonly Said[] },
): Promise<void> {
  const { tx, workspaceId, said } = input;
  const people = await resolvePeople(deps, {
    tx,
    workspaceId,
    claims: said.map(({ message, at }) => ({
      userId: message.userId,
      anonymousId: message.anonymousId,
      email: message.type === 'identify' ? textOf(message.traits['email']) : null,
      at,
    })),
  });
  const all = said.map((one, index) => ({ ...one, contactId: people.contactIds[index] ?? '' }));
  const records = await loadContacts(tx, people.contactIds);
  const figures = await recordActivity(deps, {
    tx,
    workspaceId,
    activities: all.map(({ message, at, contactId }) => ({
      contactId,
      kind: message.type,
      event: message.event,
      time: at,
      properties: message.properties,
      traits: message.traits,
    })),
  });
  const channels = await channelRules(tx, workspaceId);
  const byContact = new Map<string, typeof all>();
  for (const one of all) byContact.set(one.contactId, [...(byContact.get(one.contactId) ?? []), one]);
  const patches: ContactPatch[] = [];
  for (const [contactId, own] of byContact) {
    const record = records.get(contactId);
    if (!record) continue;
    const isNew = people.createdContactIds.has(contactId);
    patches.push(...personPatch({ record, said: own, figures: figures.get(contactId) ?? {}, channels, isNew }));
  }
  await patchContacts(deps, { tx, workspaceId, loaded: records, patches });
  await refreshGrown(deps, { tx, workspaceId, all, grown: people.grownContactIds });
  await saveGroups(deps, { tx, workspaceId, groups: all.filter(({ message }) => message.type === 'group') });
  deps.publisher.publish(
    tx,
    all.map((one) => busEvent({ workspaceId, ...one })),
  );
}

/** A contact that took in another one has that one's Stripe customers too. */
async function refreshGrown(
  deps: ApplyDeps,
  input: { tx: Tx; workspaceId: string; all: readonly (Said & { contactId: string })[]; grown: ReadonlySet<string> },
): Promise<void> {
  const { tx, workspaceId, all, grown } = input;
  if (grown.size === 0) return;
  const contacts = new Map(
    all
      .filter(({ contactId }) => grown.has(contactId))
      .map(({ contactId, message, at }) => [
        contactId,
        { at, cause: { kind: 'api' as const, id: message.messageId }, eventSource: 'growthos', isNew: false },
      ]),
  );
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

async function channelRules(tx: Tx, workspaceId: string) {
  const row = await one<{ channels: unknown }>(tx, {
    name: 'workspace_channels',
    text: `select settings->'channels' as channels from workspace where id = $1`,
    values: [workspaceId],
  });
  return ChannelSettingsSchema.parse(row?.channels ?? {}).rules;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
