/** Messages sent, planned and held back; and the captured inbox, where mail lands when no SMTP server is set. */
import { z } from 'zod';
import { ContactRef, Instant } from './money-view.ts';
import { pageOf, PageQuery } from './paging.ts';

export const MessageChannel = z.enum(['email', 'in_app', 'team', 'webhook']);
/** `uncertain`: nobody knows whether the mail server took it; it waits for a person. */
export const MessageStatus = z.enum(['waiting', 'sent', 'skipped', 'failed', 'uncertain', 'canceled']);

/** GET /api/messages, newest first. */
export const MessageListQuery = PageQuery.extend({
  channel: MessageChannel.optional(),
  status: MessageStatus.optional(),
  sequenceId: z.uuid().optional(),
  contactId: z.uuid().optional(),
});
export type MessageListQuery = z.infer<typeof MessageListQuery>;

export const MessageRow = z.object({
  id: z.string(),
  channel: MessageChannel,
  channelLabel: z.string().describe('"E-mail", "In the app"'),
  status: MessageStatus,
  statusLabel: z.string(),
  /** Subject of an e-mail, title of a nudge. */
  title: z.string(),
  contact: ContactRef.nullable(),
  sequence: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** When it was sent, else when it was asked for. */
  at: Instant,
  /** Why it was not sent, as a sentence: "Not sent: Ada has unsubscribed from product news." */
  reason: z.string().nullable(),
  /** What became of it: "clicked", "bounced". */
  outcome: z.string().nullable(),
  /** Whether a person may send it again; with status `uncertain` it may then arrive twice. */
  canSendAgain: z.boolean(),
});
export type MessageRow = z.infer<typeof MessageRow>;
export const MessageList = pageOf(MessageRow);
export type MessageList = z.infer<typeof MessageList>;

/** GET /api/messages/planned, soonest first: what sequences will do next. */
export const PlannedMessage = z.object({
  enrolmentId: z.string(),
  dueAt: Instant,
  contact: ContactRef,
  sequence: z.object({ id: z.string(), name: z.string() }),
  step: z.number().int().describe('1-based'),
  stepCount: z.number().int(),
  /** In words: "E-mail “Your trial expires in 3 days”". */
  action: z.string(),
});
export type PlannedMessage = z.infer<typeof PlannedMessage>;
export const PlannedMessageList = pageOf(PlannedMessage);
export type PlannedMessageList = z.infer<typeof PlannedMessageList>;

/** GET /api/messages/:id; POST /api/sequences/messages/:id/send-again. `html` is for a sandboxed frame (no scripts). */
export const MessageDetail = MessageRow.extend({
  html: z.string().nullable(),
  text: z.string().nullable(),
  to: z.string().nullable(),
  from: z.string().nullable(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  /** Each try and each later happening, oldest first. */
  history: z.array(z.object({ at: Instant, text: z.string() })),
});
export type MessageDetail = z.infer<typeof MessageDetail>;

/** GET /api/captured-inbox, newest first. */
export const CapturedRow = z.object({
  id: z.string(),
  at: Instant,
  to: z.string(),
  from: z.string(),
  subject: z.string(),
  preview: z.string(),
  contact: ContactRef.nullable(),
});
export type CapturedRow = z.infer<typeof CapturedRow>;
export const CapturedList = pageOf(CapturedRow).extend({
  /** False: an SMTP server is set, mail leaves this machine and nothing new is captured. */
  isCapturing: z.boolean(),
});
export type CapturedList = z.infer<typeof CapturedList>;

/** GET /api/captured-inbox/:id. `html` is for a sandboxed frame (no scripts). */
export const CapturedMessage = CapturedRow.extend({
  html: z.string().nullable(),
  text: z.string().nullable(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
});
export type CapturedMessage = z.infer<typeof CapturedMessage>;
