import type { Api } from '#http/api.ts';

/** Lists of Stripe that hold nothing here. They answer to their permission, and so tell how much a key may do. */
const EMPTY_LISTS = [
  ['/v1/payouts', 'payout'],
  ['/v1/transfers', 'transfer'],
  ['/v1/files', 'file'],
  ['/v1/payment_links', 'payment_link'],
  ['/v1/quotes', 'quote'],
] as const;

export function beyondBillingRoutes(api: Api): void {
  for (const [path, resource] of EMPTY_LISTS) {
    api.on({ method: 'GET', path, resource }, () => ({ object: 'list', data: [], has_more: false, url: path }));
  }
  api.on({ method: 'GET', path: '/v1/balance', resource: 'balance' }, (call) => ({
    object: 'balance',
    available: [{ amount: 0, currency: call.world.account(call.state.account).defaultCurrency, source_types: {} }],
    livemode: call.state.livemode,
    pending: [],
  }));
}
