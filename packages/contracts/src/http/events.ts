/**
 * What came in and what was made of it. `/api/events` is the ledger: every Stripe and product event as it was received.
 * `/api/bus-events` is what GrowthOS made of it. `/api/dead-letters` is what needs a person.
 */
import { z } from 'zod';
import { ContactRef, Instant } from './money-view.ts';
import { pageOf, PageQuery } from './paging.ts';

/** `received`: stored, its turn comes. `applied`: in the graph. `dead`: could not be applied; see `error`, then replay. */
export const LedgerStatus = z.enum(['received', 'applied', 'dead']);

/** GET /api/events, newest first. */
export const LedgerQuery = PageQuery.extend({
  source: z.enum(['stripe', 'track']).optional(),
  type: z.string().max(200).optional().describe('exactly, such as invoice.payment_failed'),
  status: LedgerStatus.optional(),
  q: z.string().trim().max(200).optional().describe('an event id (evt_...) or a subject such as cus_...'),
});
export type LedgerQuery = z.infer<typeof LedgerQuery>;

export const LedgerRow = z.object({
  /** Number in the ledger, as text. */
  seq: z.string(),
  eventId: z.string(),
  source: z.enum(['stripe', 'track']),
  type: z.string(),
  subject: z.string().describe('the customer or person it is about'),
  /** When it happened, by the sender's clock. */
  createdAt: Instant,
  receivedAt: Instant,
  via: z.string().describe('webhook, reconcile, poll, replay or api'),
  status: LedgerStatus,
  attempts: z.number().int().describe('tries so far, of what waits or is dead'),
  error: z.string().nullable(),
});
export type LedgerRow = z.infer<typeof LedgerRow>;
export const LedgerList = pageOf(LedgerRow);
export type LedgerList = z.infer<typeof LedgerList>;

/** One event on the bus. */
export const BusEventRow = z.object({
  id: z.string(),
  type: z.string(),
  /** In plain words, as on the timeline. */
  title: z.string(),
  source: z.string(),
  at: Instant,
  recordedAt: Instant,
  contact: ContactRef.nullable(),
});
export type BusEventRow = z.infer<typeof BusEventRow>;

/** GET /api/events/:seq. */
export const LedgerEvent = LedgerRow.extend({
  /** As it was received. Parsed where it is JSON, else the text. */
  payload: z.unknown(),
  /** What GrowthOS made of it. Empty: it told nothing new. */
  produced: z.array(BusEventRow),
  url: z.string().nullable().describe('the event in the Stripe Dashboard'),
});
export type LedgerEvent = z.infer<typeof LedgerEvent>;

// POST /api/events/:seq/replay -> Done: applies it again. Nothing is told twice: effects are keyed by the fact.

/** GET /api/bus-events, newest first. */
export const BusEventQuery = PageQuery.extend({
  type: z.string().max(200).optional(),
  contactId: z.uuid().optional(),
});
export type BusEventQuery = z.infer<typeof BusEventQuery>;
export const BusEventList = pageOf(BusEventRow);
export type BusEventList = z.infer<typeof BusEventList>;

/** GET /api/bus-events/:id: the event as it is stored. */
export const BusEventDetail = BusEventRow.extend({
  data: z.record(z.string(), z.unknown()),
  cause: z.object({ kind: z.string(), id: z.string().nullable(), type: z.string().nullable() }).nullable(),
  /** The ledger's number of what caused it, for a link to it. */
  causeSeq: z.string().nullable(),
});
export type BusEventDetail = z.infer<typeof BusEventDetail>;

/** GET /api/dead-letters, newest first: of the ledger and of every consumer of the bus. */
export const DeadLetter = z.object({
  /** Hand it back to replay: POST /api/dead-letters/:id/replay -> Done (409 when it fails again, with the reason). */
  id: z.string(),
  /** Where it failed, in words: "Reading Stripe events", "Segments". */
  where: z.string(),
  type: z.string(),
  error: z.string(),
  diedAt: Instant,
  contact: ContactRef.nullable(),
  /** GET /api/events/:seq, or GET /api/bus-events/:id. */
  ledgerSeq: z.string().nullable(),
  busEventId: z.string().nullable(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;
export const DeadLetterList = pageOf(DeadLetter);
export type DeadLetterList = z.infer<typeof DeadLetterList>;

/** GET /api/events/types: what the type filters can be set to. */
export const EventTypes = z.object({ ledger: z.array(z.string()), bus: z.array(z.string()) });
export type EventTypes = z.infer<typeof EventTypes>;
