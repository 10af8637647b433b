/** Where somebody came from: read from the context of product events (analytics.js shape). Pure. */
import { parseInstant } from '#base/clock.ts';
import { isRecord } from '#base/is-record.ts';

export interface Touch {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly source: string | null;
  readonly medium: string | null;
  readonly campaign: string | null;
  readonly term: string | null;
  readonly content: string | null;
  readonly referrer: string | null;
  readonly landing_page: string | null;
  /** Where it is no visit that we saw, but what the seller wrote into Stripe's metadata. */
  readonly origin?: 'stripe_metadata';
}

interface Told {
  readonly timestamp: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly type: string;
}

/**
 * The touch that a message shows, or null where it shows none. The SDK sends the first touch of the browser as
 * `context.firstTouch`, so that it is known although the first page view was never sent.
 */
export function touchOf(message: Told): Touch | null {
  const first = message.context['firstTouch'];
  return isRecord(first) ? readTouch(first, message.timestamp) : pageTouch(message);
}

/**
 * The visit that a message belongs to: what the SDK sends as `context.lastTouch`, else what the message shows by itself.
 * A page that was reached from another page of the same site is no visit of its own.
 */
export function visitOf(message: Told): Touch | null {
  const last = message.context['lastTouch'];
  if (isRecord(last)) return readTouch(last, message.timestamp);
  const touch = pageTouch(message);
  if (touch === null) return touchOf(message);
  const site = domainOf(touch.landing_page);
  const isWithin = touch.source === null && site !== null && site === domainOf(touch.referrer);
  return isWithin ? null : touch;
}

function pageTouch(message: Told): Touch | null {
  const campaign = message.context['campaign'];
  const page = message.context['page'];
  if (!isRecord(campaign) && !(message.type === 'page' && isRecord(page))) return null;
  const of = isRecord(page) ? page : {};
  return {
    at: message.timestamp,
    ...campaignOf(isRecord(campaign) ? campaign : {}),
    referrer: text(of['referrer']),
    landing_page: text(of['url']) ?? text(of['path']),
  };
}

function readTouch(first: Readonly<Record<string, unknown>>, fallbackAt: string): Touch {
  const campaign = isRecord(first['campaign']) ? first['campaign'] : first;
  return {
    at: instantText(first['at']) ?? instantText(first['timestamp']) ?? fallbackAt,
    ...campaignOf(campaign),
    referrer: text(first['referrer']),
    landing_page: text(first['landingPage']) ?? text(first['url']),
  };
}

/** As one form, so that times can be compared as text. */
function instantText(value: unknown): string | null {
  const said = text(value);
  return said === null ? null : (parseInstant(said)?.toISOString() ?? null);
}

function campaignOf(campaign: Readonly<Record<string, unknown>>) {
  return {
    source: text(campaign['source']),
    medium: text(campaign['medium']),
    campaign: text(campaign['name']) ?? text(campaign['campaign']),
    term: text(campaign['term']),
    content: text(campaign['content']),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 500) : null;
}

/** Domain of a referrer or a page, without `www.`; null for none and for what is no address. */
export function domainOf(referrer: string | null): string | null {
  if (referrer === null) return null;
  try {
    return new URL(referrer).hostname.replace(/^www\./, '') || null;
  } catch {
    return null;
  }
}

/** A touch as it was stored, or null for what is none. */
export function readStoredTouch(stored: Readonly<Record<string, unknown>> | null): Touch | null {
  const at = text(stored?.['at']);
  if (stored === null || at === null) return null;
  return {
    at,
    ...campaignOf(stored),
    referrer: text(stored['referrer']),
    landing_page: text(stored['landing_page']),
  };
}
