/**
 * Every reason for which a billing figure can be unknown or doubtful, by name.
 * The sentence is what a person reads on the contact; the name is what a test, a filter or an API reads.
 */
export const BILLING_WARNINGS = {
  amount_invalid: 'An amount is negative, absurdly large or unreadable, so the figure is unknown.',
  amount_missing: 'A price has no fixed amount, so the figure is unknown.',
  charge_invalid: 'A charge or refund has an unreadable amount, so lifetime value in its currency is unknown.',
  currency_missing: 'A subscription or payment has no currency, so the figure is unknown.',
  currency_options_missing: 'A price or coupon in another currency came without its currency options.',
  discount_invalid: 'A discount has an unreadable percentage or amount, so the figure is unknown.',
  discounts_unexpanded: 'A discount is known only by its id, so the figure after discount is unknown.',
  dispute_status_unknown: 'A dispute has a status that we do not know, so lifetime value is unknown.',
  fx_rate_missing: 'An exchange rate is missing, so there is no single figure; see the figure per currency.',
  interval_unknown: 'A price has a billing interval that we do not know, so the figure is unknown.',
  invoice_payments_unknown: 'It is unknown how an invoice was paid, so money paid outside Stripe may be missing.',
  items_missing: 'A subscription came without any item, so the figure is unknown.',
  items_truncated: 'Stripe sent only the first items of a subscription, so the figure is unknown.',
  pause_behavior_unknown: 'Collection is paused in a way that we do not know, so the figure is unknown.',
  period_end_missing: 'A cancellation is scheduled but the period end is unknown, so the figure is unknown.',
  price_missing: 'An item came without its price, so the figure is unknown.',
  pricing_model_unknown: 'A price is charged in a way that we do not know, so the figure is unknown.',
  quantity_invalid: 'An item has no readable quantity, so the figure is unknown.',
  status_unknown: 'A subscription has a status that we do not know, so the figure is unknown.',
  tax_inclusive_rate_unknown: 'The price includes tax at a rate that Stripe does not tell, so the figure includes tax.',
  tax_rate_invalid: 'An included tax has an unreadable rate, so the figure is unknown.',
  tiers_missing: 'A tiered price came without the tiers that its quantity needs, so the figure is unknown.',
} as const;

export type BillingWarningName = keyof typeof BILLING_WARNINGS;

export interface BillingWarning {
  readonly name: BillingWarningName;
  /** The Stripe id of what it is about, such as a subscription item, price or charge; null if none. */
  readonly subjectId: string | null;
}
