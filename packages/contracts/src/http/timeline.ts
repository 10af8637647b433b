/** What happened to one person and what will: GET /api/contacts/:id/timeline?kinds=billing,message */
import { z } from 'zod';
import { Instant, MoneyView, Tone } from './money-view.ts';
import { PageQuery } from './paging.ts';

export const TIMELINE_KINDS = ['billing', 'product', 'message', 'segment', 'sequence', 'change', 'identity'] as const;
export const TimelineKind = z.enum(TIMELINE_KINDS);
export type TimelineKind = z.infer<typeof TimelineKind>;

export const TimelineQuery = PageQuery.extend({
  kinds: z.string().max(200).optional().describe('comma-separated; all where it is missing'),
  timezone: z.string().max(60).optional().describe("the viewer's, for days named in titles"),
});
export type TimelineQuery = z.infer<typeof TimelineQuery>;

export const TimelineEntry = z.object({
  /** Id of the event, or of the newest of the group. Stable: use it as the key of the row. */
  id: z.string(),
  at: Instant,
  /** Set on a group ("12 page views"): when its oldest happened. */
  since: Instant.nullable(),
  kind: TimelineKind,
  tone: Tone,
  /** In plain words: "Payment of $200.00 failed (insufficient funds), attempt 1". */
  title: z.string(),
  detail: z.string().nullable(),
  /** "Stripe", "Your app" or "GrowthOS". */
  source: z.string(),
  /** Why it happened, in words: "because Stripe sent invoice.payment_failed". */
  cause: z
    .object({ text: z.string(), stripeEventId: z.string().nullable(), eventId: z.string().nullable() })
    .nullable(),
  amount: MoneyView.nullable(),
  /** Property changes, ready to show; empty on other kinds. */
  changes: z.array(z.object({ label: z.string(), old: z.string().nullable(), new: z.string().nullable() })),
  /** Events behind this row, newest first: GET /api/bus-events/:id shows each as it is stored. */
  eventIds: z.array(z.string()),
  type: z.string().describe('the event type, for those who know it'),
  /** GET /api/messages/:id, on rows about a message. */
  messageId: z.string().nullable(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

/** Something that is due. It may still not happen: `unless` says what would stop it. */
export const UpcomingEntry = z.object({
  id: z.string(),
  at: Instant,
  kind: z.enum([
    'payment_retry',
    'trial_end',
    'renewal',
    'cancellation',
    'card_expiry',
    'sequence_step',
    'segment_flip',
  ]),
  title: z.string(),
  detail: z.string().nullable(),
  unless: z.string().nullable().describe('"unless the invoice is paid before"'),
  tone: Tone,
});
export type UpcomingEntry = z.infer<typeof UpcomingEntry>;

export const Timeline = z.object({
  /** Soonest first. Empty on pages after the first. */
  upcoming: z.array(UpcomingEntry),
  /** Newest first. */
  entries: z.array(TimelineEntry),
  nextCursor: z.string().nullable(),
});
export type Timeline = z.infer<typeof Timeline>;
