import type { KeyStore, PageView } from './env.ts';

/** Where a visit came from. Sent as `context.firstTouch` and `context.lastTouch` with every message. */
export interface Touch {
  /** ISO 8601. */
  readonly at: string;
  readonly landingPage: string;
  /** Empty for a direct visit. */
  readonly referrer: string;
  /** utm_*: source, medium, name (utm_campaign), term, content. */
  readonly campaign: Readonly<Record<string, string>> | null;
}

const KEYS = { first: 'growthos_first_touch', last: 'growthos_last_touch' };
const UTM = {
  utm_source: 'source',
  utm_medium: 'medium',
  utm_campaign: 'name',
  utm_term: 'term',
  utm_content: 'content',
};
const LENGTH_MAX = 500;

export function campaignOf(url: string): Record<string, string> | null {
  const campaign: Record<string, string> = {};
  const query = parseUrl(url)?.searchParams;
  for (const [parameter, name] of Object.entries(UTM)) {
    const value = query?.get(parameter);
    if (value) campaign[name] = clean(value);
  }
  return Object.keys(campaign).length > 0 ? campaign : null;
}

/**
 * Remembers the first visit for ever, and the last one that came from somewhere: with a campaign, or from another site.
 * Returns both as they stand now.
 */
export function captureTouch(store: KeyStore, page: PageView, now: number): { firstTouch: Touch; lastTouch: Touch } {
  const campaign = campaignOf(page.url);
  const host = parseUrl(page.referrer)?.host;
  const isFromElsewhere = host !== undefined && host !== parseUrl(page.url)?.host;
  const current: Touch = {
    at: new Date(now).toISOString(),
    landingPage: clean(page.url),
    referrer: isFromElsewhere ? clean(page.referrer) : '',
    campaign,
  };
  const firstTouch = read(store, KEYS.first) ?? current;
  store.set(KEYS.first, JSON.stringify(firstTouch));
  const lastTouch = (campaign === null && !isFromElsewhere ? read(store, KEYS.last) : null) ?? current;
  store.set(KEYS.last, JSON.stringify(lastTouch));
  return { firstTouch, lastTouch };
}

function read(store: KeyStore, key: string): Touch | null {
  try {
    return JSON.parse(store.get(key) ?? 'null') as Touch | null;
  } catch {
    return null;
  }
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** Without control characters, which the server refuses, and of bounded length. */
export function clean(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '').slice(0, LENGTH_MAX);
}
