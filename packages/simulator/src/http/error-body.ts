import type { StripeFault } from '#errors.ts';
import type { World } from '#store/world.ts';

export function errorBody(world: World, fault: StripeFault, requestId: string): string {
  const { detail } = fault;
  const code = detail.code;
  return JSON.stringify(
    {
      error: {
        ...(detail.charge === undefined ? {} : { charge: detail.charge }),
        ...(code === undefined ? {} : { code }),
        ...(detail.declineCode === undefined ? {} : { decline_code: detail.declineCode }),
        ...(code === undefined ? {} : { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` }),
        message: detail.message,
        ...(detail.param === undefined ? {} : { param: detail.param }),
        ...(detail.paymentIntent === undefined
          ? {}
          : { payment_intent: { id: detail.paymentIntent, object: 'payment_intent' } }),
        request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}?t=${world.clock.nowS()}`,
        type: detail.type,
      },
    },
    null,
    2,
  );
}
