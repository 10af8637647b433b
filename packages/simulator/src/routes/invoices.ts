import { attempt, collect, recover } from '#billing/collect.ts';
import { createInvoice, finalize, markUncollectible, recount, voidInvoice } from '#billing/invoices.ts';
import { usableMethod } from '#billing/one-off.ts';
import { cardFault, openPayment, settleInvoice } from '#billing/payments.ts';
import { announce, change } from '#billing/record.ts';
import { customerOf, nowS, subscriptionOf } from '#billing/scope.ts';
import { invalid, missing, StripeFault } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { pageWithin } from '#http/page.ts';
import { timeFilter } from '#http/page.ts';
import { expand } from '#render/expand.ts';
import { renderInvoice, renderInvoicePayment } from '#render/invoice.ts';
import { renderLine } from '#render/invoice-line.ts';
import type { Out } from '#render/view.ts';
import type { InvoiceRow } from '#store/invoice.ts';

export function invoiceRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/invoices', resource: 'invoice' }, create);
  api.on({ method: 'GET', path: '/v1/invoices', resource: 'invoice' }, listInvoices);
  api.on({ method: 'GET', path: '/v1/invoices/:id', resource: 'invoice' }, (call) =>
    call.show('invoice', invoiceOf(call)),
  );
  api.on({ method: 'POST', path: '/v1/invoices/:id', resource: 'invoice' }, (call) => {
    const row = invoiceOf(call);
    change(call.scope, { kind: 'invoice', row, type: 'invoice.updated' }, () => {
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
      const description = call.input.clearable('description');
      if (description !== undefined) row.description = description;
      row.autoAdvance = call.input.flag('auto_advance') ?? row.autoAdvance;
    });
    return call.show('invoice', row);
  });
  api.on({ method: 'DELETE', path: '/v1/invoices/:id', resource: 'invoice' }, (call) => {
    const row = invoiceOf(call);
    if (row.status !== 'draft') throw invalid('You can only delete draft invoices.');
    announce(call.scope, 'invoice.deleted', 'invoice', row);
    row.deleted = true;
    return { id: row.id, object: 'invoice', deleted: true };
  });
  api.on({ method: 'GET', path: '/v1/invoices/:id/lines', resource: 'invoice' }, (call) => {
    const row = invoiceOf(call);
    const page = pageWithin(row.lines, call.input);
    const body: Out = {
      object: 'list',
      data: page.rows.map((line) => renderLine(call.view, row, line)),
      has_more: page.hasMore,
      url: call.path,
    };
    return expand(call.view, body, call.input.texts('expand') ?? []);
  });
  steps(api);
  payments(api);
}

/** The verbs of an invoice. */
function steps(api: Api): void {
  const rule = (verb: string) => ({ method: 'POST', path: `/v1/invoices/:id/${verb}`, resource: 'invoice' }) as const;
  api.on(rule('finalize'), (call) => {
    const row = invoiceOf(call);
    finalize(call.scope, row);
    if (row.amountDue === 0) settleInvoice(call.scope, row);
    else openPayment(call.scope, row);
    return call.show('invoice', row);
  });
  api.on(rule('pay'), pay);
  api.on(rule('send'), (call) => {
    const row = invoiceOf(call);
    if (row.status === 'draft') collect(call.scope, row);
    announce(call.scope, 'invoice.sent', 'invoice', row);
    return call.show('invoice', row);
  });
  api.on(rule('void'), (call) => {
    const row = invoiceOf(call);
    voidInvoice(call.scope, row);
    return call.show('invoice', row);
  });
  api.on(rule('mark_uncollectible'), (call) => {
    const row = invoiceOf(call);
    markUncollectible(call.scope, row);
    return call.show('invoice', row);
  });
}

function pay(call: Call): Out {
  const row = invoiceOf(call);
  const { scope, input } = call;
  if (row.status === 'paid') throw invalid('Invoice is already paid', undefined, 'invoice_already_paid');
  if (row.status === 'draft') {
    finalize(scope, row);
    if (row.amountDue > 0) openPayment(scope, row);
  }
  if (row.amountDue === 0 || input.flag('paid_out_of_band')) {
    settleInvoice(scope, row, { isOutOfBand: row.amountDue > 0 });
    recover(scope, row);
    return call.show('invoice', row);
  }
  const given = input.text('payment_method') ?? input.text('source');
  const outcome = attempt(scope, row, {
    isAutomatic: false,
    ...(given === undefined ? {} : { method: usableMethod(scope, given) }),
  });
  if (outcome === 'paid') return call.show('invoice', row);
  const intent = row.paymentIntent === null ? undefined : scope.state.paymentIntents.get(row.paymentIntent);
  if (outcome === 'declined' && intent) throw cardFault(intent);
  if (outcome === 'action_required') {
    throw new StripeFault({
      status: 402,
      type: 'card_error',
      code: 'invoice_payment_intent_requires_action',
      message: 'This payment requires additional user action before it can be completed successfully.',
    });
  }
  throw invalid(
    'There is no `default_payment_method` set on this Customer or Invoice. Please set either Customer.invoice_settings.default_payment_method or Invoice.default_payment_method to a payment method and try again.',
    undefined,
    'missing_payment_method',
  );
}

function create(call: Call): Out {
  const { input, scope } = call;
  const customer = customerOf(scope, input.required('customer'));
  const subscriptionId = input.text('subscription');
  const description = input.text('description') ?? null;
  const row = createInvoice(scope, {
    customer: customer.id,
    subscription: subscriptionId === undefined ? null : subscriptionOf(scope, subscriptionId, 'subscription'),
    lines: [],
    billingReason: 'manual',
    currency: input.text('currency') ?? customer.currency ?? scope.world.account(scope.state.account).defaultCurrency,
    periodStart: nowS(scope),
    periodEnd: nowS(scope),
    autoAdvance: input.flag('auto_advance') ?? false,
    collectionMethod:
      input.oneOf('collection_method', ['charge_automatically', 'send_invoice']) ?? 'charge_automatically',
    daysUntilDue: input.integer('days_until_due') ?? null,
    description,
    metadata: input.metadata() ?? {},
    withPendingItems: input.text('pending_invoice_items_behavior') === 'include',
  });
  recount(scope, row);
  return call.show('invoice', row);
}

function listInvoices(call: Call): Out {
  const { input, state } = call;
  const status = input.oneOf('status', ['draft', 'open', 'paid', 'uncollectible', 'void']);
  const [customer, subscription] = [input.text('customer'), input.text('subscription')];
  const collection = input.text('collection_method');
  const isCreated = timeFilter(input);
  const isDue = timeFilter(input, 'due_date');
  const owner = customer ?? (subscription === undefined ? undefined : state.subscriptions.get(subscription)?.customer);
  if (subscription !== undefined) subscriptionOf(call.scope, subscription, 'subscription');
  return call.list(
    state.invoices,
    {
      keep: (row) =>
        isCreated(row.created) &&
        isDue(row.dueDate) &&
        (status === undefined || row.status === status) &&
        (subscription === undefined || row.subscription === subscription) &&
        (collection === undefined || row.collectionMethod === collection),
      ...(owner === undefined ? {} : { within: state.invoices.inGroup(owner) }),
    },
    renderInvoice,
  );
}

/** From basil on the only way from a payment to its invoice. */
function payments(api: Api): void {
  api.on({ method: 'GET', path: '/v1/invoice_payments', resource: 'invoice' }, (call) => {
    const { input, state } = call;
    const invoice = input.text('invoice');
    const status = input.oneOf('status', ['open', 'paid', 'canceled']);
    const intent = input.hash('payment')?.text('payment_intent');
    return call.list(
      state.invoicePayments,
      {
        keep: (row) =>
          (status === undefined || row.status === status) && (intent === undefined || row.paymentIntent === intent),
        ...(invoice === undefined ? {} : { within: state.invoicePayments.inGroup(invoice) }),
      },
      renderInvoicePayment,
    );
  });
  api.on({ method: 'GET', path: '/v1/invoice_payments/:id', resource: 'invoice' }, (call) => {
    const row = call.state.invoicePayments.get(call.param('id'));
    if (!row) throw missing('invoice payment', call.param('id'));
    return call.show('invoice_payment', row);
  });
}

function invoiceOf(call: Call): InvoiceRow {
  const row = call.state.invoices.get(call.param('id'));
  if (!row) throw missing('invoice', call.param('id'));
  return call.state.invoices.keep(row);
}
