/**
 * The client in a page. In: calls in the shape of analytics.js. Out: messages in the queue, and from there to the server.
 * Before `load` calls are only kept in memory: nothing is stored and nothing leaves. A message may be sent twice; its
 * messageId keeps it single. Order: of the calls, within one browser.
 */
import type { Bag, GrowthOS, IdentifyOptions, LoadOptions } from './api.ts';
import type { Env } from './env.ts';
import { createIdentity, type Identity } from './identity.ts';
import { createQueue, type Message } from './queue.ts';
import { campaignOf, captureTouch, clean } from './touch.ts';
import { createTransport, type Transport } from './transport.ts';

export const VERSION = '0.1.0';
/** The server's limit for one message, bytes. Source: contracts, TRACK_LIMITS.messageBytesMax. */
const MESSAGE_BYTES_MAX = 32 * 1024;

export interface Client extends GrowthOS {
  /** The page goes away, or comes back. */
  leave(): void;
}

export interface ClientHooks {
  /** A user is known, with proof or without; null after `reset`. */
  readonly onUser: (user: { userId: string; userHash: string | null } | null) => void;
  readonly onLoad: (input: { writeKey: string; host: string; options: LoadOptions }) => void;
}

export function createClient(env: Env, input: { host: string; landingUrl: string; hooks: ClientHooks }): Client {
  const { hooks } = input;
  const identity = createIdentity(env);
  const queue = createQueue(env.store);
  let transport: Transport | undefined;
  /** Taken once per page: its address and referrer say where this visit came from, whatever is shown later. */
  let touch: Bag = {};
  const beforeLoad: (() => void)[] = [];
  const calls = callsFor(env, {
    identity,
    hooks,
    whenLoaded(work) {
      if (transport) work();
      else beforeLoad.push(work);
    },
    send(type, fields) {
      const ids = { userId: identity.userId(), anonymousId: identity.anonymousId() };
      const message = compose(env, { type, fields, ids, touch });
      if (!message) return env.warn(`a ${type} message is not JSON or above 32 KB; it is dropped`);
      queue.add(message);
      transport?.kick();
    },
  });
  return {
    ...calls,
    load(writeKey, options = {}) {
      if (transport) return;
      const host = (options.host ?? input.host).replace(/\/+$/, '');
      transport = createTransport(env, { queue, writeKey, url: `${host}/v1/batch` });
      touch = { ...captureTouch(env.store, { ...env.page(), url: input.landingUrl }, env.now()) };
      hooks.onLoad({ writeKey, host, options });
      for (const call of beforeLoad.splice(0)) call();
      if (queue.size() > 0) transport.kick();
    },
    flush: () => transport?.flush() ?? Promise.resolve(),
    // Before `load` there is no id yet: making one would store it without consent.
    user: () =>
      transport
        ? { userId: identity.userId(), anonymousId: identity.anonymousId() }
        : { userId: null, anonymousId: null },
    leave: () => transport?.leave(),
  };
}

interface CallContext {
  readonly identity: Identity;
  readonly hooks: ClientHooks;
  readonly whenLoaded: (work: () => void) => void;
  readonly send: (type: string, fields: Bag) => void;
}

function callsFor(
  env: Env,
  { identity, hooks, whenLoaded, send }: CallContext,
): Pick<GrowthOS, 'identify' | 'track' | 'page' | 'group' | 'alias' | 'reset'> {
  return {
    identify(first: string | Bag, traits: Bag = {}, options: IdentifyOptions = {}) {
      whenLoaded(() => {
        if (typeof first === 'string' && first !== '') {
          identity.setUserId(first);
          hooks.onUser({ userId: first, userHash: options.userHash ?? null });
        }
        const proof = options.emailHash === undefined ? {} : { emailHash: options.emailHash };
        send('identify', { traits: typeof first === 'string' ? traits : first, ...proof });
      });
    },
    track(event, properties = {}) {
      whenLoaded(() => send('track', { event: clean(event), properties }));
    },
    page(...args: readonly (string | Bag | undefined)[]) {
      const texts = args.filter((arg) => typeof arg === 'string');
      const bag = args.find((arg) => typeof arg === 'object') ?? {};
      const view = env.page();
      const category = texts.length > 1 ? { category: texts[0] } : {};
      const name = clean(texts.at(-1) ?? view.title) || undefined;
      whenLoaded(() => send('page', { ...category, name, properties: { ...pageOf(view), ...bag } }));
    },
    group(groupId, traits = {}) {
      whenLoaded(() => send('group', { groupId, traits }));
    },
    alias(userId, previousId) {
      whenLoaded(() => {
        const previous = previousId ?? identity.anonymousId();
        identity.setUserId(userId);
        send('alias', { previousId: previous });
      });
    },
    reset() {
      whenLoaded(() => {
        identity.reset();
        hooks.onUser(null);
      });
    },
  };
}

function pageOf(view: { url: string; referrer: string; title: string }): Bag {
  const { pathname = '', search = '' } = URL.canParse(view.url) ? new URL(view.url) : {};
  return {
    path: clean(pathname),
    search: clean(search),
    url: clean(view.url),
    referrer: clean(view.referrer),
    title: clean(view.title),
  };
}

/** Null where the fields cannot be written as JSON, or come to more than the server takes. */
function compose(
  env: Env,
  input: { type: string; fields: Bag; ids: { userId: string | null; anonymousId: string }; touch: Bag },
): Message | null {
  const view = env.page();
  const campaign = campaignOf(view.url);
  const message = {
    type: input.type,
    messageId: env.newId(),
    ...(input.ids.userId === null ? {} : { userId: input.ids.userId }),
    anonymousId: input.ids.anonymousId,
    ...input.fields,
    timestamp: new Date(env.now()).toISOString(),
    context: {
      library: { name: 'growthos.js', version: VERSION },
      page: pageOf(view),
      ...env.device(),
      ...(campaign ? { campaign } : {}),
      ...input.touch,
    },
  };
  try {
    const text = JSON.stringify(message);
    return new TextEncoder().encode(text).length > MESSAGE_BYTES_MAX ? null : (JSON.parse(text) as Message);
  } catch {
    return null;
  }
}
