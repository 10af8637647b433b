import { parseInstant, toEpochS } from '#base/clock.ts';
import { InvalidInputError } from '#base/errors.ts';
import { isRecord } from '#base/is-record.ts';
import type { InboxEvent } from '../inbox/inbox-event.ts';
import { jsonShape, VALUE } from './pick-json.ts';

/** What ingest itself needs to know of an event; everything else is for later stages. */
export interface EventEnvelope {
  readonly id: string;
  readonly type: string;
  /** Epoch seconds. */
  readonly createdS: number;
  readonly livemode: boolean;
  /** The connected account that it is about; null for the endpoint's own account. */
  readonly account: string | null;
  /** The customer it concerns, else the object: what must be applied in turn. */
  readonly subject: string;
}

/** Longer ones are none of Stripe's; an index row holds 2,704 bytes at most. */
const NAME_LENGTH_MAX = 255;

/** The last second of the year 9999, as far as dates are written with four digits. */
const EPOCH_S_MAX = 253_402_300_799;

/**
 * Reads the envelope of a Stripe event: snapshot events of any API version and thin ones (`v2.core.event`).
 * Unknown types and unknown objects are fine.
 * @throws InvalidInputError where it is no event.
 */
export function readEventEnvelope(event: unknown): EventEnvelope {
  if (!isRecord(event)) throw new InvalidInputError('The body is no JSON object.');
  const createdS = readTime(event['created']);
  const id = readName(event['id']);
  const type = readName(event['type']);
  if (id === null) throw new InvalidInputError('The event has no id.', { field: 'id' });
  if (type === null) throw new InvalidInputError('The event has no type.', { field: 'type' });
  if (createdS === null) throw new InvalidInputError('The event has no time (created).', { field: 'created' });
  return {
    id,
    type,
    createdS,
    livemode: event['livemode'] === true,
    account: readName(event['account']) ?? readName(event['context']),
    subject: readSubject(event) ?? id,
  };
}

const OBJECT = jsonShape({ object: VALUE, id: VALUE, customer: jsonShape({ id: VALUE }) });

/** All that `readEventEnvelope` looks at. */
export const ENVELOPE_SHAPE = jsonShape({
  id: VALUE,
  type: VALUE,
  created: VALUE,
  livemode: VALUE,
  account: VALUE,
  context: VALUE,
  data: jsonShape({ object: OBJECT }),
  related_object: OBJECT,
});

/** A proven event as the ledger keeps it. */
export function toInboxEvent(input: {
  envelope: EventEnvelope;
  workspaceId: string;
  account: string;
  via: InboxEvent['via'];
  payload: InboxEvent['payload'];
}): InboxEvent {
  const { envelope } = input;
  return {
    workspaceId: input.workspaceId,
    source: 'stripe',
    origin: input.account,
    eventId: envelope.id,
    type: envelope.type,
    subject: envelope.subject,
    livemode: envelope.livemode,
    createdS: envelope.createdS,
    via: input.via,
    payload: input.payload,
  };
}

/** Whether a JSON value from a file is meant to be an event at all. */
export function looksLikeEvent(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    isRecord(value) &&
    (value['object'] === 'event' || value['object'] === 'v2.core.event') &&
    typeof value['type'] === 'string'
  );
}

function readSubject(event: Readonly<Record<string, unknown>>): string | null {
  const data = event['data'];
  const object = isRecord(data) ? data['object'] : event['related_object'];
  if (!isRecord(object)) return null;
  if (object['object'] === 'customer') return readName(object['id']);
  const customer = object['customer'];
  return readName(isRecord(customer) ? customer['id'] : customer) ?? readName(object['id']);
}

/** A text that can be a key: not empty, not endless, without control characters, which PostgreSQL partly refuses. */
function readName(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value.length > NAME_LENGTH_MAX) return null;
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) < 0x20) return null;
  return value;
}

function readTime(value: unknown): number | null {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0 && value <= EPOCH_S_MAX ? value : null;
  const date = typeof value === 'string' ? parseInstant(value) : null;
  return date === null ? null : toEpochS(date);
}
