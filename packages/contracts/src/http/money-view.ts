import { z } from 'zod';

/** ISO 8601 in UTC, such as 2026-11-27T09:00:00.000Z. Pages show it in the viewer's time zone. */
export const Instant = z.string().describe('ISO 8601, UTC');

/**
 * An amount as a page shows it. `formatted` is ready ("$200.00", "¥1,200", "KWD 1.500"): pages never divide by 100.
 * Sorting and exporting use `amountMinor`, an integer in the currency's minor unit.
 */
export const MoneyView = z.object({
  amountMinor: z.number().int(),
  currency: z.string().describe('ISO 4217, lower case'),
  formatted: z.string(),
});
export type MoneyView = z.infer<typeof MoneyView>;

/** Colours a sentence or a row: `bad` needs somebody now, `warn` soon, `good` is good news. Never the only sign. */
export const Tone = z.enum(['bad', 'warn', 'good', 'neutral']);
export type Tone = z.infer<typeof Tone>;

/** A person as other pages name them: `name` is never empty (name, else e-mail, else user id, else "Unknown person"). */
export const ContactRef = z.object({ id: z.string(), name: z.string(), email: z.string().nullable() });
export type ContactRef = z.infer<typeof ContactRef>;
