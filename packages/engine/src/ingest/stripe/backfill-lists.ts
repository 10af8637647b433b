/** One list of Stripe's, read from its newest object to its oldest. */
export interface BackfillList {
  /** Its name in our tables. */
  readonly type: string;
  readonly label: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string | boolean | readonly string[]>>;
  /** The permission without which the list is skipped, and said to be skipped. */
  readonly permission: string;
}

const PRICE_EXPAND = ['data.tiers', 'data.currency_options'] as const;

/**
 * Every list of the mission, in the order in which a reader of the dashboard gains most: who, on what, paid or not.
 * `status=all`, because the default hides cancelled subscriptions; prices twice, because the default hides inactive
 * ones. What is expanded would else be one read per object.
 */
export const BACKFILL_LISTS: readonly BackfillList[] = [
  list('products', 'Products', '/v1/products', 'rak_product_read'),
  list('prices', 'Prices', '/v1/prices', 'rak_plan_read', { active: true, expand: PRICE_EXPAND }),
  list('prices_inactive', 'Old prices', '/v1/prices', 'rak_plan_read', { active: false, expand: PRICE_EXPAND }),
  list('coupons', 'Coupons', '/v1/coupons', 'rak_coupon_read', { expand: ['data.applies_to'] }),
  list('promotion_codes', 'Promotion codes', '/v1/promotion_codes', 'rak_promotion_code_read'),
  list('customers', 'Customers', '/v1/customers', 'rak_customer_read', {
    expand: ['data.invoice_settings.default_payment_method', 'data.default_source'],
  }),
  list('subscriptions', 'Subscriptions', '/v1/subscriptions', 'rak_subscription_read', {
    status: 'all',
    expand: ['data.default_payment_method', 'data.discounts.source.coupon'],
  }),
  list('invoices', 'Invoices', '/v1/invoices', 'rak_invoice_read', { expand: ['data.payments'] }),
  list('charges', 'Charges', '/v1/charges', 'rak_charge_read'),
  list('refunds', 'Refunds', '/v1/refunds', 'rak_charge_read'),
  list('disputes', 'Disputes', '/v1/disputes', 'rak_dispute_read'),
  list('credit_notes', 'Credit notes', '/v1/credit_notes', 'rak_credit_note_read'),
];

function list(
  type: string,
  label: string,
  path: string,
  permission: string,
  params: BackfillList['params'] = {},
): BackfillList {
  return { type, label, path, params, permission };
}
