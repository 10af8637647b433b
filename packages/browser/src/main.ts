/** What the built script does when it runs: puts the real client in the place of the snippet's array. */
import type { Bag, GrowthOS, LoadOptions } from './api.ts';
import { createClient, type Client } from './client.ts';
import { browserEnv } from './env.ts';
import { createInbox, type Inbox } from './inbox.ts';

/** The snippet's array: recorded calls, what `load` was called with, and the page's address then: it may have changed since. */
type Stub = unknown[] & { key?: string; options?: LoadOptions; url?: string };

const me = document.currentScript;
const source = me instanceof HTMLScriptElement ? me : null;
const scriptUrl = source?.src ?? location.href;

function start(landingUrl: string): GrowthOS {
  const env = browserEnv();
  let inbox: Inbox | undefined;
  const client: Client = createClient(env, {
    host: new URL(scriptUrl).origin,
    landingUrl,
    hooks: {
      onLoad({ writeKey, host, options }) {
        if (options.inApp === false) return;
        inbox = createInbox({
          host,
          writeKey,
          labels: options.labels ?? {},
          theme: options.theme ?? 'auto',
          nonce: options.nonce ?? source?.nonce ?? '',
          confettiUrl: new URL('growthos-confetti.js', scriptUrl).href,
        });
      },
      onUser: (user) => inbox?.setUser(user?.userHash ? { userId: user.userId, userHash: user.userHash } : null),
    },
  });
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') client.leave();
    else void client.flush();
  };
  document.addEventListener('visibilitychange', onVisibility);
  addEventListener('pagehide', () => client.leave());
  addEventListener('online', () => void client.flush());
  return client;
}

/** Replays what the snippet recorded; it waits in the client until `load`, which may come much later, with consent. */
function takeOver(): void {
  const holder = globalThis as unknown as { growthos?: Stub | GrowthOS };
  const stub = holder.growthos;
  if (stub && !Array.isArray(stub)) return;
  const client = start((Array.isArray(stub) && stub.url) || location.href);
  holder.growthos = client;
  if (!stub) return;
  for (const call of stub) {
    if (!Array.isArray(call)) continue;
    const [name, ...args] = call as [keyof GrowthOS, ...unknown[]];
    const method = client[name] as ((...given: unknown[]) => void) | undefined;
    if (typeof method === 'function') method(...args);
  }
  if (stub.key !== undefined) client.load(stub.key, stub.options);
}

takeOver();

export type { Bag, GrowthOS, LoadOptions };
