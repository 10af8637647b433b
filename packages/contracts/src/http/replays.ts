/** Replays: a listener of the bus hears events once more. Admins and owners only, and audited. */
import { z } from 'zod';
import { Instant } from './money-view.ts';

/** Who can be told again, and what that does and does not do, in words for a person. */
export const ReplayListener = z.object({ name: z.string(), title: z.string(), says: z.string() });
export type ReplayListener = z.infer<typeof ReplayListener>;

export const Replay = z.object({
  id: z.string(),
  listener: z.string(),
  /** The listener in words. */
  title: z.string(),
  since: Instant,
  askedAt: Instant,
  /** Null: it runs. */
  endedAt: Instant.nullable(),
  handledCount: z.number().int().describe('events handed over so far'),
  /** How much of the log it has gone through: 0 to 1. */
  progress: z.number(),
});
export type Replay = z.infer<typeof Replay>;

/** GET /api/replays: the last ones, newest first. */
export const ReplayList = z.object({ listeners: z.array(ReplayListener), replays: z.array(Replay) });
export type ReplayList = z.infer<typeof ReplayList>;

/**
 * POST /api/replays. `since`: everything recorded since then, in the background and in order. `eventIds`: these, at once.
 * Either one or the other.
 */
export const AskReplay = z
  .object({
    listener: z.string().max(100),
    since: z.iso.datetime({ offset: true }).optional().describe('ISO 8601; not ahead of now'),
    eventIds: z.array(z.uuid()).min(1).max(500).optional().describe('ids of GET /api/bus-events'),
  })
  .refine((input) => (input.since === undefined) !== (input.eventIds === undefined), {
    message: 'Give either `since` or `eventIds`.',
    path: ['since'],
  });
export type AskReplay = z.infer<typeof AskReplay>;

/** `id` of a replay since a time, which goes on in the background; `handledCount` where events were named: they are done. */
export const AskedReplay = z.object({ id: z.string().nullable(), handledCount: z.number().int().nullable() });
export type AskedReplay = z.infer<typeof AskedReplay>;
