import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

/** A Checkout that a customer finished: of all that Stripe says of it, only whom the seller's page said the buyer is. */
export interface CheckoutSessionFact {
  readonly object: 'checkout.session';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly customerId: string | null;
  /** The seller's own id of the buyer: `client_reference_id`, up to 200 characters. */
  readonly clientReferenceId: string | null;
  readonly createdS: number | null;
}

export function readCheckoutSession(raw: unknown): ReadResult<CheckoutSessionFact> {
  return readAs(raw, { objects: ['checkout.session'], read: checkoutSessionFact });
}

function checkoutSessionFact(source: RawObject, id: string): CheckoutSessionFact {
  return {
    object: 'checkout.session',
    id,
    livemode: source.bool('livemode'),
    customerId: source.idOf('customer'),
    clientReferenceId: source.text('client_reference_id')?.trim() || null,
    createdS: source.seconds('created'),
  };
}
