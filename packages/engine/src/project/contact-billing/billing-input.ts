import type { BillingInput } from '../billing/billing-summary.ts';
import type { StoredObject } from '../objects/store.ts';
import { factsOf, type LoadedFacts } from './load-facts.ts';
import type { WorkspaceRules } from './workspace-rules.ts';

/** What is stored of some Stripe customers, as `summarizeBilling` and `explainBilling` take it. Pure. */
export function billingInput(input: {
  objects: readonly StoredObject[];
  catalogue: LoadedFacts['catalogue'];
  rules: WorkspaceRules;
  asOf: Date;
}): BillingInput {
  const { objects, rules } = input;
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
    ...input.catalogue,
    impliedRates: rules.impliedRates,
    settings: rules.billing,
    asOf: input.asOf,
  };
}
