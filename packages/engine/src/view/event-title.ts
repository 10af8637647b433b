/**
 * Events of the bus in plain words, for somebody who never saw Stripe's documentation. Pure: one event in, one row out.
 * What an event of the app is called is the tenant's own choice, so its name is only tidied up.
 */
import type { TimelineKind } from '@growthos/contracts/http/timeline.ts';
import type { MoneyView, Tone } from '@growthos/contracts/http/money-view.ts';
import { sentenceCase } from './billing-words.ts';
import { BILLING_TITLES } from './billing-titles.ts';
import type { Viewer } from './date-text.ts';
import { ENGINE_TITLES } from './engine-titles.ts';
import { dataReader } from './event-data.ts';

export interface ToldEvent {
  readonly type: string;
  readonly source: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventTitle {
  readonly kind: TimelineKind;
  readonly tone: Tone;
  readonly title: string;
  readonly detail: string | null;
  readonly amount: MoneyView | null;
  readonly changes: readonly { label: string; old: string | null; new: string | null }[];
  readonly messageId: string | null;
}

/** What a title says, where it differs from the usual: neutral, without detail. */
export type TitleParts = Pick<EventTitle, 'title'> & Partial<EventTitle>;

export function eventTitle(event: ToldEvent, viewer: Viewer): EventTitle {
  const read = dataReader(event.data);
  const billing = BILLING_TITLES[event.type];
  if (billing) return complete('billing', billing(read, viewer));
  const engine = ENGINE_TITLES[event.type];
  if (engine) return complete(engine.kind, engine.say(read, viewer));
  return complete('product', productTitle(event));
}

function complete(kind: TimelineKind, parts: TitleParts): EventTitle {
  return { kind, tone: 'neutral', detail: null, amount: null, changes: [], messageId: null, ...parts };
}

/** True for what a page view looks like on the bus: `page`, `screen`. */
export function isPageView(event: Pick<ToldEvent, 'type' | 'source'>): boolean {
  return event.source === 'app' && (event.type === 'page' || event.type === 'screen');
}

function productTitle(event: ToldEvent): TitleParts {
  const read = dataReader(event.data);
  const properties = dataReader(read.object('properties') ?? event.data);
  if (isPageView(event)) {
    const page = read.text('name') ?? properties.text('title') ?? properties.text('path') ?? properties.text('url');
    return { title: page === null ? 'Viewed a page' : `Viewed ${page}` };
  }
  if (event.source === 'app' && event.type === 'identify') return { title: 'Your app said who this is' };
  if (event.source === 'app' && event.type === 'group') return { title: 'Your app said which company this is' };
  return { title: sentenceCase(event.type), detail: detailOf(properties) };
}

const DETAILS_MAX = 3;
const VALUE_LENGTH_MAX = 60;

/** The first few plain properties of a product event: "format: csv, rows: 120". */
function detailOf(properties: ReturnType<typeof dataReader>): string | null {
  const plain = properties
    .entries()
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, DETAILS_MAX)
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${String(value).slice(0, VALUE_LENGTH_MAX)}`);
  return plain.length === 0 ? null : plain.join(', ');
}
