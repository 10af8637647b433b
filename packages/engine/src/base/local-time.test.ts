import fc from 'fast-check';
import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import { EVERY_DAY, nextInside, nextOutside, zoneOfPerson, type DailyHours } from './local-time.ts';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'America/Sao_Paulo',
  'Africa/Casablanca',
];
const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 15, 30, 45))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
/** Half of them within three days of a change of the clocks, where the mistakes are. */
const instant = fc
  .oneof(
    fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 0, 1) }),
    fc
      .tuple(
        fc.constantFrom(
          '2026-03-29T01:00Z',
          '2026-10-25T01:00Z',
          '2026-03-08T07:00Z',
          '2026-11-01T06:00Z',
          '2026-04-04T15:00Z',
          '2026-10-03T15:30Z',
        ),
        fc.integer({ min: -3 * 86_400_000, max: 3 * 86_400_000 }),
      )
      .map(([at, shift]) => DateTime.fromISO(at).toMillis() + shift),
  )
  .map((ms) => DateTime.fromMillis(Math.round(ms / 60_000) * 60_000).toJSDate());
const clockOf = (at: Date, zone: string): string => DateTime.fromJSDate(at, { zone }).toFormat('HH:mm');
const isBetween = (clock: string, hours: DailyHours): boolean =>
  hours.from < hours.to ? clock >= hours.from && clock < hours.to : clock >= hours.from || clock < hours.to;

test('what quiet hours hold back goes at an instant whose local clock is outside them, never early, within a day and an hour', () => {
  fc.assert(
    fc.property(time, time, instant, fc.constantFrom(...ZONES), (from, to, at, zone) => {
      fc.pre(from !== to);
      const hours = { from, to, days: EVERY_DAY };
      const until = nextOutside(hours, { at, zone });
      expect(until.getTime()).toBeGreaterThanOrEqual(at.getTime());
      expect(until.getTime() - at.getTime()).toBeLessThanOrEqual(25 * 3_600_000);
      expect(isBetween(clockOf(until, zone), hours)).toBe(false);
      expect(nextOutside(hours, { at: until, zone })).toEqual(until);
    }),
    { numRuns: 1_000 },
  );
});

test('a local window opens on one of its days, at a local time inside it, and nothing earlier would have been inside', () => {
  fc.assert(
    fc.property(
      time,
      time,
      fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
      instant,
      fc.constantFrom(...ZONES),
      (from, to, days, at, zone) => {
        const hours = { from, to, days };
        const opening = nextInside(hours, { at, zone });
        if (opening === null) throw new Error('no opening in two weeks');
        expect(opening.getTime()).toBeGreaterThanOrEqual(at.getTime());
        // On a day when the clocks change, a time that does not exist is read as one after the gap.
        const local = DateTime.fromJSDate(opening, { zone });
        const isRegular =
          local.startOf('day').offset === local.endOf('day').offset &&
          local.minus({ days: 1 }).startOf('day').offset === local.offset;
        if (from !== to && isRegular) expect(isBetween(local.toFormat('HH:mm'), hours)).toBe(true);
        const startDay = from < to || local.toFormat('HH:mm') >= from ? local : local.minus({ days: 1 });
        if (from !== to && isRegular) expect(days).toContain(startDay.weekday);
        expect(opening.getTime() - at.getTime()).toBeLessThanOrEqual(7 * 86_400_000 + 3_600_000);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('the week turns where the contact lives: Sunday evening in UTC is Monday in Kathmandu', () => {
  const monday = { from: '00:00', to: '06:00', days: [1] };
  const at = new Date('2026-11-22T18:15:00Z');
  expect(nextInside(monday, { at, zone: 'Asia/Kathmandu' })).toEqual(at);
  expect(nextInside(monday, { at: new Date('2026-11-22T18:14:00Z'), zone: 'Asia/Kathmandu' })?.toISOString()).toBe(
    '2026-11-22T18:15:00.000Z',
  );
  expect(nextInside(monday, { at, zone: 'UTC' })?.toISOString()).toBe('2026-11-23T00:00:00.000Z');
});

test('half past two in the night when clocks go forward is three o’clock, and after midnight is 00:30, not 24:30', () => {
  const at = new Date('2026-03-29T00:00:00Z');
  expect(
    nextInside({ from: '02:30', to: '05:00', days: EVERY_DAY }, { at, zone: 'Europe/Berlin' })?.toISOString(),
  ).toBe('2026-03-29T01:00:00.000Z');
  const midnight = { from: '00:30', to: '01:00', days: EVERY_DAY };
  expect(nextInside(midnight, { at: new Date('2026-11-24T23:00:00Z'), zone: 'UTC' })?.toISOString()).toBe(
    '2026-11-25T00:30:00.000Z',
  );
});

test('quiet hours last until the second two o’clock when clocks go back', () => {
  const quiet = { from: '22:00', to: '02:30', days: EVERY_DAY };
  expect(nextOutside(quiet, { at: new Date('2026-10-24T22:00:00Z'), zone: 'Europe/Berlin' }).toISOString()).toBe(
    '2026-10-25T01:30:00.000Z',
  );
});

test('the zone of a person is the first real one of: said, browser, country, workspace', () => {
  const all = { explicit: 'Asia/Tokyo', browser: 'Europe/Paris', country: 'NP', workspace: 'America/New_York' };
  expect(zoneOfPerson(all)).toBe('Asia/Tokyo');
  expect(zoneOfPerson({ ...all, explicit: 'Mars/Base' })).toBe('Europe/Paris');
  expect(zoneOfPerson({ ...all, explicit: null, browser: null })).toBe('Asia/Kathmandu');
  expect(zoneOfPerson({ explicit: null, browser: null, country: 'XX', workspace: 'America/New_York' })).toBe(
    'America/New_York',
  );
  expect(zoneOfPerson({ explicit: null, browser: null, country: null, workspace: 'nowhere' })).toBe('UTC');
});
