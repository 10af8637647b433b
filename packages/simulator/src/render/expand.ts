import { invalid } from '#errors.ts';
import type { RowOf } from './render.ts';
import { findRendered, KINDS, type KindName, render } from './render.ts';
import { renderCurrencyOptions, renderTiers } from './catalogue.ts';
import { refundsOf } from './payment.ts';
import { list, type Out, type View } from './view.ts';

/** Which kind of object a field's id names. `payment_method` stands for sources too: they live in one table. */
const FIELD_KINDS: Readonly<Record<string, KindName>> = {
  customer: 'customer',
  subscription: 'subscription',
  latest_invoice: 'invoice',
  invoice: 'invoice',
  payment_intent: 'payment_intent',
  charge: 'charge',
  latest_charge: 'charge',
  payment_method: 'payment_method',
  default_payment_method: 'payment_method',
  default_source: 'payment_method',
  source: 'payment_method',
  product: 'product',
  default_price: 'price',
  price: 'price',
  plan: 'plan',
  coupon: 'coupon',
  promotion_code: 'promotion_code',
  discount: 'discount',
  discounts: 'discount',
  schedule: 'subscription_schedule',
  dispute: 'dispute',
  refund: 'refund',
};

/** Objects that Stripe never expands here but names as expandable. */
const OPAQUE = new Set(['balance_transaction', 'application', 'on_behalf_of', 'test_clock', 'account']);

/** Deepest path that Stripe follows, a list's `data` counted: `data.items.data.price.product` is refused. */
const LEVELS_MAX = 4;

/** Replaces ids by objects along each path, and adds what is only given on request. Changes `body` in place. */
export function expand(view: View, body: Out, paths: readonly string[]): Out {
  for (const path of paths) {
    const parts = path.split('.');
    if (parts.length > LEVELS_MAX)
      throw invalid(`You cannot expand more than 4 levels of a property. Property: ${path}`, 'expand');
    follow(view, body, parts, path);
  }
  return body;
}

function follow(view: View, node: unknown, parts: readonly string[], path: string): void {
  if (Array.isArray(node)) {
    for (const item of node) follow(view, item, parts, path);
    return;
  }
  if (!isHash(node)) return;
  const [key, ...rest] = parts;
  if (key === undefined) return;
  if (node[key] === undefined) includeOnRequest(view, node, key);
  const value = node[key];
  if (value === undefined) {
    if (node['object'] === 'list' || node['deleted'] === true) return;
    throw invalid(
      `This property cannot be expanded (${path}). You may want to try expanding 'data.${path}' instead.`,
      'expand',
    );
  }
  node[key] = Array.isArray(value) ? value.map((item) => resolve(view, key, item)) : resolve(view, key, value);
  if (rest.length > 0) follow(view, node[key], rest, path);
}

function resolve(view: View, key: string, value: unknown): unknown {
  if (typeof value !== 'string' || OPAQUE.has(key)) return value;
  const kind = FIELD_KINDS[key];
  return kind === undefined ? value : (findRendered(view, kind, value) ?? value);
}

/** Fields that are left out unless asked for. */
function includeOnRequest(view: View, node: Out, key: string): void {
  const { state } = view;
  const id = typeof node['id'] === 'string' ? node['id'] : '';
  const object = node['object'];
  if (object === 'price' || object === 'plan') {
    const row = state.prices.get(id);
    if (row && key === 'tiers') node[key] = row.tiersMode === null ? null : renderTiers(row.tiers);
    if (row && key === 'currency_options' && object === 'price') node[key] = renderCurrencyOptions(row);
  } else if (object === 'customer') {
    includeInCustomer(view, node, { id, key });
  } else if (object === 'invoice' && key === 'payments' && view.shape.since('basil')) {
    const payments = state.invoicePayments.inGroup(id).map((row) => render(view, 'invoice_payment', row));
    node[key] = list(payments, '/v1/invoices/payments', false);
  } else if (object === 'charge' && key === 'refunds') {
    const row = state.charges.get(id);
    if (row) node[key] = refundsOf(view, row);
  } else if (object === 'coupon' && (key === 'applies_to' || key === 'currency_options')) {
    const row = state.coupons.get(id);
    if (row) node[key] = key === 'applies_to' ? { products: row.appliesToProducts } : row.currencyOptions;
  }
}

function includeInCustomer(view: View, node: Out, at: { id: string; key: string }): void {
  const { state } = view;
  if (at.key === 'subscriptions') {
    const rows = state.subscriptions
      .inGroup(at.id)
      .filter((row) => row.status !== 'canceled' && row.status !== 'incomplete_expired');
    node[at.key] = list(
      rows.toReversed().map((row) => render(view, 'subscription', row)),
      `/v1/customers/${at.id}/subscriptions`,
    );
  } else if (at.key === 'sources') {
    const rows: RowOf<'payment_method'>[] = state.paymentMethods.inGroup(at.id).filter((row) => row.isSource);
    node[at.key] = list(
      rows.map((row) => KINDS.payment_method.render(view, row)),
      `/v1/customers/${at.id}/sources`,
    );
  } else if (at.key === 'tax_ids') {
    node[at.key] = list([], `/v1/customers/${at.id}/tax_ids`);
  } else if (at.key === 'tax') {
    node[at.key] = { automatic_tax: 'unrecognized_location', ip_address: null, location: null, provider: 'stripe' };
  } else if (at.key === 'invoice_credit_balance') {
    node[at.key] = {};
  } else if (at.key === 'cash_balance') {
    node[at.key] = null;
  }
}

function isHash(value: unknown): value is Out {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
