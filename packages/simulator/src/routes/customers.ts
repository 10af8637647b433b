import { attachPaymentMethod, createCustomer, deleteCustomer, methodOf } from '#billing/customers.ts';
import { couponOf, redeem, removeDiscount } from '#billing/discounts.ts';
import { announce, change } from '#billing/record.ts';
import { customerOf } from '#billing/scope.ts';
import { isTestCardToken, newCard } from '#billing/test-cards.ts';
import { invalid, missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import type { Input } from '#http/input.ts';
import { timeFilter } from '#http/page.ts';
import { renderCustomer } from '#render/customer.ts';
import { renderPaymentMethod } from '#render/payment-method.ts';
import { renderSubscription } from '#render/subscription.ts';
import type { Address, CustomerRow } from '#store/customer.ts';

export function customerRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/customers', resource: 'customer' }, create);
  api.on({ method: 'GET', path: '/v1/customers', resource: 'customer' }, (call) => {
    const email = call.input.text('email');
    const isCreated = timeFilter(call.input);
    return call.list(
      call.state.customers,
      {
        keep: (row) => isCreated(row.created) && (email === undefined || row.email === email),
        ...(email === undefined ? {} : { within: call.state.customers.inGroup(email.toLowerCase()) }),
      },
      renderCustomer,
    );
  });
  api.on({ method: 'GET', path: '/v1/customers/:id', resource: 'customer' }, (call) =>
    call.show('customer', customerOf(call.scope, call.param('id'), 'id')),
  );
  api.on({ method: 'POST', path: '/v1/customers/:id', resource: 'customer' }, update);
  api.on({ method: 'DELETE', path: '/v1/customers/:id', resource: 'customer' }, (call) => {
    deleteCustomer(call.scope, call.param('id'));
    return { id: call.param('id'), object: 'customer', deleted: true };
  });
  api.on({ method: 'DELETE', path: '/v1/customers/:id/discount', resource: 'customer' }, (call) => {
    const customer = customerOf(call.scope, call.param('id'), 'id');
    const discount = customer.discount === null ? undefined : call.state.discounts.get(customer.discount);
    if (!discount) throw missing('discount', call.param('id'));
    removeDiscount(call.scope, discount);
    return { id: discount.id, object: 'discount', deleted: true };
  });
  parts(api);
}

/** What hangs under a customer. */
function parts(api: Api): void {
  api.on({ method: 'GET', path: '/v1/customers/:id/payment_methods', resource: 'payment_method' }, (call) => {
    const customer = customerOf(call.scope, call.param('id'), 'id');
    const within = call.state.paymentMethods.inGroup(customer.id).filter((row) => !row.isSource);
    return call.list(call.state.paymentMethods, { keep: () => true, within }, renderPaymentMethod);
  });
  api.on({ method: 'GET', path: '/v1/customers/:id/subscriptions', resource: 'subscription' }, (call) => {
    const customer = customerOf(call.scope, call.param('id'), 'id');
    const within = call.state.subscriptions.inGroup(customer.id);
    return call.list(call.state.subscriptions, { keep: (row) => row.endedAt === null, within }, renderSubscription);
  });
  api.on({ method: 'POST', path: '/v1/customers/:id/sources', resource: 'customer' }, (call) => {
    const customer = customerOf(call.scope, call.param('id'), 'id');
    return call.show('payment_method', addSource(call, customer, call.input.required('source')));
  });
  api.on({ method: 'POST', path: '/v1/customers/:id/sources/:source', resource: 'customer' }, (call) => {
    const card = methodOf(call.scope, call.param('source'));
    change(call.scope, { kind: 'payment_method', row: card, type: 'customer.source.updated' }, () => {
      card.metadata = call.input.metadata(card.metadata) ?? card.metadata;
      card.name = call.input.text('name') ?? card.name;
      card.expMonth = call.input.integer('exp_month') ?? card.expMonth;
      card.expYear = call.input.integer('exp_year') ?? card.expYear;
    });
    return call.show('payment_method', card);
  });
  api.on({ method: 'DELETE', path: '/v1/customers/:id/sources/:source', resource: 'customer' }, (call) => {
    const card = methodOf(call.scope, call.param('source'));
    const customer = customerOf(call.scope, call.param('id'), 'id');
    announce(call.scope, 'customer.source.deleted', 'payment_method', card);
    card.deleted = true;
    change(call.scope, { kind: 'customer', row: customer, type: 'customer.updated' }, () => {
      if (customer.defaultSource === card.id) customer.defaultSource = null;
    });
    return { id: card.id, object: 'card', deleted: true };
  });
  api.on({ method: 'GET', path: '/v1/customers/:id/sources', resource: 'customer' }, (call) => {
    const customer = customerOf(call.scope, call.param('id'), 'id');
    const within = call.state.paymentMethods.inGroup(customer.id).filter((row) => row.isSource);
    return call.list(call.state.paymentMethods, { keep: () => true, within }, renderPaymentMethod);
  });
}

function create(call: Call): ReturnType<Call['show']> {
  const { input, scope } = call;
  const address = addressOf(input);
  const row = createCustomer(scope, {
    email: input.text('email') ?? null,
    name: input.text('name') ?? null,
    phone: input.text('phone') ?? null,
    description: input.text('description') ?? null,
    metadata: input.metadata() ?? {},
    preferredLocales: input.texts('preferred_locales') ?? [],
    balance: input.integer('balance') ?? 0,
    ...(address === undefined ? {} : { address }),
  });
  const source = input.text('source');
  if (source !== undefined) addSource(call, row, source);
  const method = input.text('payment_method');
  if (method !== undefined) attachPaymentMethod(scope, { method, customer: row.id });
  applySettings(call, row);
  return call.show('customer', row);
}

function update(call: Call): ReturnType<Call['show']> {
  const { input, scope } = call;
  const row = customerOf(scope, call.param('id'), 'id');
  if (row.deleted) throw missing('customer', row.id);
  const source = input.text('source');
  if (source !== undefined) addSource(call, row, source);
  change(scope, { kind: 'customer', row, type: 'customer.updated' }, () => {
    const metadata = input.metadata(row.metadata);
    if (metadata !== undefined) row.metadata = metadata;
    const [email, name, phone] = [input.clearable('email'), input.clearable('name'), input.clearable('phone')];
    if (email !== undefined) row.email = email;
    if (name !== undefined) row.name = name;
    if (phone !== undefined) row.phone = phone;
    const description = input.clearable('description');
    if (description !== undefined) row.description = description;
    const address = addressOf(input);
    if (address !== undefined) row.address = address;
    const balance = input.integer('balance');
    if (balance !== undefined) row.balance = balance;
    const locales = input.texts('preferred_locales');
    if (locales !== undefined) row.preferredLocales = locales;
  });
  call.state.customers.regroup(row);
  applySettings(call, row);
  return call.show('customer', row);
}

function applySettings(call: Call, row: CustomerRow): void {
  const { input, scope } = call;
  const wanted = input.hash('invoice_settings')?.clearable('default_payment_method');
  const method =
    wanted && isTestCardToken(wanted) ? attachPaymentMethod(scope, { method: wanted, customer: row.id }).id : wanted;
  if (method) {
    const found = call.state.paymentMethods.get(method);
    if (found?.customer !== row.id) {
      throw invalid(
        `The customer does not have a payment method with the ID ${method}. The payment method must be attached to the customer.`,
        'invoice_settings[default_payment_method]',
        'resource_missing',
      );
    }
  }
  const source = input.text('default_source');
  change(scope, { kind: 'customer', row, type: 'customer.updated' }, () => {
    if (method !== undefined) row.defaultPaymentMethod = method;
    if (source !== undefined) row.defaultSource = source;
  });
  applyDiscount(call, row);
}

/** `coupon=` takes it off; another coupon replaces it in place, which Stripe calls an updated discount. */
function applyDiscount(call: Call, row: CustomerRow): void {
  const { input, scope, state } = call;
  const current = row.discount === null ? undefined : state.discounts.get(row.discount);
  if (input.isCleared('coupon') && current) removeDiscount(scope, current);
  const coupon = input.text('coupon');
  const promotionCode = input.text('promotion_code');
  if (coupon === undefined && promotionCode === undefined) return;
  if (current && !current.deleted && coupon !== undefined) {
    change(scope, { kind: 'discount', row: current, type: 'customer.discount.updated' }, () => {
      current.coupon = couponOf(scope, coupon).id;
      current.end = null;
    });
    return;
  }
  const discount = redeem(scope, { coupon, promotionCode, customer: row.id, subscription: null });
  change(scope, { kind: 'customer', row, type: 'customer.updated' }, () => {
    row.discount = discount.id;
  });
}

function addSource(call: Call, customer: CustomerRow, token: string): ReturnType<typeof newCard> {
  const existing = call.state.paymentMethods.get(token);
  const card = existing ?? newCard(call.scope, { token, isSource: true });
  change(call.scope, { kind: 'payment_method', row: card, type: null }, () => {
    card.customer = customer.id;
  });
  call.state.paymentMethods.regroup(card);
  announce(call.scope, 'customer.source.created', 'payment_method', card);
  if (customer.defaultSource === null) {
    change(call.scope, { kind: 'customer', row: customer, type: 'customer.updated' }, () => {
      customer.defaultSource = card.id;
    });
  }
  return card;
}

function addressOf(input: Input): Address | null | undefined {
  if (input.isCleared('address')) return null;
  const hash = input.hash('address');
  if (!hash) return undefined;
  return {
    city: hash.text('city') ?? null,
    country: hash.text('country') ?? null,
    line1: hash.text('line1') ?? null,
    line2: hash.text('line2') ?? null,
    postal_code: hash.text('postal_code') ?? null,
    state: hash.text('state') ?? null,
  };
}
