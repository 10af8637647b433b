/** All that the client asks of the browser, so that a test can be one. */
export interface KeyStore {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

export interface PageView {
  readonly url: string;
  readonly referrer: string;
  readonly title: string;
}

export interface Env {
  readonly store: KeyStore;
  now(): number;
  newId(): string;
  /** 0 (inclusive) to 1: spreads retries. */
  random(): number;
  page(): PageView;
  /** HTTP status, or 0 where nobody answered. `isLeaving` lets it outlive the page; then the status is 0 too. */
  post(url: string, body: string, isLeaving: boolean): Promise<number>;
  after(ms: number, work: () => void): () => void;
  device(): { locale: string; timezone: string | undefined; userAgent: string };
  warn(text: string): void;
}

/** localStorage where the browser gives it (it may be blocked, full or absent), else memory for as long as the page lives. */
export function openStore(storage: () => Storage): KeyStore {
  const memory = new Map<string, string>();
  const attempt = <T>(work: (real: Storage) => T): T | undefined => {
    try {
      return work(storage());
    } catch {
      return undefined;
    }
  };
  return {
    get: (key) => memory.get(key) ?? attempt((real) => real.getItem(key)) ?? null,
    set(key, value) {
      const isKept = attempt((real) => {
        real.setItem(key, value);
        return true;
      });
      if (isKept) memory.delete(key);
      else memory.set(key, value);
    },
    remove(key) {
      memory.delete(key);
      attempt((real) => real.removeItem(key));
    },
  };
}

export function browserEnv(): Env {
  return {
    store: openStore(() => localStorage),
    now: () => Date.now(),
    random: () => Math.random(),
    newId,
    page: () => ({ url: location.href, referrer: document.referrer, title: document.title }),
    post,
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
    device: () => ({ locale: navigator.language, timezone: timezone(), userAgent: navigator.userAgent }),
    // oxlint-disable-next-line no-console -- for the developer of the page
    warn: (text) => console.warn(`growthos: ${text}`),
  };
}

function timezone(): string | undefined {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** `crypto.randomUUID` is there on secure pages only; the same from random bytes elsewhere. */
function newId(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** `text/plain` needs no preflight; the write key is in the body. */
async function post(url: string, body: string, isLeaving: boolean): Promise<number> {
  if (isLeaving && navigator.sendBeacon?.(url, body)) return 0;
  try {
    const reply = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain' },
      keepalive: isLeaving,
      credentials: 'omit',
    });
    return reply.status;
  } catch {
    return 0;
  }
}
