/** A Stripe event of the ledger, read: what it tells of which object. */
import { isRecord } from '#base/is-record.ts';
import { readTelling } from '../objects/read-telling.ts';
import type { Telling } from '../objects/telling.ts';

/** An event as the ledger hands it over: `payload` is Stripe's event, parsed. */
export interface StripeLedgerEvent {
  readonly workspaceId: string;
  readonly origin: string;
  readonly livemode: boolean;
  readonly eventId: string;
  readonly type: string;
  readonly createdS: number;
  readonly payload: unknown;
}

/** One event with what was read from it. */
export interface ToldEvent {
  readonly event: StripeLedgerEvent;
  readonly telling: Telling | null;
  readonly embedded: readonly Telling[];
  readonly previous: unknown;
}

export function readEvent(event: StripeLedgerEvent): ToldEvent {
  const data = isRecord(event.payload) && isRecord(event.payload['data']) ? event.payload['data'] : {};
  const source = { asOfS: event.createdS, toldBy: event.eventId, eventType: event.type, previous: null };
  const previous = data['previous_attributes'];
  const object = data['object'];
  return {
    event,
    telling: readTelling(object, { ...source, previous }),
    embedded: embeddedDiscounts(object)
      .map((discount) => readTelling(discount, source))
      .filter((telling) => telling !== null),
    previous,
  };
}

/** Discounts that came expanded: later events name them only by their ids. */
export function embeddedDiscounts(object: unknown): unknown[] {
  if (!isRecord(object)) return [];
  const own = [object['discount'], ...(Array.isArray(object['discounts']) ? object['discounts'] : [])];
  const list = isRecord(object['items']) && Array.isArray(object['items']['data']) ? object['items']['data'] : [];
  const ofItems = list.flatMap((item) => (isRecord(item) && Array.isArray(item['discounts']) ? item['discounts'] : []));
  return [...own, ...ofItems].filter((discount) => isRecord(discount));
}
