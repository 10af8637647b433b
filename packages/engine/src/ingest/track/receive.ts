/**
 * Product events. In: a parsed body of POST /v1/identify, /v1/track, /v1/page, /v1/group, /v1/alias or /v1/batch, and the
 * write key. Out: how many messages are in the ledger now, how many were there already, and what is wrong with the rest.
 * May happen twice: clients send again what they got no answer for; (workspace, messageId) keeps one.
 * Order: messages of one call stand in the ledger in the order of the call.
 */
import {
  TrackBatch,
  type TrackMessageType,
  type TrackRejection,
  type TrackResponse,
} from '@growthos/contracts/http/track.ts';
import { toEpochS, type Clock } from '#base/clock.ts';
import { InvalidInputError, UnauthenticatedError } from '#base/errors.ts';
import type { InboxEvent } from '../inbox/inbox-event.ts';
import type { Inbox } from '../inbox/store.ts';
import { readMessage, type ReadMessage } from './read-message.ts';

export interface WriteKeyOwner {
  readonly workspaceId: string;
  readonly mode: 'live' | 'test';
  /** A server's key, which no visitor can read: what it says of an e-mail address counts. */
  readonly isSecret: boolean;
}

/** An address that a browser says is a user's, and what shall prove it. */
export interface EmailProof {
  readonly workspaceId: string;
  readonly userId: string;
  readonly email: string;
  readonly emailHash: string;
}

export interface TrackDeps {
  readonly inbox: Pick<Inbox, 'storeMany'>;
  readonly clock: Clock;
  /** Whose key it is (a write key, or an API key that may write); null for an unknown or revoked one. */
  findWriteKey(key: string): Promise<WriteKeyOwner | null>;
  isEmailProof(proof: EmailProof): Promise<boolean>;
}

export interface TrackInput {
  /** From the path: the kind of the one message, or a batch. */
  readonly kind: TrackMessageType | 'batch';
  /** From a header; the body's `writeKey` counts where there is none. */
  readonly writeKey: string | null;
  readonly body: unknown;
}

/** Rows that go to the ledger in one statement; the next ones wait for it, so that the order of a call is kept. */
const STORE_SIZE_MAX = 200;

/**
 * @throws UnauthenticatedError without a known write key; InvalidInputError for a single message that is wrong and for a
 *   batch that is none; UpstreamUnavailableError when the ledger cannot take it (send the same again).
 */
export async function receiveTracked(deps: TrackDeps, input: TrackInput): Promise<TrackResponse> {
  const { body } = input;
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new InvalidInputError('The body must be a JSON object.', { field: 'body' });
  }
  const owner = await findOwner(deps, {
    headerKey: input.writeKey,
    bodyKey: 'writeKey' in body ? body.writeKey : null,
  });
  const receivedAt = deps.clock.now();
  if (input.kind !== 'batch') {
    const read = readMessage(body, { type: input.kind, receivedAt, sentAt: null });
    if (!read.ok) throw new InvalidInputError(`${read.field}: ${read.message}`, { field: read.field });
    return store(deps, { owner, reads: [read] });
  }
  const batch = TrackBatch.safeParse(body);
  if (!batch.success) {
    const issue = batch.error.issues[0];
    const field = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.join('.');
    throw new InvalidInputError(`${field}: ${issue?.message}`, { field: field || 'body' });
  }
  const { batch: messages, sentAt = null } = batch.data;
  return store(deps, { owner, reads: messages.map((raw) => readMessage(raw, { type: null, receivedAt, sentAt })) });
}

async function findOwner(
  deps: TrackDeps,
  input: { headerKey: string | null; bodyKey: unknown },
): Promise<WriteKeyOwner> {
  const key = input.headerKey ?? input.bodyKey;
  if (typeof key !== 'string' || key === '') {
    throw new UnauthenticatedError(
      'The write key is missing. Send it as the user name of HTTP Basic authentication, as the header X-Write-Key, or as writeKey in the body.',
    );
  }
  const owner = key.length > 255 ? null : await deps.findWriteKey(key);
  if (!owner) throw new UnauthenticatedError('The write key is not known, or was revoked. Copy it from Settings.');
  return owner;
}

async function store(
  deps: TrackDeps,
  input: { owner: WriteKeyOwner; reads: readonly ReadMessage[] },
): Promise<TrackResponse> {
  const events: InboxEvent[] = [];
  const rejected: TrackRejection[] = [];
  for (const [index, given] of input.reads.entries()) {
    const read = await withProof(deps, { owner: input.owner, read: given });
    if (read.ok) events.push(toInboxEvent(input.owner, read));
    else rejected.push({ index, messageId: read.messageId, field: read.field, message: read.message });
  }
  let accepted = 0;
  for (let from = 0; from < events.length; from += STORE_SIZE_MAX) {
    const outcomes = await deps.inbox.storeMany(events.slice(from, from + STORE_SIZE_MAX));
    accepted += outcomes.filter((outcome) => outcome === 'accepted').length;
  }
  return { success: rejected.length === 0, accepted, duplicates: events.length - accepted, rejected };
}

/**
 * Anybody can read a write key in a page and say with it that any address is theirs. A hash that proves nothing is no
 * error: the message counts, its address as one that nobody proved.
 */
async function withProof(deps: TrackDeps, input: { owner: WriteKeyOwner; read: ReadMessage }): Promise<ReadMessage> {
  const { owner, read } = input;
  if (!read.ok || read.message.type !== 'identify') return read;
  const { userId, traits } = read.message;
  const { emailHash } = read;
  const email = traits['email'];
  const isEmailProven =
    owner.isSecret ||
    (emailHash !== null &&
      userId !== null &&
      typeof email === 'string' &&
      (await deps.isEmailProof({ workspaceId: owner.workspaceId, userId, email, emailHash })));
  return isEmailProven ? { ...read, message: { ...read.message, isEmailProven } } : read;
}

function toInboxEvent(owner: WriteKeyOwner, read: Extract<ReadMessage, { ok: true }>): InboxEvent {
  const { message, occurredAt } = read;
  return {
    workspaceId: owner.workspaceId,
    source: 'track',
    origin: owner.workspaceId,
    eventId: message.messageId,
    type: message.type,
    subject: message.userId ?? message.anonymousId ?? '',
    livemode: owner.mode === 'live',
    createdS: toEpochS(occurredAt),
    via: 'api',
    payload: JSON.stringify(message),
  };
}
