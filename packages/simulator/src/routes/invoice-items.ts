import { lineOf, recount } from '#billing/invoices.ts';
import { announce, change } from '#billing/record.ts';
import { customerOf, nowS, priceOf } from '#billing/scope.ts';
import { amountFor, unitAmountIn } from '#billing/amount.ts';
import { missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { renderInvoiceItem } from '#render/invoice.ts';
import type { InvoiceItemRow } from '#store/invoice.ts';

export function invoiceItemRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/invoiceitems', resource: 'invoice' }, create);
  api.on({ method: 'GET', path: '/v1/invoiceitems', resource: 'invoice' }, (call) => {
    const customer = call.input.text('customer');
    const invoice = call.input.text('invoice');
    const pending = call.input.flag('pending');
    return call.list(
      call.state.invoiceItems,
      {
        keep: (row) =>
          (invoice === undefined || row.invoice === invoice) &&
          (pending === undefined || (row.invoice === null) === pending),
        ...(customer === undefined ? {} : { within: call.state.invoiceItems.inGroup(customer) }),
      },
      renderInvoiceItem,
    );
  });
  api.on({ method: 'GET', path: '/v1/invoiceitems/:id', resource: 'invoice' }, (call) =>
    call.show('invoiceitem', itemOf(call)),
  );
  api.on({ method: 'POST', path: '/v1/invoiceitems/:id', resource: 'invoice' }, (call) => {
    const row = itemOf(call);
    change(call.scope, { kind: 'invoiceitem', row, type: 'invoiceitem.updated' }, () => {
      row.amount = call.input.integer('amount') ?? row.amount;
      row.description = call.input.text('description') ?? row.description;
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
    });
    return call.show('invoiceitem', row);
  });
  api.on({ method: 'DELETE', path: '/v1/invoiceitems/:id', resource: 'invoice' }, (call) => {
    const row = itemOf(call);
    announce(call.scope, 'invoiceitem.deleted', 'invoiceitem', row);
    row.deleted = true;
    return { id: row.id, object: 'invoiceitem', deleted: true };
  });
}

function create(call: Call): ReturnType<Call['show']> {
  const { input, scope } = call;
  const customer = customerOf(scope, input.required('customer'));
  const priceId = input.hash('pricing')?.text('price') ?? input.text('price');
  const price = priceId === undefined ? null : priceOf(scope, priceId);
  const currency = input.text('currency') ?? price?.currency ?? customer.currency ?? 'usd';
  const quantity = input.integer('quantity') ?? 1;
  const amount =
    input.integer('amount') ??
    (price ? amountFor(price, quantity, currency) : (input.integer('unit_amount') ?? 0) * quantity);
  const invoiceId = input.text('invoice');
  const row = scope.state.invoiceItems.add({
    id: `ii_1${scope.world.chance.text(23)}`,
    created: nowS(scope),
    customer: customer.id,
    subscription: input.text('subscription') ?? null,
    subscriptionItem: null,
    invoice: null,
    amount,
    currency,
    description: input.text('description') ?? '',
    price: price?.id ?? null,
    quantity,
    unitAmount: price ? unitAmountIn(price, currency) : Math.round(amount / quantity),
    isProration: false,
    periodStart: nowS(scope),
    periodEnd: nowS(scope),
    metadata: input.metadata() ?? {},
  });
  announce(scope, 'invoiceitem.created', 'invoiceitem', row);
  if (invoiceId !== undefined) addToDraft(call, row, invoiceId);
  return call.show('invoiceitem', row);
}

function addToDraft(call: Call, row: InvoiceItemRow, invoiceId: string): void {
  const invoice = call.state.invoices.get(invoiceId);
  if (!invoice) throw missing('invoice', invoiceId, 'invoice');
  change(call.scope, { kind: 'invoice', row: invoice, type: 'invoice.updated' }, () => {
    row.invoice = invoice.id;
    invoice.currency = invoice.lines.length === 0 ? row.currency : invoice.currency;
    invoice.lines.push(lineOf(call.scope, row));
    recount(call.scope, invoice);
  });
}

function itemOf(call: Call): InvoiceItemRow {
  const row = call.state.invoiceItems.get(call.param('id'));
  if (!row || row.deleted) throw missing('invoice item', call.param('id'));
  return row;
}
