import { attachPaymentMethod } from '#billing/customers.ts';
import { usableMethod } from '#billing/one-off.ts';
import { announce } from '#billing/record.ts';
import { nowS } from '#billing/scope.ts';
import { invalid, missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import type { SetupIntentRow } from '#store/payment.ts';

/** Saving a card without a payment: enough for a customer's card to arrive. */
export function setupIntentRoutes(api: Api): void {
  const resource = 'setup_intent';
  api.on({ method: 'POST', path: '/v1/setup_intents', resource }, (call) => {
    const { input, scope } = call;
    const id = `seti_1${scope.world.chance.text(23)}`;
    const row = scope.state.setupIntents.add({
      id,
      created: nowS(scope),
      customer: input.text('customer') ?? null,
      paymentMethod: null,
      description: input.text('description') ?? null,
      status: 'requires_payment_method',
      clientSecret: `${id}_secret_${scope.world.chance.text(24)}`,
      metadata: input.metadata() ?? {},
    });
    setMethod(call, row);
    announce(scope, 'setup_intent.created', 'setup_intent', row);
    if (input.flag('confirm')) confirm(call, row);
    return call.show('setup_intent', row);
  });
  api.on({ method: 'GET', path: '/v1/setup_intents/:id', resource }, (call) =>
    call.show('setup_intent', intentOf(call)),
  );
  api.on({ method: 'POST', path: '/v1/setup_intents/:id/confirm', resource }, (call) => {
    const row = intentOf(call);
    setMethod(call, row);
    confirm(call, row);
    return call.show('setup_intent', row);
  });
  api.on({ method: 'POST', path: '/v1/setup_intents/:id/cancel', resource }, (call) => {
    const row = intentOf(call);
    row.status = 'canceled';
    announce(call.scope, 'setup_intent.canceled', 'setup_intent', row);
    return call.show('setup_intent', row);
  });
}

function setMethod(call: Call, row: SetupIntentRow): void {
  const given = call.input.text('payment_method');
  if (given === undefined) return;
  row.paymentMethod = usableMethod(call.scope, given).id;
  row.status = 'requires_confirmation';
}

function confirm(call: Call, row: SetupIntentRow): void {
  if (row.paymentMethod === null)
    throw invalid('You cannot confirm this SetupIntent because it is missing a payment method.', 'payment_method');
  const method = call.state.paymentMethods.get(row.paymentMethod);
  if (method?.needsAuthentication) {
    row.status = 'requires_action';
    announce(call.scope, 'setup_intent.requires_action', 'setup_intent', row);
    return;
  }
  if (row.customer !== null) attachPaymentMethod(call.scope, { method: row.paymentMethod, customer: row.customer });
  row.status = 'succeeded';
  announce(call.scope, 'setup_intent.succeeded', 'setup_intent', row);
}

function intentOf(call: Call): SetupIntentRow {
  const row = call.state.setupIntents.get(call.param('id'));
  if (!row) throw missing('setupintent', call.param('id'));
  return row;
}
