import type { Env } from './env.ts';

const KEYS = { anonymous: 'growthos_anonymous_id', user: 'growthos_user_id' };

/** Who this browser is: an id of its own, and the user that it was told of. Both outlive the page. */
export interface Identity {
  anonymousId(): string;
  userId(): string | null;
  setUserId(id: string): void;
  reset(): void;
}

export function createIdentity(env: Env): Identity {
  return {
    anonymousId() {
      const known = env.store.get(KEYS.anonymous);
      if (known) return known;
      const id = env.newId();
      env.store.set(KEYS.anonymous, id);
      return id;
    },
    userId: () => env.store.get(KEYS.user),
    /** Another person on the same browser gets another anonymous id, so that two people are never joined by it. */
    setUserId(id) {
      const before = env.store.get(KEYS.user);
      if (before !== null && before !== id) env.store.remove(KEYS.anonymous);
      env.store.set(KEYS.user, id);
    },
    reset() {
      env.store.remove(KEYS.user);
      env.store.remove(KEYS.anonymous);
    },
  };
}
