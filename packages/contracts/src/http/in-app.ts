import { z } from 'zod';
import { InAppPayload } from '../sequence/content.ts';
import { TRACK_LIMITS } from './track.ts';

/**
 * Nudges in the customer's app. A browser proves that it speaks for a user with `userHash` = HMAC-SHA256(user id, the
 * workspace's identity secret) in hex, computed by the customer's server. For that it gets a token of some minutes, with
 * which it reads and reports: POST /in-app/session, GET /in-app/messages, GET /in-app/stream (SSE), POST /in-app/outcome.
 */
const token = z.string().min(1).max(2_000);

export const InAppSessionRequest = z.object({
  writeKey: z.string().min(1).max(TRACK_LIMITS.idLengthMax),
  userId: z.string().min(1).max(TRACK_LIMITS.idLengthMax),
  userHash: z.string().regex(/^[0-9a-fA-F]{64}$/, 'must be HMAC-SHA256 of the user id in hex: 64 digits'),
});
export type InAppSessionRequest = z.infer<typeof InAppSessionRequest>;

export const InAppMessage = InAppPayload.extend({ id: z.string() });
export type InAppMessage = z.infer<typeof InAppMessage>;

/** All that may be shown now, oldest first: what is not in the list any more is to be taken off the page. */
export const InAppMessages = z.object({ messages: z.array(InAppMessage) });
export type InAppMessages = z.infer<typeof InAppMessages>;

export const InAppSession = InAppMessages.extend({
  token: z.string(),
  expiresInS: z.number().int().describe('ask for a new session before'),
});
export type InAppSession = z.infer<typeof InAppSession>;

export const InAppTokenQuery = z.object({ token });

export const IN_APP_OUTCOMES = ['shown', 'clicked', 'dismissed', 'snoozed'] as const;
export type InAppOutcome = (typeof IN_APP_OUTCOMES)[number];

export const InAppOutcomeRequest = z.object({
  token,
  messageId: z.uuid(),
  outcome: z.enum(IN_APP_OUTCOMES),
});
export type InAppOutcomeRequest = z.infer<typeof InAppOutcomeRequest>;

/** `recorded`: false where this outcome of this message was known already. A celebration runs only on true. */
export const InAppOutcomeResponse = z.object({ recorded: z.boolean() });
export type InAppOutcomeResponse = z.infer<typeof InAppOutcomeResponse>;

/** GET /api/identity-secret and POST /api/identity-secret/rotate (role admin): what your server computes user hashes with. */
export const IdentitySecret = z.object({ secret: z.string() });
export type IdentitySecret = z.infer<typeof IdentitySecret>;
