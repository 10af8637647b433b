/**
 * Nudges, to the browser. In: rows of `message` with channel `in_app` and status `ready`, whoever made them; and browsers
 * that prove which user they speak for. Out: the whole list of what may be shown, at once and whenever it changes; what
 * became of each, as `message_seen` on the bus. May happen twice: a list. Told once: each outcome of a message.
 *
 * | status    | is moved by                    | to                              |
 * |-----------|--------------------------------|---------------------------------|
 * | ready     | the first outcome of any kind  | sent (and shown)                |
 * | sent      | clicked or dismissed           | sent, ended: never listed again |
 * | withdrawn | nobody here                    | it leaves the open pages itself |
 */
import type {
  InAppMessages,
  InAppOutcomeRequest,
  InAppOutcomeResponse,
  InAppSession,
  InAppSessionRequest,
} from '@growthos/contracts/http/in-app.ts';
import { toEpochS, type Clock } from '#base/clock.ts';
import { ForbiddenError, RateLimitedError, UnauthenticatedError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Publisher } from '#bus/index.ts';
import type { Db } from '#db/db.ts';
import { isUserHash, readIdentitySecret, type SecretSealer } from './identity-secret.ts';
import { listMessages, type Listed } from './list-messages.ts';
import { recordOutcome } from './record-outcome.ts';
import { isTokenOf, readToken, signToken, type TokenClaim } from './token.ts';

/** NOTIFY channel of the trigger on `message`; the payload is the contact's id. */
export const IN_APP_CHANNEL = 'growthos_in_app';

const TOKEN_LIFE_S = 10 * 60;
/** Streams that one process holds, and of one user. */
const STREAMS_MAX = 20_000;
const STREAMS_PER_USER_MAX = 10;

export interface InAppDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly secretBox: SecretSealer;
  findWriteKey(key: string): Promise<{ workspaceId: string } | null>;
}

export interface InAppStream {
  /** Looks whether time alone has changed the list; cheap when it has not. True: the token has expired, end it. */
  tick(): Promise<boolean>;
  close(): void;
}

export interface InApp {
  /** @throws UnauthenticatedError for an unknown write key, ForbiddenError for a hash that does not prove the user. */
  openSession(input: InAppSessionRequest): Promise<InAppSession>;
  /** @throws UnauthenticatedError for a token that is wrong or has expired: open a session again. */
  listMessages(input: { token: string }): Promise<InAppMessages>;
  /** Calls `onMessages` with the list at once and after every change, until closed. @throws as above; RateLimitedError. */
  openStream(input: { token: string; onMessages: (list: InAppMessages) => void }): Promise<InAppStream>;
  recordOutcome(input: InAppOutcomeRequest): Promise<InAppOutcomeResponse>;
  close(): Promise<void>;
}

interface OpenStream {
  readonly claim: TokenClaim;
  readonly onMessages: (list: InAppMessages) => void;
  contactId: string | null;
  nextChangeAt: Date | null;
  lastSent: string;
  isClosed: boolean;
  running: Promise<void> | undefined;
  isAskedAgain: boolean;
}

export async function openInApp(deps: InAppDeps): Promise<InApp> {
  const streams = new Set<OpenStream>();
  const stopListening = await deps.db.listen(IN_APP_CHANNEL, (contactId) => {
    for (const stream of streams) {
      // An empty payload: the connection was lost meanwhile, so anybody's list may have changed.
      const isMeant = contactId === '' || stream.contactId === null || stream.contactId === contactId;
      if (isMeant) void refresh(deps, stream);
    }
  });
  return {
    async openSession({ writeKey, userId, userHash }) {
      const owner = await deps.findWriteKey(writeKey);
      if (!owner) throw new UnauthenticatedError('The write key is not known, or was revoked. Copy it from Settings.');
      const secret = await readIdentitySecret(deps, owner);
      if (!isUserHash({ secret, userId, userHash })) {
        throw new ForbiddenError(
          'userHash does not prove this user: it must be HMAC-SHA256(userId, identity secret) in hex, computed on your server.',
        );
      }
      const now = deps.clock.now();
      const claim = { workspaceId: owner.workspaceId, userId, expiresS: toEpochS(now) + TOKEN_LIFE_S };
      const { messages } = await listMessages(deps.db, { ...claim, now });
      return { token: signToken(secret, claim), expiresInS: TOKEN_LIFE_S, messages };
    },
    async listMessages({ token }) {
      const claim = await prove(deps, token);
      const { messages } = await listMessages(deps.db, { ...claim, now: deps.clock.now() });
      return { messages };
    },
    openStream: (input) => openStream(deps, { streams, ...input }),
    async recordOutcome({ token, messageId, outcome }) {
      const { workspaceId, userId } = await prove(deps, token);
      return { recorded: await recordOutcome(deps, { workspaceId, userId, messageId, outcome }) };
    },
    async close() {
      streams.clear();
      await stopListening();
    },
  };
}

async function openStream(
  deps: InAppDeps,
  input: { streams: Set<OpenStream>; token: string; onMessages: (list: InAppMessages) => void },
): Promise<InAppStream> {
  const { streams, onMessages } = input;
  const claim = await prove(deps, input.token);
  refuseTooMany(streams, claim);
  const stream: OpenStream = {
    claim,
    onMessages,
    contactId: null,
    nextChangeAt: null,
    lastSent: '',
    isClosed: false,
    running: undefined,
    isAskedAgain: false,
  };
  streams.add(stream);
  await refresh(deps, stream);
  return {
    async tick() {
      const now = deps.clock.now();
      if (stream.nextChangeAt !== null && stream.nextChangeAt <= now) await refresh(deps, stream);
      return toEpochS(now) >= claim.expiresS;
    },
    close() {
      stream.isClosed = true;
      streams.delete(stream);
    },
  };
}

async function prove(deps: InAppDeps, token: string): Promise<TokenClaim> {
  const claim = readToken(token);
  const secret = claim ? await readKnownSecret(deps, claim.workspaceId) : null;
  if (!claim || secret === null || !isTokenOf(secret, { token, claim, now: deps.clock.now() })) {
    throw new UnauthenticatedError('The token is wrong or has expired. Open a session again.');
  }
  return claim;
}

/** Not `readIdentitySecret`: a made-up workspace must not be given a secret. */
async function readKnownSecret(deps: InAppDeps, workspaceId: string): Promise<string | null> {
  const row = await deps.db.query<{ sealed: string }>({
    name: 'in_app_secret_find',
    text: 'select sealed_secret as sealed from in_app_secret where workspace_id = $1',
    values: [workspaceId],
  });
  const sealed = row.rows[0]?.sealed;
  return sealed === undefined ? null : deps.secretBox.open(sealed);
}

function refuseTooMany(streams: ReadonlySet<OpenStream>, claim: TokenClaim): void {
  let ofUser = 0;
  for (const { claim: other } of streams) {
    if (other.userId === claim.userId && other.workspaceId === claim.workspaceId) ofUser += 1;
  }
  if (streams.size >= STREAMS_MAX || ofUser >= STREAMS_PER_USER_MAX) {
    throw new RateLimitedError('There are too many open streams. Poll /in-app/messages instead.', {
      retryAfterMs: 30_000,
    });
  }
}

/** Never two at once for one stream: a change that comes while one runs is looked at right after it. Never rejects. */
function refresh(deps: InAppDeps, stream: OpenStream): Promise<void> {
  stream.isAskedAgain = true;
  stream.running ??= (async () => {
    while (stream.isAskedAgain && !stream.isClosed) {
      stream.isAskedAgain = false;
      try {
        deliver(stream, await listMessages(deps.db, { ...stream.claim, now: deps.clock.now() }));
      } catch (error) {
        deps.log.warn({ err: error }, 'an in-app stream could not be brought up to date');
      }
    }
    stream.running = undefined;
  })();
  return stream.running;
}

function deliver(stream: OpenStream, listed: Listed): void {
  stream.contactId = listed.contactId;
  stream.nextChangeAt = listed.nextChangeAt;
  const text = JSON.stringify(listed.messages);
  if (text === stream.lastSent || stream.isClosed) return;
  stream.lastSent = text;
  stream.onMessages({ messages: listed.messages });
}
