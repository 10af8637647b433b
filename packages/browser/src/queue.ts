import type { KeyStore } from './env.ts';

/** A message as it waits and is sent: analytics.js shape. */
export interface Message {
  readonly messageId: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

const KEY = 'growthos_queue';
/** What a visitor offline can pile up; beyond it the oldest go. localStorage has 5 MB for the whole site. */
const ITEMS_MAX = 500;
const CHARS_MAX = 400_000;
/** Below the server's 500 KB and, as UTF-8 may take more bytes than characters, with room to spare. */
const BATCH_CHARS_MAX = 120_000;
const BATCH_ITEMS_MAX = 50;
/** sendBeacon and keepalive take 64 KB in all. */
const LEAVING_CHARS_MAX = 20_000;

/**
 * What is not confirmed yet, kept across pages and shared by the tabs of a site: each call reads and writes the store
 * afresh. Two tabs may send one message both; the server keeps one by its messageId.
 */
export interface Queue {
  add(message: Message): void;
  next(isLeaving: boolean): Message[];
  remove(messages: readonly Message[]): void;
  size(): number;
}

export function createQueue(store: KeyStore): Queue {
  const read = (): Message[] => {
    try {
      const list: unknown = JSON.parse(store.get(KEY) ?? '[]');
      return Array.isArray(list) ? list : [];
    } catch {
      return [];
    }
  };
  const write = (list: readonly Message[]): void => {
    if (list.length > 0) store.set(KEY, JSON.stringify(list));
    else store.remove(KEY);
  };
  return {
    add(message) {
      const list = [...read(), message].slice(-ITEMS_MAX);
      while (list.length > 1 && JSON.stringify(list).length > CHARS_MAX) list.shift();
      write(list);
    },
    next(isLeaving) {
      const batch: Message[] = [];
      let chars = 0;
      for (const message of read()) {
        chars += JSON.stringify(message).length;
        const charsMax = isLeaving ? LEAVING_CHARS_MAX : BATCH_CHARS_MAX;
        if (batch.length >= BATCH_ITEMS_MAX || (batch.length > 0 && chars > charsMax)) break;
        batch.push(message);
      }
      return batch;
    },
    remove(messages) {
      const gone = new Set(messages.map((message) => message.messageId));
      write(read().filter((message) => !gone.has(message.messageId)));
    },
    size: () => read().length,
  };
}
