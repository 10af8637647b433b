import type { CheckoutSessionRow } from '#store/checkout.ts';
import type { Out, View } from './view.ts';

export function renderCheckoutSession(view: View, row: CheckoutSessionRow): Out {
  return {
    id: row.id,
    object: 'checkout.session',
    client_reference_id: row.clientReferenceId,
    created: row.created,
    customer: row.customer,
    livemode: view.state.livemode,
    metadata: {},
    mode: row.subscription === null ? 'payment' : 'subscription',
    payment_status: 'paid',
    status: 'complete',
    subscription: row.subscription,
  };
}
