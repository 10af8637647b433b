import type { BillingInput } from '../billing/billing-summary.ts';
import { factsOf, type OwnedObject } from './load-facts.ts';
import { type Catalogue, withTwinsInside } from './stripe-catalogue.ts';
import type { WorkspaceRules } from './workspace-rules.ts';

/** What is stored of some Stripe customers, as `summarizeBilling` and `explainBilling` take it. Pure. */
export function billingInput(input: {
  objects: readonly OwnedObject[];
  catalogue: Catalogue;
  rules: WorkspaceRules;
  asOf: Date;
}): BillingInput {
  const { rules, catalogue } = input;
  const objects = withTwinsInside(input.objects, catalogue);
  return {
    customers: factsOf(objects, 'customer'),
    subscriptions: factsOf(objects, 'subscription'),
    charges: factsOf(objects, 'charge'),
    invoices: factsOf(objects, 'invoice'),
    invoicePayments: factsOf(objects, 'invoice_payment'),
    refunds: factsOf(objects, 'refund'),
    disputes: factsOf(objects, 'dispute'),
    creditNotes: factsOf(objects, 'credit_note'),
    paymentMethods: factsOf(objects, 'payment_method'),
    prices: catalogue.prices,
    products: catalogue.products,
    coupons: catalogue.coupons,
    discounts: catalogue.discounts,
    impliedRates: rules.impliedRates,
    settings: rules.billing,
    asOf: input.asOf,
  };
}
