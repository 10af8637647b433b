import { attachPaymentMethod, detachPaymentMethod, methodOf } from '#billing/customers.ts';
import { change } from '#billing/record.ts';
import { newCard } from '#billing/test-cards.ts';
import { invalid } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { renderPaymentMethod } from '#render/payment-method.ts';
import type { PaymentMethodRow } from '#store/customer.ts';

export function paymentMethodRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/payment_methods', resource: 'payment_method' }, (call) =>
    call.show('payment_method', make(call)),
  );
  api.on({ method: 'GET', path: '/v1/payment_methods', resource: 'payment_method' }, (call) => {
    const customer = call.input.text('customer');
    return call.list(
      call.state.paymentMethods,
      {
        keep: (row) => !row.isSource && row.customer !== null,
        ...(customer === undefined ? {} : { within: call.state.paymentMethods.inGroup(customer) }),
      },
      renderPaymentMethod,
    );
  });
  api.on({ method: 'GET', path: '/v1/payment_methods/:id', resource: 'payment_method' }, (call) =>
    call.show('payment_method', methodOf(call.scope, call.param('id'))),
  );
  api.on({ method: 'POST', path: '/v1/payment_methods/:id', resource: 'payment_method' }, (call) => {
    const row = methodOf(call.scope, call.param('id'));
    change(call.scope, { kind: 'payment_method', row, type: 'payment_method.updated' }, () => {
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
      const card = call.input.hash('card');
      row.expMonth = card?.integer('exp_month') ?? row.expMonth;
      row.expYear = card?.integer('exp_year') ?? row.expYear;
    });
    return call.show('payment_method', row);
  });
  api.on({ method: 'POST', path: '/v1/payment_methods/:id/attach', resource: 'payment_method' }, (call) => {
    const customer = call.input.required('customer');
    return call.show('payment_method', attachPaymentMethod(call.scope, { method: call.param('id'), customer }));
  });
  api.on({ method: 'POST', path: '/v1/payment_methods/:id/detach', resource: 'payment_method' }, (call) =>
    call.show('payment_method', detachPaymentMethod(call.scope, call.param('id'))),
  );
  tokenRoutes(api);
}

/** Tokens and sources live just long enough for the older recipes of `stripe trigger`. */
function tokenRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/tokens', resource: 'payment_method' }, (call) => {
    const card = make(call);
    return {
      id: `tok_${call.world.id('t', 22).slice(2)}`,
      object: 'token',
      card: call.show('payment_method', card),
      client_ip: null,
      created: card.created,
      livemode: call.state.livemode,
      type: 'card',
      used: false,
    };
  });
  api.on({ method: 'POST', path: '/v1/sources', resource: 'payment_method' }, (call) => {
    const token = call.input.text('token') ?? 'tok_visa';
    const row = newCard(call.scope, { token, isSource: true });
    return {
      id: row.id,
      object: 'source',
      amount: call.input.integer('amount') ?? null,
      card: call.show('payment_method', row),
      created: row.created,
      currency: call.input.text('currency') ?? null,
      livemode: call.state.livemode,
      metadata: {},
      owner: { email: call.input.hash('owner')?.text('email') ?? null },
      status: 'chargeable',
      type: call.input.text('type') ?? 'card',
      usage: 'reusable',
    };
  });
}

function make(call: Call): PaymentMethodRow {
  const { input } = call;
  const card = input.hash('card');
  const type = input.text('type') ?? 'card';
  if (type !== 'card') throw invalid(`The simulator only knows payment methods of type card, not ${type}.`, 'type');
  const [number, token] = [card?.text('number'), card?.text('token')];
  const [expMonth, expYear] = [card?.integer('exp_month'), card?.integer('exp_year')];
  const row = newCard(call.scope, {
    ...(number === undefined ? {} : { number }),
    ...(token === undefined ? {} : { token }),
    ...(expMonth === undefined ? {} : { expMonth }),
    ...(expYear === undefined ? {} : { expYear: expYear < 100 ? 2000 + expYear : expYear }),
  });
  const details = input.hash('billing_details');
  row.name = details?.text('name') ?? null;
  row.email = details?.text('email') ?? null;
  row.metadata = input.metadata() ?? {};
  return row;
}
