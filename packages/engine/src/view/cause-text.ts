import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { TimelineEntry } from '@growthos/contracts/http/timeline.ts';
import { many, type Queryable } from '#db/db.ts';
import { isUuid } from './cursor.ts';

/** Names of the people among the causes, in one question. */
export async function personNames(
  db: Queryable,
  causes: readonly (EventCause | null)[],
): Promise<ReadonlyMap<string, string>> {
  const ids = causes.flatMap((cause) => (cause?.kind === 'person' && cause.id && isUuid(cause.id) ? [cause.id] : []));
  if (ids.length === 0) return new Map();
  const rows = await many<{ id: string; name: string }>(db, {
    text: 'select id, name from person where id = any($1::uuid[])',
    values: [[...new Set(ids)]],
  });
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** Why something happened, in words, with the ids to look it up. */
export function causeText(cause: EventCause | null, people: ReadonlyMap<string, string>): TimelineEntry['cause'] {
  if (cause === null) return null;
  const type = cause.type ?? null;
  const stripeEventId = cause.kind === 'stripe_event' ? cause.id : null;
  const eventId = cause.kind === 'event' ? cause.id : null;
  return { text: words(cause, { type, people }), stripeEventId, eventId };
}

function words(cause: EventCause, input: { type: string | null; people: ReadonlyMap<string, string> }): string {
  switch (cause.kind) {
    case 'stripe_event':
      return input.type === null ? 'because Stripe said so' : `because Stripe sent ${input.type}`;
    case 'event':
      return input.type === null ? 'because of another event' : `because of ${input.type.replaceAll('_', ' ')}`;
    case 'backfill':
      return 'read from Stripe’s history';
    case 'reconcile':
      return 'found by comparing with Stripe';
    case 'time':
      return 'because its time had come';
    case 'person':
      return `by ${input.people.get(cause.id ?? '') ?? 'a member of the team'}`;
    case 'api':
      return input.type === null ? 'through the API' : `because your app sent ${input.type}`;
    default:
      return cause.kind satisfies never;
  }
}
