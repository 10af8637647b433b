/**
 * What product events say in the name of one identity: values with the time at which they were said, the first touch, and
 * the last visits.
 * Of two values the one said later counts, by the sayers' clocks; of the same moment the one that sorts last. So saying is
 * the same in any order, and what an identity said can move with it from one contact to another. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
import { durationMs } from '#base/clock.ts';
import { isRecord } from '#base/is-record.ts';
import { type Touch, touchOf, visitOf } from '../acquisition/touch.ts';
import { addVisit } from '../acquisition/visits.ts';
import type { ContactRecord } from '../contacts/contact-record.ts';

export interface Said {
  /** By property, traits as `traits.<name>`; a trait that was taken away is null. */
  readonly values?: Readonly<Record<string, readonly [value: unknown, atMs: number]>>;
  readonly firstTouch?: Touch;
  /** The last ones, oldest first: which was the last before the first payment is seen when that is known. */
  readonly visits?: readonly Touch[];
}

export interface Utterance {
  readonly message: StoredTrackMessage;
  readonly at: Date;
}

/** Traits with a meaning of their own; all others are the tenant's. Names as analytics.js has them. */
const KNOWN_TRAITS: ReadonlySet<string> = new Set('email name firstName lastName timezone locale country'.split(' '));
/** What every message carries is written down again only after so long: it would cost a write per message. */
const CONTEXT_REPEAT_MS = durationMs({ days: 1 });

/** @returns `said` itself where the messages say nothing new. */
export function hear(said: Said, utterances: readonly Utterance[]): Said {
  const before = said.values ?? {};
  let values = before;
  let firstTouch = said.firstTouch;
  let visits = said.visits ?? NONE;
  for (const { message, at } of utterances) {
    const atMs = at.getTime();
    for (const [property, value] of Object.entries(contextValues(message))) {
      values = later(values, { property, value, atMs, repeatAfterMs: CONTEXT_REPEAT_MS });
    }
    if (message.type === 'identify') {
      for (const [property, value] of Object.entries(traitValues(message.traits))) {
        values = later(values, { property, value, atMs, repeatAfterMs: 0 });
      }
    }
    const touch = touchOf(message);
    if (touch !== null && isEarlierTouch(touch, firstTouch)) firstTouch = touch;
    const visit = visitOf(message);
    if (visit !== null) visits = addVisit(visits, visit);
  }
  if (values === before && firstTouch === said.firstTouch && visits === (said.visits ?? NONE)) return said;
  return Object.assign(
    Object.keys(values).length > 0 ? { values } : {},
    firstTouch ? { firstTouch } : null,
    visits.length > 0 ? { visits } : null,
  );
}

const NONE: readonly Touch[] = [];

type SaidValues = NonNullable<Said['values']>;

function later(
  values: SaidValues,
  news: { property: string; value: unknown; atMs: number; repeatAfterMs: number },
): SaidValues {
  const { property, value, atMs } = news;
  const known = values[property];
  if (known !== undefined) {
    const isSame = isDeepStrictEqual(known[0], value);
    if (isSame && atMs <= known[1] + news.repeatAfterMs) return values;
    if (atMs < known[1] || (atMs === known[1] && !isSame && order(value) < order(known[0]))) return values;
  }
  return { ...values, [property]: [value, atMs] };
}

/** As text with keys in order: the database gives objects back with keys in its own. */
function order(value: unknown): string {
  const sorted = (_key: string, inner: unknown): unknown =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
  return JSON.stringify(value, sorted) ?? '';
}

export function isEarlierTouch(touch: Touch, known: Touch | undefined): boolean {
  if (known === undefined || touch.at !== known.at) return known === undefined || touch.at < known.at;
  return order(touch) < order(known);
}

function contextValues(message: StoredTrackMessage): Record<string, unknown> {
  const timezone = text(message.context['timezone']);
  const locale = text(message.context['locale']);
  const values: Record<string, unknown> = {};
  if (timezone !== null && isTimezone(timezone)) values['timezone'] = timezone;
  if (locale !== null) values['locale'] = locale;
  return values;
}

function traitValues(traits: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const parts = [text(traits['firstName']), text(traits['lastName'])].filter((part) => part !== null);
  const name = text(traits['name']) ?? (parts.join(' ') || null);
  if (name !== null) values['name'] = name;
  for (const property of ['email', 'locale', 'country']) {
    const value = text(traits[property]);
    if (value !== null) values[property] = value;
  }
  const timezone = text(traits['timezone']);
  if (timezone !== null && isTimezone(timezone)) values['timezone'] = timezone;
  for (const [trait, value] of Object.entries(traits)) if (!KNOWN_TRAITS.has(trait)) values[`traits.${trait}`] = value;
  return values;
}

/** What all identities of one contact said together, as values of the contact. */
export function foldSaid(all: readonly Said[]): {
  values: Partial<Omit<ContactRecord, 'id' | 'property_sources'>>;
  firstTouch: Touch | undefined;
  visits: readonly Touch[];
} {
  let values: SaidValues = {};
  let firstTouch: Touch | undefined;
  let visits = NONE;
  for (const said of all) {
    for (const visit of said.visits ?? NONE) visits = addVisit(visits, visit);
    for (const [property, [value, atMs]] of Object.entries(said.values ?? {})) {
      values = later(values, { property, value, atMs, repeatAfterMs: 0 });
    }
    if (said.firstTouch && isEarlierTouch(said.firstTouch, firstTouch)) firstTouch = said.firstTouch;
  }
  const set: Record<string, unknown> = {};
  const traits: Record<string, unknown> = {};
  for (const [property, [value]] of Object.entries(values)) {
    if (property.startsWith('traits.')) traits[property.slice('traits.'.length)] = value;
    else set[property] = value;
  }
  if (Object.keys(traits).length > 0) set['traits'] = traits;
  return { values: set, firstTouch, visits };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

const timezones = new Map<string, boolean>();

function isTimezone(name: string): boolean {
  let known = timezones.get(name);
  if (known === undefined) {
    known = isTimezoneName(name);
    // Names come from outside: what is kept of them is bounded.
    if (timezones.size < 1000) timezones.set(name, known);
  }
  return known;
}

function isTimezoneName(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
