import { z } from 'zod';

/**
 * Product events over HTTP, in the shape that analytics.js and its server libraries send: POST /v1/identify, /v1/track,
 * /v1/page, /v1/group and /v1/batch. The limits are Segment's where Segment has one, so that a client pointed here works.
 */
export const TRACK_LIMITS = {
  /** One message as JSON. Source: Segment's HTTP API, "32KB per API request". */
  messageBytesMax: 32 * 1024,
  /** One batch as JSON. Source: Segment's HTTP API, "500KB per batch". */
  batchBytesMax: 500 * 1024,
  batchItemsMax: 2_500,
  idLengthMax: 255,
  nameLengthMax: 200,
  keyLengthMax: 200,
  /** How deep properties, traits and context may nest: `properties.a.b` is 2. */
  depthMax: 8,
  /** How far ahead of the server's clock a message may be dated, hours. */
  futureHoursMax: 24,
  /** Nothing was tracked before this year; an earlier date is a unit mix-up (seconds for milliseconds). */
  yearMin: 2000,
} as const;

/** Control characters (C0, DEL, C1): never part of an id or a name. */
const CONTROL = /\p{Cc}/u;

const singleLine = (lengthMax: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(lengthMax, `must be at most ${lengthMax} characters`)
    .refine((text) => !CONTROL.test(text), 'must not contain control characters')
    .refine((text) => text.trim() !== '', 'must not be blank');

const id = singleLine(TRACK_LIMITS.idLengthMax);
const name = singleLine(TRACK_LIMITS.nameLengthMax);
const bag = z.record(z.string(), z.unknown());
const instant = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time such as 2026-11-24T09:00:00.000Z' });

/** What every message may carry. Unknown keys are refused by name, so that a misspelt one is not lost silently. */
const common = {
  messageId: id.nullish().describe('unique per message: sending it again changes nothing'),
  userId: id.nullish().describe("the id of the person in the customer's own app"),
  anonymousId: id.nullish().describe('the id of a browser or device whose person is not known yet'),
  context: bag.nullish(),
  timestamp: instant.nullish().describe('when it happened, by the clock of the sender'),
  sentAt: instant.nullish().describe('when it was sent, by the same clock: corrects a clock that is wrong'),
  writeKey: z.string().max(TRACK_LIMITS.idLengthMax).nullish(),
  // Sent by Segment's libraries; accepted and not used.
  originalTimestamp: z.unknown().optional(),
  receivedAt: z.unknown().optional(),
  integrations: z.unknown().optional(),
  channel: z.unknown().optional(),
  version: z.unknown().optional(),
  projectId: z.unknown().optional(),
  _metadata: z.unknown().optional(),
};

export const IdentifyMessage = z.strictObject({
  type: z.literal('identify'),
  ...common,
  traits: bag.nullish(),
  emailHash: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be an HMAC-SHA256 in hex: 64 digits')
    .nullish()
    .describe(
      'proves traits.email where a write key is used: HMAC-SHA256 of user id, line feed and the address in lower case, under the identity secret',
    ),
});
export const TrackMessage = z.strictObject({
  type: z.literal('track'),
  ...common,
  event: name,
  properties: bag.nullish(),
});
export const PageMessage = z.strictObject({
  type: z.enum(['page', 'screen']),
  ...common,
  name: name.nullish(),
  category: name.nullish(),
  properties: bag.nullish(),
});
export const GroupMessage = z.strictObject({
  type: z.literal('group'),
  ...common,
  groupId: id,
  traits: bag.nullish(),
});
/** Joins the anonymous history `previousId` to `userId`. It never joins two users: that is a person's decision. */
export const AliasMessage = z.strictObject({
  type: z.literal('alias'),
  ...common,
  userId: id,
  previousId: id,
});

export const TRACK_MESSAGES = {
  identify: IdentifyMessage,
  track: TrackMessage,
  page: PageMessage,
  screen: PageMessage,
  group: GroupMessage,
  alias: AliasMessage,
} as const;
export type TrackMessageType = keyof typeof TRACK_MESSAGES;
export type TrackMessageInput =
  | z.infer<typeof IdentifyMessage>
  | z.infer<typeof TrackMessage>
  | z.infer<typeof PageMessage>
  | z.infer<typeof GroupMessage>
  | z.infer<typeof AliasMessage>;

export const TrackBatch = z.strictObject({
  batch: z
    .array(z.unknown())
    .min(1, 'must hold at least one message')
    .max(TRACK_LIMITS.batchItemsMax, `must hold at most ${TRACK_LIMITS.batchItemsMax} messages`),
  writeKey: common.writeKey,
  sentAt: common.sentAt,
  timestamp: common.timestamp,
  context: common.context,
  integrations: z.unknown().optional(),
});

/**
 * A message as it stands in the ledger: checked, complete, its time corrected to the server's clock. `screen` has become
 * `page` and `alias` has become `identify` (of `userId`, with `previousId` as the anonymous id).
 */
export const StoredTrackMessage = z.object({
  type: z.enum(['identify', 'track', 'page', 'group']),
  messageId: z.string(),
  userId: z.string().nullable(),
  anonymousId: z.string().nullable(),
  /** ISO 8601, UTC. */
  timestamp: z.string(),
  /** `track`: the event's name. */
  event: z.string().nullable(),
  /** `page`: name and category, where given. */
  name: z.string().nullable(),
  category: z.string().nullable(),
  /** `group`: the id of the company. */
  groupId: z.string().nullable(),
  /** `track` and `page`. */
  properties: z.record(z.string(), z.unknown()),
  /** `identify`: of the person; `group`: of the company. */
  traits: z.record(z.string(), z.unknown()),
  context: z.record(z.string(), z.unknown()),
  /** `identify`: the address in the traits was said by a server, or is proven; a write key alone proves nothing. */
  isEmailProven: z.boolean().default(false),
});
export type StoredTrackMessage = z.infer<typeof StoredTrackMessage>;

export const TrackRejection = z.object({
  index: z.number().int().describe('place in the batch, from 0'),
  messageId: z.string().nullable(),
  field: z.string(),
  message: z.string(),
});
export type TrackRejection = z.infer<typeof TrackRejection>;

/** 200 where at least one message was taken or known already; 400 where none could be. */
export const TrackResponse = z.object({
  success: z.boolean().describe('true where nothing was rejected'),
  accepted: z.number().int(),
  duplicates: z.number().int(),
  rejected: z.array(TrackRejection),
});
export type TrackResponse = z.infer<typeof TrackResponse>;
