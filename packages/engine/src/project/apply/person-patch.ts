/** What product events say of one contact, as patches: who they are, when they were seen, where they came from. Pure. */
import type { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
import { channelOf, type ChannelRule } from '../acquisition/channel.ts';
import { domainOf, type Touch, touchOf } from '../acquisition/touch.ts';
import type { ContactRecord } from '../contacts/contact-record.ts';
import type { ContactPatch } from '../contacts/patch-contacts.ts';
import type { EngagementFigures } from '../engagement/record-activity.ts';

interface Said {
  readonly message: StoredTrackMessage;
  readonly at: Date;
  readonly contactId: string;
}

type Values = Partial<Omit<ContactRecord, 'id' | 'property_sources'>>;

export function personPatch(input: {
  record: ContactRecord;
  said: readonly Said[];
  figures: EngagementFigures;
  channels: readonly ChannelRule[];
  isNew: boolean;
}): ContactPatch[] {
  const { record, said, figures, channels, isNew } = input;
  const last = said.at(-1);
  if (!last) return [];
  const base = {
    contactId: record.id,
    isNew,
    at: last.at,
    cause: { kind: 'api' as const, id: last.message.messageId, type: last.message.type },
    eventSource: 'app',
  };
  const identified = said.filter(({ message }) => message.type === 'identify');
  const traits = Object.assign({}, ...identified.map(({ message }) => message.traits)) as Record<string, unknown>;
  return [
    { ...base, source: 'app', set: saidValues({ said, traits }) },
    {
      ...base,
      source: null,
      set: { ...seenValues(record, said), ...touchValues({ record, said, channels }), ...figures },
    },
  ];
}

/** Traits with a meaning of their own; all others are the tenant's. Names as analytics.js has them. */
const KNOWN_TRAITS: ReadonlySet<string> = new Set([
  'email',
  'name',
  'firstName',
  'lastName',
  'timezone',
  'locale',
  'country',
]);

function saidValues(input: { said: readonly Said[]; traits: Record<string, unknown> }): Values {
  const { said, traits } = input;
  const values: Values = {};
  const name =
    text(traits['name']) ?? ([text(traits['firstName']), text(traits['lastName'])].filter(Boolean).join(' ') || null);
  const context = (key: string): string | null =>
    said.map(({ message }) => text(message.context[key])).findLast((value) => value !== null) ?? null;
  const userId = said.map(({ message }) => message.userId).findLast((id) => id !== null) ?? null;
  if (text(traits['email']) !== null) values.email = text(traits['email']);
  if (name !== null) values.name = name;
  if (userId !== null) values.user_id = userId;
  const timezone = text(traits['timezone']) ?? context('timezone');
  if (timezone !== null && isTimezone(timezone)) values.timezone = timezone;
  const locale = text(traits['locale']) ?? context('locale');
  if (locale !== null) values.locale = locale;
  if (text(traits['country']) !== null) values.country = text(traits['country']);
  const own = Object.fromEntries(Object.entries(traits).filter(([key]) => !KNOWN_TRAITS.has(key)));
  if (Object.keys(own).length > 0) values.traits = own;
  return values;
}

function seenValues(record: ContactRecord, said: readonly Said[]): Values {
  // `identify` and `group` may come from a server on somebody's behalf; being seen means having done something.
  const times = said
    .filter(({ message }) => message.type === 'track' || message.type === 'page')
    .map(({ at }) => at.getTime());
  if (times.length === 0) return {};
  const firstMs = Math.min(...times, record.first_seen_at?.getTime() ?? Number.POSITIVE_INFINITY);
  const lastMs = Math.max(...times, record.last_seen_at?.getTime() ?? Number.NEGATIVE_INFINITY);
  return { first_seen_at: new Date(firstMs), last_seen_at: new Date(lastMs) };
}

function touchValues(input: {
  record: ContactRecord;
  said: readonly Said[];
  channels: readonly ChannelRule[];
}): Values {
  const { record, said, channels } = input;
  const touches = said.map(({ message }) => touchOf(message)).filter((touch) => touch !== null);
  const [first] = touches.sort((left, right) => left.at.localeCompare(right.at));
  if (!first) return {};
  const known = record.first_touch?.['at'];
  const values: Values = record.first_paid_at === null ? { last_touch_before_payment: { ...touches.at(-1) } } : {};
  if (typeof known === 'string' && known <= first.at) return values;
  return { ...values, ...firstTouchValues(first, channels) };
}

function firstTouchValues(first: Touch, channels: readonly ChannelRule[]): Values {
  return {
    first_touch: { ...first },
    first_utm_source: first.source,
    first_utm_medium: first.medium,
    first_utm_campaign: first.campaign,
    first_referrer_domain: domainOf(first.referrer),
    acquisition_channel: channelOf(first, channels),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
