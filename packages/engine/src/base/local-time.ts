/**
 * Hours of the day where somebody lives, across daylight saving: pure, on top of luxon. A local time that a spring change
 * leaves out is read as the moment of the change; one that an autumn change has twice opens at the first and closes at the
 * second.
 */
import { DateTime, IANAZone } from 'luxon';
import { COUNTRY_ZONES } from './country-zones.ts';

export interface DailyHours {
  /** ISO weekdays, 1 Monday to 7 Sunday, on which the hours start. */
  readonly days: readonly number[];
  /** HH:MM. `from` after `to` runs over midnight; equal: the whole day. */
  readonly from: string;
  readonly to: string;
}

export const EVERY_DAY: readonly number[] = [1, 2, 3, 4, 5, 6, 7];

/**
 * The runtime takes 60 µs to say whether it knows a zone, which was a quarter of a due step; its zones never change while
 * it runs. Bounded, because the names come from browsers and traits: anything may stand there.
 */
const ZONES_KEPT_MAX = 2_000;
const keptZones = new Map<string, boolean>();

export function isZone(name: string | null | undefined): name is string {
  if (name === null || name === undefined || name === '') return false;
  const kept = keptZones.get(name);
  if (kept !== undefined) return kept;
  const isKnown = IANAZone.isValidZone(name);
  if (keptZones.size >= ZONES_KEPT_MAX) keptZones.clear();
  keptZones.set(name, isKnown);
  return isKnown;
}

/** The first that names a real zone: said by the person, told by their browser, likely for their country, the workspace's. */
export function zoneOfPerson(input: {
  readonly explicit: string | null;
  readonly browser: string | null;
  readonly country: string | null;
  readonly workspace: string | null;
}): string {
  const byCountry = input.country === null ? null : COUNTRY_ZONES[input.country.toUpperCase()];
  for (const candidate of [input.explicit, input.browser, byCountry, input.workspace]) {
    if (isZone(candidate)) return candidate;
  }
  return 'UTC';
}

/** The instant itself when it is inside the hours, else the next opening. Null when there is none within two weeks. */
export function nextInside(hours: DailyHours, input: { at: Date; zone: string }): Date | null {
  const at = input.at.getTime();
  for (const period of periodsAround(hours, input)) {
    if (at >= period.start && at < period.end) return input.at;
    if (period.start > at) return DateTime.fromMillis(period.start).toJSDate();
  }
  return null;
}

/** The instant itself when it is outside the hours, else their end: when quiet hours are over. */
export function nextOutside(hours: DailyHours, input: { at: Date; zone: string }): Date {
  if (hours.from === hours.to) return input.at;
  let at = input.at.getTime();
  for (const period of periodsAround(hours, input)) {
    if (period.start > at) break;
    if (at < period.end) at = period.end;
  }
  return at === input.at.getTime() ? input.at : DateTime.fromMillis(at).toJSDate();
}

/** The hours' periods from the day before to two weeks after, in order. */
function* periodsAround(
  hours: DailyHours,
  input: { at: Date; zone: string },
): Generator<{ start: number; end: number }> {
  const today = DateTime.fromJSDate(input.at, { zone: input.zone }).startOf('day');
  for (let offset = -1; offset <= 14; offset++) {
    const day = today.plus({ days: offset });
    if (!hours.days.includes(day.weekday)) continue;
    const endDay = hours.from < hours.to ? day : day.plus({ days: 1 });
    const start = atLocal(day, hours.from, 'first');
    const end = atLocal(endDay, hours.to, 'last');
    if (start < end) yield { start, end };
  }
}

function atLocal(day: DateTime, time: string, which: 'first' | 'last'): number {
  const [hour, minute] = time.split(':').map(Number);
  const local = DateTime.fromObject(
    { year: day.year, month: day.month, day: day.day, hour: hour ?? 0, minute: minute ?? 0 },
    { zone: day.zone },
  );
  if (local.hour !== (hour ?? 0) || local.minute !== (minute ?? 0)) return changeBefore(local).toMillis();
  const possible = local.getPossibleOffsets().map((one) => one.toMillis());
  return which === 'first' ? Math.min(...possible) : Math.max(...possible);
}

/** The change of the clocks that left a time out; luxon answers such a time with one at most a few hours after it. */
function changeBefore(local: DateTime): DateTime {
  let at = local.startOf('minute');
  while (at.minus({ minutes: 1 }).offset === local.offset) at = at.minus({ minutes: 1 });
  return at;
}

/** A date as a person there would write it: "Friday, 27 November". */
export function localDay(at: Date, zone: string): string {
  return DateTime.fromJSDate(at, { zone }).setLocale('en-GB').toFormat('cccc, d LLLL');
}

export function localClock(at: Date, zone: string): string {
  return DateTime.fromJSDate(at, { zone }).toFormat('HH:mm');
}

/** For templates: luxon's tokens, English names. */
export function formatLocal(at: Date, input: { zone: string; format: string }): string {
  return DateTime.fromJSDate(at, { zone: input.zone }).setLocale('en-GB').toFormat(input.format);
}
