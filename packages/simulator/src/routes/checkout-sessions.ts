import type { Api } from '#http/api.ts';
import { timeFilter } from '#http/page.ts';
import { renderCheckoutSession } from '#render/checkout-session.ts';

/** The list alone: sessions are made by the control API, as buyers make them. */
export function checkoutSessionRoutes(api: Api): void {
  api.on({ method: 'GET', path: '/v1/checkout/sessions', resource: 'checkout_session' }, (call) => {
    const [customer, subscription] = [call.input.text('customer'), call.input.text('subscription')];
    const isCreated = timeFilter(call.input);
    return call.list(
      call.state.checkoutSessions,
      {
        keep: (row) => isCreated(row.created) && (subscription === undefined || row.subscription === subscription),
        ...(customer === undefined ? {} : { within: call.state.checkoutSessions.inGroup(customer) }),
      },
      renderCheckoutSession,
    );
  });
}
