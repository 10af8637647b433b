import type { NewBusEvent } from '#bus/index.ts';
import type { StoredObject } from '../objects/store.ts';
import type { Telling } from '../objects/telling.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import { chargeEvents, disputeEvents } from './charge-events.ts';
import type { EventContext } from './event-context.ts';
import { invoiceEvents } from './invoice-events.ts';
import { subscriptionEvents } from './subscription-events.ts';

/**
 * The GrowthOS events that one Stripe event tells of: none, one or several. Read from the event itself, not from what is
 * stored, wherever that is possible, so that a late or repeated event tells the same.
 */
export function eventsOf(
  context: EventContext,
  input: { telling: Telling; previous: unknown; stored: StoredObject; failedCharge: ChargeFact | null },
): NewBusEvent[] {
  const { telling, previous, stored, failedCharge } = input;
  const { fact } = telling;
  switch (fact.object) {
    case 'subscription':
      return subscriptionEvents(context, { told: fact, telling });
    case 'invoice':
      return invoiceEvents(context, { told: fact, stored, failedCharge });
    case 'charge':
      return chargeEvents(context, { told: fact, previous });
    case 'dispute':
      return disputeEvents(context, fact);
    default:
      return [];
  }
}
