import {
  TRACK_LIMITS,
  TRACK_MESSAGES,
  type StoredTrackMessage,
  type TrackMessageInput,
  type TrackMessageType,
} from '@growthos/contracts/http/track.ts';
import type { z } from 'zod';
import { addMs, durationMs, parseInstant } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { checkJson, type JsonProblem } from './check-json.ts';

export type ReadMessage =
  | {
      readonly ok: true;
      readonly message: StoredTrackMessage;
      readonly occurredAt: Date;
      readonly emailHash: string | null;
    }
  | { readonly ok: false; readonly messageId: string | null; readonly field: string; readonly message: string };

/**
 * Checks one message and completes it. The first problem is returned with the field that has it; nothing is thrown.
 * `type` is given by the path for single messages. `sentAt` of the batch stands in where the message has none.
 */
export function readMessage(
  raw: unknown,
  input: { type: TrackMessageType | null; receivedAt: Date; sentAt: string | null },
): ReadMessage {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) {
    return { ok: false, messageId: null, field: 'message', message: 'must be a JSON object' };
  }
  const fields = raw as Readonly<Record<string, unknown>>;
  const messageId = typeof fields['messageId'] === 'string' ? fields['messageId'].slice(0, 255) : null;
  const refuse = (problem: JsonProblem): ReadMessage => ({ ok: false, messageId, ...problem });

  const bytes = Buffer.byteLength(JSON.stringify(raw));
  if (bytes > TRACK_LIMITS.messageBytesMax) {
    return refuse({ field: 'message', message: `is ${bytes} bytes; the most is ${TRACK_LIMITS.messageBytesMax}` });
  }
  const type = input.type ?? fields['type'];
  if (typeof type !== 'string' || !Object.hasOwn(TRACK_MESSAGES, type)) {
    return refuse({ field: 'type', message: `must be one of ${Object.keys(TRACK_MESSAGES).join(', ')}` });
  }
  const parsed = TRACK_MESSAGES[type as TrackMessageType].safeParse({ ...fields, type });
  if (!parsed.success) return refuse(firstProblem(parsed.error));
  const given = parsed.data;
  if (!given.userId && !given.anonymousId) {
    return refuse({ field: 'userId', message: 'userId or anonymousId must be given' });
  }
  for (const part of ['properties', 'traits', 'context'] as const) {
    const problem = checkJson(fields[part], part);
    if (problem) return refuse(problem);
  }
  const occurredAt = correctTime(given, input);
  const wrongTime = checkTime(occurredAt, input.receivedAt);
  if (wrongTime) return refuse(wrongTime);
  const emailHash = given.type === 'identify' ? (given.emailHash ?? null) : null;
  return { ok: true, message: complete(given, occurredAt), occurredAt, emailHash };
}

function firstProblem(error: z.ZodError): JsonProblem {
  const [issue] = error.issues;
  if (!issue) return { field: 'message', message: 'is not valid' };
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return {
      field: key.slice(0, 100),
      message: 'is not a field of this message; put your own data in properties or traits',
    };
  }
  return { field: issue.path.map(String).join('.') || 'message', message: issue.message };
}

/**
 * The sender's clock may be wrong: the time between happening and sending is right on it all the same, so it is taken off
 * the time of arrival. Without `sentAt` the timestamp stands as it is.
 */
function correctTime(given: TrackMessageInput, input: { receivedAt: Date; sentAt: string | null }): Date {
  const timestamp = given.timestamp ? parseInstant(given.timestamp) : null;
  if (!timestamp) return input.receivedAt;
  const sentText = given.sentAt ?? input.sentAt;
  const sentAt = sentText ? parseInstant(sentText) : null;
  return sentAt ? addMs(input.receivedAt, timestamp.getTime() - sentAt.getTime()) : timestamp;
}

function checkTime(occurredAt: Date, receivedAt: Date): JsonProblem | null {
  const latest = addMs(receivedAt, durationMs({ hours: TRACK_LIMITS.futureHoursMax }));
  if (occurredAt > latest) {
    return { field: 'timestamp', message: `lies more than ${TRACK_LIMITS.futureHoursMax} hours in the future` };
  }
  if (occurredAt.getUTCFullYear() < TRACK_LIMITS.yearMin) {
    return { field: 'timestamp', message: `lies before the year ${TRACK_LIMITS.yearMin}` };
  }
  return null;
}

function complete(given: TrackMessageInput, occurredAt: Date): StoredTrackMessage {
  const stored = {
    messageId: given.messageId ?? newId(),
    userId: given.userId ?? null,
    anonymousId: given.anonymousId ?? null,
    timestamp: occurredAt.toISOString(),
    event: null,
    name: null,
    category: null,
    groupId: null,
    properties: {},
    traits: {},
    context: given.context ?? {},
    isEmailProven: false,
  };
  switch (given.type) {
    case 'identify':
      return { ...stored, type: 'identify', traits: given.traits ?? {} };
    case 'track':
      return { ...stored, type: 'track', event: given.event, properties: given.properties ?? {} };
    case 'page':
    case 'screen':
      return {
        ...stored,
        type: 'page',
        name: given.name ?? null,
        category: given.category ?? null,
        properties: given.properties ?? {},
      };
    case 'group':
      return { ...stored, type: 'group', groupId: given.groupId, traits: given.traits ?? {} };
    case 'alias':
      return { ...stored, type: 'identify', anonymousId: given.previousId };
  }
}
