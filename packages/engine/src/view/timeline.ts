/**
 * What happened to one person and what will. In: a contact, kinds, a place in the past. Out: rows in plain words, newest
 * first, page views and other repeats as one row; and on the first page what is due. Read along the log's own index.
 */
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { ENGINE_EVENTS } from '@growthos/contracts/events/engine.ts';
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import {
  TIMELINE_KINDS,
  type Timeline,
  type TimelineEntry,
  type TimelineKind,
  type TimelineQuery,
} from '@growthos/contracts/http/timeline.ts';
import type { Clock } from '#base/clock.ts';
import { InvalidInputError } from '#base/errors.ts';
import { many, type Db, type Queryable } from '#db/db.ts';
import { join, type Sql, sql } from '#db/sql.ts';
import { causeText, personNames } from './cause-text.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Viewer } from './date-text.ts';
import { ENGINE_TITLES, isQuietUpdate, mergeChanges } from './engine-titles.ts';
import { eventTitle, isPageView } from './event-title.ts';
import { loadContact } from './load-contact.ts';
import { sourceWords } from './source-words.ts';
import { upcomingOf } from './upcoming.ts';
import { viewerOf } from './viewer.ts';

/** Events read for each row of a page, so that groups come out whole; what a page does not use, the next one reads. */
const EVENTS_PER_ROW = 4;
/** Repeats of one thing are one row as long as they lie within this of its newest. */
const GROUP_MS = 24 * 3_600_000;

export interface TimelineEventRow {
  position: bigint;
  id: string;
  type: string;
  source: string;
  time: Date;
  data: Record<string, unknown>;
  cause: EventCause | null;
}

export async function timeline(
  deps: { db: Db; clock: Clock },
  input: TimelineQuery & { workspaceId: string; contactId: string },
): Promise<Timeline> {
  const { db } = deps;
  const viewer = await viewerOf(deps, input);
  const contact = await loadContact(db, input);
  const kinds = parseKinds(input.kinds);
  const eventsMax = input.limit * EVENTS_PER_ROW;
  const events = await readEvents(db, { contactId: contact.id, kinds, cursor: input.cursor, limit: eventsMax + 1 });
  const groups = groupEvents(events.slice(0, eventsMax), viewer);
  const page = groups.slice(0, input.limit);
  const last = page.at(-1)?.at(-1);
  const hasMore = groups.length > input.limit || events.length > eventsMax;
  const people = await personNames(
    db,
    events.map((event) => event.cause),
  );
  return {
    upcoming:
      input.cursor === undefined ? await upcomingOf(db, { workspaceId: input.workspaceId, contact, viewer }) : [],
    entries: page.map((group) => toEntry(group, { viewer, people })).filter((entry) => entry !== null),
    nextCursor: hasMore && last ? encodeCursor([last.time.toISOString(), String(last.position)]) : null,
  };
}

function parseKinds(text: string | undefined): ReadonlySet<TimelineKind> | null {
  if (text === undefined || text === '') return null;
  const kinds = text.split(',').map((name) => name.trim());
  const unknown = kinds.find((name) => !TIMELINE_KINDS.some((kind) => kind === name));
  if (unknown !== undefined) {
    throw new InvalidInputError(`kinds: "${unknown}" is none of ${TIMELINE_KINDS.join(', ')}.`, { field: 'kinds' });
  }
  return new Set(TIMELINE_KINDS.filter((kind) => kinds.includes(kind)));
}

/** Told by what follows them: the request by what became of it, the goal by the exit, who somebody is by what changed. */
const UNTOLD_TYPES = ['message_requested', 'sequence_goal_met', 'identify'];

async function readEvents(
  db: Queryable,
  input: { contactId: string; kinds: ReadonlySet<TimelineKind> | null; cursor: string | undefined; limit: number },
): Promise<TimelineEventRow[]> {
  const where = [sql`contact_id = ${input.contactId}`, sql`type <> all(${UNTOLD_TYPES}::text[])`];
  if (input.kinds !== null) where.push(ofKinds(input.kinds));
  if (input.cursor !== undefined) {
    const [time, position] = decodeCursor(input.cursor, 2);
    where.push(sql`(time, position) < (${String(time)}::timestamptz, ${String(position)}::bigint)`);
  }
  return many<TimelineEventRow>(
    db,
    sql`select position, id, type, source, time, data, cause from bus_event where ${join(where, ' and ')}
        order by time desc, position desc limit ${input.limit}`,
  );
}

function ofKinds(kinds: ReadonlySet<TimelineKind>): Sql {
  const types = [...Object.keys(BILLING_EVENTS), ...Object.keys(ENGINE_EVENTS)].filter((type) => {
    if (type === 'customer_linked') return kinds.has('identity');
    return kinds.has(ENGINE_TITLES[type]?.kind ?? 'billing');
  });
  return kinds.has('product')
    ? sql`(source = 'app' or type = any(${types}::text[]))`
    : sql`type = any(${types}::text[])`;
}

/** Runs of the same product event, newest first. Everything else is a group of one; updates of no interest are left out. */
function groupEvents(events: readonly TimelineEventRow[], viewer: Viewer): TimelineEventRow[][] {
  const groups: TimelineEventRow[][] = [];
  for (const event of events) {
    if (isQuietUpdate(event)) continue;
    const group = groups.at(-1);
    const newest = group?.[0];
    if (group && newest && isRepeat(newest, event, viewer)) group.push(event);
    else groups.push([event]);
  }
  return groups;
}

function isRepeat(newest: TimelineEventRow, event: TimelineEventRow, viewer: Viewer): boolean {
  if (newest.source !== event.source || newest.time.getTime() - event.time.getTime() > GROUP_MS) return false;
  if (isPageView(newest)) return isPageView(event);
  if (isReadUpdate(newest)) return isReadUpdate(event);
  return newest.type === event.type && eventTitle(event, viewer).kind === 'product';
}

/** A change that reading Stripe's history brought: page after page of it makes one row. */
function isReadUpdate(event: TimelineEventRow): boolean {
  return event.type === 'contact_updated' && event.cause?.kind === 'backfill' && event.data['is_new'] !== true;
}

function toEntry(
  group: readonly TimelineEventRow[],
  context: { viewer: Viewer; people: ReadonlyMap<string, string> },
): TimelineEntry | null {
  const [newest] = group;
  const oldest = group.at(-1);
  if (!newest || !oldest) return null;
  const isGroup = group.length > 1;
  const told = eventTitle(isGroup && isReadUpdate(newest) ? asOne(newest, group) : newest, context.viewer);
  const isOwnCause = told.kind === 'product' && newest.cause?.kind === 'api';
  return {
    ...told,
    id: newest.id,
    at: newest.time.toISOString(),
    since: isGroup ? oldest.time.toISOString() : null,
    title: isGroup ? groupTitle(newest, { count: group.length, title: told.title }) : told.title,
    detail: isGroup ? groupDetail(group, context.viewer) : told.detail,
    changes: [...told.changes],
    source: sourceWords(newest.source),
    // That the app sent it is what its source says already.
    cause: isOwnCause ? null : causeText(newest.cause, context.people),
    eventIds: group.map((event) => event.id),
    type: newest.type,
  };
}

function asOne(newest: TimelineEventRow, group: readonly TimelineEventRow[]): TimelineEventRow {
  const oldestFirst = group.map((event) => event.data).toReversed();
  return { ...newest, data: { is_new: false, changes: mergeChanges(oldestFirst) } };
}

function groupTitle(newest: TimelineEventRow, input: { count: number; title: string }): string {
  if (isReadUpdate(newest)) return input.title;
  return isPageView(newest) ? `${input.count} page views` : `${input.title}, ${input.count} times`;
}

const PAGES_MAX = 3;

/** Which pages, the newest three: "Pricing, Settings, Billing". */
function groupDetail(group: readonly TimelineEventRow[], viewer: Viewer): string | null {
  const [newest] = group;
  if (!newest || !isPageView(newest)) return null;
  const pages = [...new Set(group.map((event) => eventTitle(event, viewer).title.replace(/^Viewed /, '')))];
  const named = pages.filter((page) => page !== 'a page').slice(0, PAGES_MAX);
  return named.length === 0 ? null : named.join(', ');
}
