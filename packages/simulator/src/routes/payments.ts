import {
  cancelPaymentIntent,
  capturePaymentIntent,
  confirmPaymentIntent,
  createPaymentIntent,
  paymentIntentOf,
  usableMethod,
} from '#billing/one-off.ts';
import { announce, change } from '#billing/record.ts';
import { chargeOf } from '#billing/refunds.ts';
import { customerOf } from '#billing/scope.ts';
import { invalid, missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { timeFilter } from '#http/page.ts';
import { renderCharge, renderPaymentIntent } from '#render/payment.ts';
import type { Out } from '#render/view.ts';

export function paymentIntentRoutes(api: Api): void {
  const resource = 'payment_intent';
  api.on({ method: 'POST', path: '/v1/payment_intents', resource }, (call) => {
    const { input, scope } = call;
    const customer = input.text('customer');
    if (customer !== undefined) customerOf(scope, customer);
    const row = createPaymentIntent(scope, {
      amount: input.integer('amount') ?? 0,
      currency: input.required('currency'),
      customer: customer ?? null,
      description: input.text('description') ?? null,
      paymentMethod: input.text('payment_method') ?? input.text('source') ?? null,
      captureMethod: input.text('capture_method') ?? 'automatic',
      setupFutureUsage: input.text('setup_future_usage') ?? null,
      metadata: input.metadata() ?? {},
    });
    if (input.flag('confirm')) confirmPaymentIntent(scope, row, null);
    return call.show('payment_intent', row);
  });
  api.on({ method: 'GET', path: '/v1/payment_intents', resource }, (call) => {
    const customer = call.input.text('customer');
    const isCreated = timeFilter(call.input);
    return call.list(
      call.state.paymentIntents,
      {
        keep: (row) => isCreated(row.created),
        ...(customer === undefined ? {} : { within: call.state.paymentIntents.inGroup(customer) }),
      },
      renderPaymentIntent,
    );
  });
  api.on({ method: 'GET', path: '/v1/payment_intents/:id', resource }, (call) =>
    call.show('payment_intent', paymentIntentOf(call.scope, call.param('id'))),
  );
  intentSteps(api);
}

function intentSteps(api: Api): void {
  const resource = 'payment_intent';
  const on = (verb: string, act: (call: Call) => void): void => {
    api.on({ method: 'POST', path: `/v1/payment_intents/:id${verb}`, resource }, (call) => {
      act(call);
      return call.show('payment_intent', paymentIntentOf(call.scope, call.param('id')));
    });
  };
  on('', (call) => {
    const row = paymentIntentOf(call.scope, call.param('id'));
    const method = call.input.text('payment_method');
    row.amount = call.input.integer('amount') ?? row.amount;
    row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
    if (method !== undefined) {
      row.paymentMethod = usableMethod(call.scope, method).id;
      row.status = 'requires_confirmation';
    }
  });
  on('/confirm', (call) => {
    const row = paymentIntentOf(call.scope, call.param('id'));
    confirmPaymentIntent(call.scope, row, call.input.text('payment_method') ?? null);
  });
  on('/capture', (call) => capturePaymentIntent(call.scope, paymentIntentOf(call.scope, call.param('id'))));
  on('/cancel', (call) => {
    const row = paymentIntentOf(call.scope, call.param('id'));
    cancelPaymentIntent(call.scope, row, call.input.text('cancellation_reason') ?? null);
  });
}

export function chargeRoutes(api: Api): void {
  const resource = 'charge';
  api.on({ method: 'POST', path: '/v1/charges', resource }, createCharge);
  api.on({ method: 'GET', path: '/v1/charges', resource }, (call) => {
    const [customer, intent] = [call.input.text('customer'), call.input.text('payment_intent')];
    const isCreated = timeFilter(call.input);
    return call.list(
      call.state.charges,
      {
        keep: (row) => isCreated(row.created) && (intent === undefined || row.paymentIntent === intent),
        ...(customer === undefined ? {} : { within: call.state.charges.inGroup(customer) }),
      },
      renderCharge,
    );
  });
  api.on({ method: 'GET', path: '/v1/charges/:id', resource }, (call) =>
    call.show('charge', chargeOf(call.scope, call.param('id'), 'id')),
  );
  api.on({ method: 'POST', path: '/v1/charges/:id', resource }, (call) => {
    const row = chargeOf(call.scope, call.param('id'), 'id');
    change(call.scope, { kind: 'charge', row, type: 'charge.updated' }, () => {
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
      row.description = call.input.text('description') ?? row.description;
    });
    return call.show('charge', row);
  });
  api.on({ method: 'POST', path: '/v1/charges/:id/capture', resource }, (call) => {
    const row = chargeOf(call.scope, call.param('id'), 'id');
    if (row.captured || row.status === 'failed')
      throw invalid(`Charge ${row.id} has already been captured.`, undefined, 'charge_already_captured');
    row.captured = true;
    row.amountCaptured = call.input.integer('amount') ?? row.amount;
    row.balanceTransaction = `txn_3${call.world.chance.text(23)}`;
    announce(call.scope, 'charge.captured', 'charge', row);
    return call.show('charge', row);
  });
}

/** The older way to pay: a payment intent that nobody sees, except that the charge does not name it. */
function createCharge(call: Call): Out {
  const { input, scope } = call;
  const customerId = input.text('customer');
  const customer = customerId === undefined ? null : customerOf(scope, customerId);
  const source = input.text('source') ?? customer?.defaultSource ?? customer?.defaultPaymentMethod;
  if (!source) throw invalid('Must provide source or customer.', 'source', 'parameter_missing');
  const intent = createPaymentIntent(scope, {
    amount: input.integer('amount') ?? 0,
    currency: input.required('currency'),
    customer: customer?.id ?? null,
    description: input.text('description') ?? null,
    paymentMethod: source,
    captureMethod: input.flag('capture') === false ? 'manual' : 'automatic',
    metadata: input.metadata() ?? {},
  });
  confirmPaymentIntent(scope, intent, null);
  const charge = intent.latestCharge === null ? undefined : scope.state.charges.get(intent.latestCharge);
  if (!charge) throw missing('charge', intent.id);
  charge.receiptEmail = input.text('receipt_email') ?? null;
  return call.show('charge', charge);
}
