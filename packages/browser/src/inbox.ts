/**
 * Nudges in a page. In: a user with proof. Out: what the server says may be shown now, on the page; and what became of it,
 * back to the server. The server sends the whole list each time, so a nudge that stopped being true goes away by itself.
 *
 * | state   | what runs                                    | left when                                    |
 * |---------|----------------------------------------------|----------------------------------------------|
 * | off     | nothing                                      | a user with proof is set and the page is seen |
 * | leading | the one stream of this browser               | page hidden, user gone                        |
 * | heeding | a channel: another tab of this site leads    | page hidden, user gone, or the leader gone    |
 * | polling | a request now and then: streams do not work  | page hidden, user gone                        |
 */
import type {
  InAppMessage,
  InAppMessages,
  InAppOutcomeResponse,
  InAppSession,
} from '@growthos/contracts/http/in-app.ts';
import { Stage, type StageInput } from './stage.ts';

export interface InboxUser {
  readonly userId: string;
  readonly userHash: string;
}

export interface Inbox {
  setUser(user: InboxUser | null): void;
}

export interface InboxInput extends StageInput {
  readonly host: string;
  readonly writeKey: string;
}

const POLL_MS = 30_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** Streams that break without having brought anything, one after the other, before polling takes over. */
const STREAM_FAILURES_MAX = 3;
/** The token is renewed before it expires. */
const RENEW_EARLY_S = 30;

export function createInbox(input: InboxInput): Inbox {
  const stage = new Stage(input);
  let user: InboxUser | null = null;
  let stop: (() => void) | undefined;
  const restart = (): void => {
    stop?.();
    stop = user && document.visibilityState !== 'hidden' ? connect(input, { stage, user }) : undefined;
  };
  document.addEventListener('visibilitychange', restart);
  return {
    setUser(next) {
      if (next?.userId === user?.userId && next?.userHash === user?.userHash) return;
      if (next?.userId !== user?.userId) stage.clear();
      user = next;
      restart();
    },
  };
}

interface Connection {
  readonly host: string;
  /** Names the lock and the channel that the tabs of one user share. */
  readonly name: string;
  readonly signal: AbortSignal;
  openSession(): Promise<InAppSession | null>;
  tell(messages: readonly InAppMessage[]): void;
}

/** Runs until the returned function is called. What is on the page stays there. */
function connect(input: InboxInput, on: { stage: Stage; user: InboxUser }): () => void {
  const { stage, user } = on;
  const ended = new AbortController();
  const { signal } = ended;
  const name = `growthos_${user.userId}`;
  let token = '';
  const show = (messages: readonly InAppMessage[]): void => {
    if (!signal.aborted) stage.show(messages);
  };
  const channel = openChannel(name, (data) => {
    // Without a token of its own this tab could not report; its session brings the list as well.
    if (data.messages && token !== '') show(data.messages);
    if (data.gone) stage.drop(data.gone);
  });
  signal.addEventListener('abort', () => channel?.close());
  stage.setReport(async (messageId, outcome) => {
    if (outcome !== 'shown' && !signal.aborted) channel?.postMessage({ gone: messageId });
    const answer = await ask<InAppOutcomeResponse>(`${input.host}/in-app/outcome`, {
      body: { token, messageId, outcome },
    });
    return answer?.recorded ?? false;
  });
  void keepListening({
    host: input.host,
    name,
    signal,
    async openSession() {
      const body = { writeKey: input.writeKey, ...user };
      const session = await ask<InAppSession>(`${input.host}/in-app/session`, { body, signal });
      if (session) {
        token = session.token;
        show(session.messages);
      }
      return session;
    },
    tell(messages) {
      show(messages);
      if (!signal.aborted) channel?.postMessage({ messages });
    },
  });
  return () => ended.abort();
}

async function keepListening(connection: Connection): Promise<void> {
  const { signal } = connection;
  let failures = 0;
  let streamFailures = 0;
  while (!signal.aborted) {
    const session = await connection.openSession();
    if (!session) failures += 1;
    else {
      failures = 0;
      const use = { token: session.token, forMs: Math.max(5, session.expiresInS - RENEW_EARLY_S) * 1000 };
      if (!('EventSource' in window) || streamFailures >= STREAM_FAILURES_MAX) await poll(connection, use);
      else if (await inTurn(connection, use)) streamFailures = 0;
      else streamFailures += 1;
    }
    const backOff = failures + streamFailures > 0 ? RETRY_FIRST_MS * 2 ** (failures + streamFailures - 1) : 0;
    // Spread, so that a restarted server is not asked by everybody at once.
    await pause(Math.min(RETRY_MAX_MS, backOff) + Math.random() * RETRY_FIRST_MS, signal);
  }
}

interface TokenUse {
  readonly token: string;
  /** How long the token may be used. */
  readonly forMs: number;
}

/** One tab of a site at a time, where the browser has locks; the others wait here and hear the leader by channel. */
async function inTurn(connection: Connection, use: TokenUse): Promise<boolean> {
  if (!navigator.locks) return stream(connection, use);
  const waiting = new AbortController();
  const giveUp = (): void => waiting.abort();
  connection.signal.addEventListener('abort', giveUp);
  const timer = setTimeout(giveUp, use.forMs);
  try {
    return await navigator.locks.request(connection.name, { signal: waiting.signal }, () => stream(connection, use));
  } catch {
    return true;
  } finally {
    clearTimeout(timer);
    connection.signal.removeEventListener('abort', giveUp);
  }
}

/** Holds the stream until the token is about to expire, the stream breaks or the page goes. Whether it brought anything. */
function stream(connection: Connection, use: TokenUse): Promise<boolean> {
  const { signal } = connection;
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(true);
    const source = new EventSource(`${connection.host}/in-app/stream?token=${encodeURIComponent(use.token)}`);
    let hasBrought = false;
    const end = (): void => {
      clearTimeout(timer);
      source.close();
      signal.removeEventListener('abort', end);
      resolve(hasBrought);
    };
    const timer = setTimeout(end, use.forMs);
    signal.addEventListener('abort', end);
    source.addEventListener('messages', (event: MessageEvent<string>) => {
      hasBrought = true;
      connection.tell((JSON.parse(event.data) as InAppMessages).messages);
    });
    source.addEventListener('error', end);
  });
}

/** Where streams do not come through: asks now and then for as long as the token holds. */
async function poll(connection: Connection, use: TokenUse): Promise<void> {
  const url = `${connection.host}/in-app/messages?token=${encodeURIComponent(use.token)}`;
  for (let leftMs = use.forMs; leftMs > 0 && !connection.signal.aborted; leftMs -= POLL_MS) {
    await pause(Math.min(POLL_MS, leftMs), connection.signal);
    const answer = await ask<InAppMessages>(url, { signal: connection.signal });
    if (!answer) return;
    connection.tell(answer.messages);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

interface Heard {
  readonly messages?: readonly InAppMessage[];
  readonly gone?: string;
}

function openChannel(name: string, onData: (data: Heard) => void): BroadcastChannel | undefined {
  if (!('BroadcastChannel' in window)) return undefined;
  const channel = new BroadcastChannel(name);
  channel.addEventListener('message', (event: MessageEvent<Heard>) => onData(event.data));
  return channel;
}

/** Null for every answer but a good one: the caller asks again later. A body makes it a POST. */
async function ask<T>(url: string, input: { body?: unknown; signal?: AbortSignal }): Promise<T | null> {
  const { body, signal } = input;
  try {
    const reply = await fetch(url, {
      ...(body ? { method: 'POST', body: JSON.stringify(body), keepalive: true } : {}),
      ...(body ? { headers: { 'content-type': 'text/plain' } } : {}),
      ...(signal ? { signal } : {}),
      credentials: 'omit',
    });
    return reply.ok ? ((await reply.json()) as T) : null;
  } catch {
    return null;
  }
}
