/** First API versions in which a shape changed. Source: Stripe's API changelog, by way of the SDK's CHANGELOG. */
const SINCE = {
  /** payment_intent.charges and charge.refunds are no longer included. */
  slimLists: '2022-11-15',
  /** subscription gains description, currency, trial_settings, application, test_clock. */
  subscription2023: '2022-11-15',
  /** invoice.rendering_options became rendering; shipping fields; issuer. */
  invoice2024: '2024-06-20',
  /** invoice gains parent, total_taxes; discounts[] on subscriptions. */
  acacia: '2024-09-30',
  /** periods on items; invoice.parent; payments; no invoice.paid, charge.invoice, singular discount. */
  basil: '2025-03-31',
  /** billing_mode on subscriptions. */
  billingMode: '2025-06-30',
  /** discount.source; promotion_code.promotion. */
  clover: '2025-09-30',
  /** customer_account beside customer. */
  dahlia: '2026-03-25',
  /** status_details, current_trial on items. */
  endive: '2026-09-30',
} as const;

export type ShapeChange = keyof typeof SINCE;

export interface Shape {
  readonly version: string;
  since(change: ShapeChange): boolean;
}

export const LATEST_VERSION = '2026-10-28.endive';

/** Versions that an endpoint or a request may name; others are refused as Stripe refuses them. */
const NAMED = /^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/;

const shapes = new Map<string, Shape>();

export function isVersion(text: string): boolean {
  return NAMED.test(text);
}

/** Versions compare by their date; the name behind the dot is decoration. */
export function shapeOf(version: string): Shape {
  const known = shapes.get(version);
  if (known) return known;
  const date = version.slice(0, 10);
  const shape: Shape = { version, since: (change) => date >= SINCE[change] };
  shapes.set(version, shape);
  return shape;
}
