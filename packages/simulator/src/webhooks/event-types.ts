/** Event types by family. Source: stripe 23.1.0, WebhookEndpointCreateParams.EnabledEvent. */
const FAMILIES: Readonly<Record<string, string>> = {
  account: 'updated',
  'account.application': 'authorized deauthorized',
  'account.external_account': 'created deleted updated',
  application_fee: 'created refunded',
  'apps.install': 'created deleted updated',
  balance: 'available',
  capability: 'updated',
  charge: 'captured expired failed pending refunded succeeded updated',
  'charge.dispute': 'closed created funds_reinstated funds_withdrawn updated',
  'charge.refund': 'updated',
  'checkout.session': 'async_payment_failed async_payment_succeeded completed expired',
  coupon: 'created deleted updated',
  credit_note: 'created updated voided',
  customer: 'created deleted updated',
  'customer.discount': 'created deleted updated',
  'customer.source': 'created deleted expiring updated',
  'customer.subscription':
    'created deleted paused pending_update_applied pending_update_expired resumed trial_will_end updated',
  'customer.tax_id': 'created deleted updated',
  invoice:
    'created deleted finalization_failed finalized marked_uncollectible overdue overpaid paid payment_action_required payment_attempt_required payment_failed payment_succeeded sent upcoming updated voided will_be_due',
  invoice_payment: 'paid',
  invoiceitem: 'created deleted',
  mandate: 'updated',
  payment_intent:
    'amount_capturable_updated canceled created partially_funded payment_failed processing requires_action succeeded',
  payment_link: 'created updated',
  payment_method: 'attached automatically_updated detached updated',
  payout: 'canceled created failed paid reconciliation_completed updated',
  person: 'created deleted updated',
  plan: 'created deleted updated',
  price: 'created deleted updated',
  product: 'created deleted updated',
  promotion_code: 'created updated',
  quote: 'accepted canceled created finalized',
  refund: 'created failed updated',
  review: 'closed opened',
  setup_intent: 'canceled created requires_action setup_failed succeeded',
  source: 'canceled chargeable failed',
  subscription_schedule: 'aborted canceled completed created expiring released updated',
  tax_rate: 'created updated',
  topup: 'canceled created failed reversed succeeded',
  transfer: 'created reversed updated',
};

/** Families that this simulator never speaks of; their names are let through unchecked. */
const OTHER =
  /^(balance_settings|billing|billing_portal|cash_balance|climate|customer_cash_balance_transaction|entitlements|file|financial_connections|identity|issuing_\w+|radar|reporting|reserve|sigma|tax|terminal|test_helpers|three_d_secure|treasury)\.[a-z_.]+$/;

const known = new Set(
  Object.entries(FAMILIES).flatMap(([family, verbs]) => verbs.split(' ').map((verb) => `${family}.${verb}`)),
);

export function isEventType(type: string): boolean {
  return known.has(type) || OTHER.test(type);
}
