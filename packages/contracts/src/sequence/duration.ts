import { z } from 'zod';

/** How long: the parts are added up. `{ "days": 3, "hours": 12 }` is three and a half days of exact time. */
export const SequenceDuration = z
  .strictObject({
    days: z.number().int().min(0).max(365).optional(),
    hours: z.number().int().min(0).max(23).optional(),
    minutes: z.number().int().min(0).max(59).optional(),
  })
  .meta({ description: 'A duration in days, hours and minutes, added up.' });
export type SequenceDuration = z.infer<typeof SequenceDuration>;

/** From a date: `{ "days": -3 }` is three days before it. Days are calendar days in nobody's zone: 24 hours each. */
export const DateOffset = z.strictObject({
  days: z.number().int().min(-365).max(365).optional(),
  hours: z.number().int().min(-23).max(23).optional(),
  minutes: z.number().int().min(-59).max(59).optional(),
});
export type DateOffset = z.infer<typeof DateOffset>;

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time of day is HH:MM, from 00:00 to 23:59.');

/** ISO weekdays: 1 is Monday, 7 is Sunday. */
const weekday = z.number().int().min(1).max(7);

/**
 * Hours of the day in the contact's own time zone. `from` after `to` runs over midnight: 22:00 to 06:00 is the night;
 * its days are those on which it starts. `from` equal to `to` is the whole day.
 */
export const LocalWindow = z.strictObject({
  days: z.array(weekday).min(1).max(7).default([1, 2, 3, 4, 5, 6, 7]),
  from: clockTime,
  to: clockTime,
});
export type LocalWindow = z.infer<typeof LocalWindow>;

export const QuietHours = z.strictObject({ from: clockTime, to: clockTime });
export type QuietHours = z.infer<typeof QuietHours>;
