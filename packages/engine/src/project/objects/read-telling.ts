import { isRecord } from '#base/is-record.ts';
import { changeSince } from '../stripe/changes.ts';
import { isStripeObjectType, readStripeObject, type StripeFact } from '../stripe/read.ts';
import { READ, type Telling } from './telling.ts';

/** The names under which kinds of object are stored: what Stripe calls a plan is stored as the price that replaced it. */
const STORED_AS: Readonly<Record<string, string>> = {
  plan: 'price',
  card: 'payment_method',
  source: 'payment_method',
  bank_account: 'payment_method',
};

interface Source {
  readonly asOfS: number;
  readonly toldBy: string;
  readonly eventType: string | null;
  readonly previous: unknown;
}

/** An object as an event or a read tells it, or null where it is of a kind that the engine does not keep. */
export function readTelling(object: unknown, source: Source): Telling | null {
  if (!isRecord(object) || typeof object['object'] !== 'string' || !isStripeObjectType(object['object'])) return null;
  const { fact } = readStripeObject(object);
  if (fact === null) return null;
  const previous = isRecord(source.previous) ? source.previous : null;
  return {
    type: STORED_AS[object['object']] ?? object['object'],
    id: fact.id,
    fact,
    customerId: customerOf(fact),
    parentId: parentOf(fact),
    asOfS: source.asOfS,
    toldBy: source.toldBy,
    eventType: source.eventType,
    isDeletion: isDeletion(object, source.eventType),
    object,
    previous,
    change: fact.object === 'subscription' && previous !== null ? changeSince({ object, fact, previous }) : null,
  };
}

/** A read of ours: list page or single object. */
export function readOwn(object: unknown, asOfS: number): Telling | null {
  return readTelling(object, { asOfS, toldBy: READ, eventType: null, previous: null });
}

/** A subscription that ended is `deleted` in Stripe's events, but it lives on as canceled and is still read. */
function isDeletion(object: Readonly<Record<string, unknown>>, eventType: string | null): boolean {
  if (object['deleted'] === true) return true;
  return eventType !== null && eventType.endsWith('.deleted') && object['object'] !== 'subscription';
}

function customerOf(fact: StripeFact): string | null {
  if (fact.object === 'customer') return fact.id;
  return 'customerId' in fact ? fact.customerId : null;
}

function parentOf(fact: StripeFact): string | null {
  switch (fact.object) {
    case 'invoice':
      return fact.subscriptionId;
    case 'refund':
    case 'dispute':
      return fact.chargeId;
    case 'invoice_payment':
    case 'credit_note':
      return fact.invoiceId;
    case 'charge':
      return fact.invoiceId;
    case 'price':
      return fact.productId;
    default:
      return null;
  }
}
