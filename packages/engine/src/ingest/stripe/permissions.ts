import type { Permission } from '@growthos/contracts/http/connections.ts';

/** What we ask a Stripe account for: the read, the list that proves it, and why, in words for the person who grants it. */
export interface AskedPermission {
  readonly slug: string;
  readonly label: string;
  readonly access: 'read' | 'write';
  readonly isRequired: boolean;
  readonly reason: string;
  /** A list that answers only to this permission; null for what no read can prove. */
  readonly probePath: string | null;
}

const read = (slug: string, label: string, probePath: string, reason: string, isRequired = false): AskedPermission => ({
  slug: `rak_${slug}_read`,
  label,
  access: 'read',
  isRequired,
  reason,
  probePath,
});

/** The slugs are those of Stripe's own page for new keys; `rak_plan_read` is called Prices there. */
export const ASKED_PERMISSIONS: readonly AskedPermission[] = [
  read('customer', 'Customers', '/v1/customers', 'To know who pays, and match them to your contacts.', true),
  read('subscription', 'Subscriptions', '/v1/subscriptions', 'To know plans, trials and cancellations.', true),
  read('invoice', 'Invoices', '/v1/invoices', 'To know what was paid, what failed, and when Stripe tries again.', true),
  read('plan', 'Prices', '/v1/prices', 'To work out monthly revenue, and tell upgrades from downgrades.', true),
  read('product', 'Products', '/v1/products', 'To show plans by their names.', true),
  read('event', 'Events', '/v1/events', 'To catch up after an interruption, so that nothing is missed.', true),
  read('charge', 'Charges', '/v1/charges', 'To see one-off payments and why a payment was declined.'),
  read('payment_method', 'Payment methods', '/v1/payment_methods', 'To warn before a card expires.'),
  read('coupon', 'Coupons', '/v1/coupons', 'To count discounts into monthly revenue.'),
  read('promotion_code', 'Promotion codes', '/v1/promotion_codes', 'To check codes before they go into a message.'),
  read(
    'checkout_session',
    'Checkout sessions',
    '/v1/checkout/sessions',
    'To recognise a new customer by the reference that your page gave at checkout.',
  ),
  read('dispute', 'Disputes', '/v1/disputes', 'To stop messages to customers who dispute a payment.'),
  read('credit_note', 'Credit notes', '/v1/credit_notes', 'To count refunds and credits into lifetime value.'),
  read('connected_account', 'Account', '/v1/account', 'To show which account this is.'),
  {
    slug: 'rak_webhook_write',
    label: 'Webhook endpoints',
    access: 'write',
    isRequired: false,
    reason:
      'To register one endpoint, ours, so that changes arrive within seconds. Without it we ask for news once a minute.',
    probePath: null,
  },
];

/**
 * Reads that we do not ask for, with their names on Stripe's page for keys. At Stripe, Write includes Read, and there is
 * no list of what a key may do; a read is the only way to notice, since we never try a write. So a key that opens one of
 * these was made with more than our link fills in, and is refused. What no read can tell: a key that may write only
 * where we ask to read. Against that one there is `client.ts`, which lets no write leave.
 */
export const UNASKED_PROBES = [
  { path: '/v1/balance', label: 'Balance' },
  { path: '/v1/payouts', label: 'Payouts' },
  { path: '/v1/transfers', label: 'Transfers' },
  { path: '/v1/files', label: 'Files' },
  { path: '/v1/payment_links', label: 'Payment Links' },
  { path: '/v1/quotes', label: 'Quotes' },
] as const;

export function permissionsView(granted: Readonly<Record<string, boolean>> | null): Permission[] {
  return ASKED_PERMISSIONS.map(({ slug, label, access, isRequired, reason }) => ({
    slug,
    label,
    access,
    isRequired,
    reason,
    isGranted: granted?.[slug] ?? null,
  }));
}

/** Stripe's page for a new restricted key, with our name and these permissions filled in. */
export function restrictedKeyUrl(): string {
  const url = new URL('https://dashboard.stripe.com/apikeys/create');
  url.searchParams.set('name', 'GrowthOS');
  for (const { slug } of ASKED_PERMISSIONS) url.searchParams.append('permissions[]', slug);
  return url.toString();
}
