import { z } from 'zod';

/**
 * What set an event off: the link from a message in somebody's inbox back to the fact in Stripe.
 * `id` is the Stripe event id, the GrowthOS event id, the person's id, or the name of the timer.
 */
export const EventCause = z.object({
  kind: z.enum(['stripe_event', 'event', 'backfill', 'reconcile', 'time', 'person', 'api']),
  id: z.string().nullable(),
  /** The Stripe event type or the GrowthOS event type, where there is one. */
  type: z.string().nullable().optional(),
});
export type EventCause = z.infer<typeof EventCause>;

/**
 * One event on the bus. The attributes are those of CloudEvents 1.0 (`id`, `source`, `type`, `time`, `data`), plus the
 * workspace, the contact and the cause. Delivered at least once, in order for one contact; `id` never changes.
 */
export const EventEnvelope = z.object({
  id: z.string(),
  /** `stripe:acct_...`, `app` (the customer's product), or `growthos` (made here: segments, sequences, messages). */
  source: z.string(),
  type: z.string().min(1).max(200),
  workspaceId: z.string(),
  /** Null for what concerns nobody yet, such as an account that was connected. */
  contactId: z.string().nullable(),
  /** When it happened, ISO 8601 in UTC. */
  time: z.string(),
  data: z.record(z.string(), z.unknown()),
  cause: EventCause.nullable(),
});
export type EventEnvelope = z.infer<typeof EventEnvelope>;
