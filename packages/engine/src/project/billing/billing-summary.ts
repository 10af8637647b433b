/** What goes into and comes out of `summarizeBilling`; plain JSON on both sides, times in epoch seconds. */
import type { ChargeFact } from '../stripe/charge.ts';
import type { CouponFact } from '../stripe/coupon.ts';
import type { CreditNoteFact } from '../stripe/credit-note.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import type { DiscountFact } from '../stripe/discount.ts';
import type { DisputeFact } from '../stripe/dispute.ts';
import type { InvoiceFact } from '../stripe/invoice.ts';
import type { InvoicePaymentFact } from '../stripe/invoice-payment.ts';
import type { PaymentMethodFact } from '../stripe/payment-method.ts';
import type { PriceFact, PriceInterval } from '../stripe/price.ts';
import type { ProductFact } from '../stripe/product.ts';
import type { RefundFact } from '../stripe/refund.ts';
import type { SubscriptionFact, SubscriptionStatus } from '../stripe/subscription.ts';
import type { BillingSettings } from './settings.ts';
import type { BillingWarning, BillingWarningName } from './warning.ts';

/** Facts by id. A map can be shared by all contacts of an account, which saves building one for each. */
export type FactLookup<T> = ReadonlyMap<string, T> | readonly T[];

/**
 * Everything Stripe says about one contact, over all of its customers.
 * `subscriptions` to `paymentMethods` are the contact's own; `prices` to `discounts` may be the whole account's.
 */
export interface BillingInput {
  readonly customers: readonly CustomerFact[];
  /** All of them, canceled ones too: `last_plan` and a past trial come from those. */
  readonly subscriptions: readonly SubscriptionFact[];
  readonly charges?: readonly ChargeFact[];
  readonly invoices?: readonly InvoiceFact[];
  /** Joined to invoices that came without their payments. */
  readonly invoicePayments?: readonly InvoicePaymentFact[];
  readonly refunds?: readonly RefundFact[];
  readonly disputes?: readonly DisputeFact[];
  readonly creditNotes?: readonly CreditNoteFact[];
  readonly paymentMethods?: FactLookup<PaymentMethodFact>;
  /** With tiers and currency options, which Stripe does not embed in subscriptions. */
  readonly prices?: FactLookup<PriceFact>;
  readonly products?: FactLookup<ProductFact>;
  readonly coupons?: FactLookup<CouponFact>;
  /** Discounts seen expanded before, for the bare ids of webhooks. */
  readonly discounts?: FactLookup<DiscountFact>;
  /** Rates of the whole account; without it they are taken from this contact's `charges`. */
  readonly impliedRates?: readonly ImpliedRate[];
  readonly settings: BillingSettings;
  readonly asOf: Date;
}

/** What one settled charge says about two currencies, in minor units of each. */
export interface ImpliedRate {
  readonly from: string;
  readonly to: string;
  readonly fromMinor: number;
  readonly toMinor: number;
  readonly atS: number;
}

/** `none`: no subscription at all, which is our own word. */
export type BillingStatus = SubscriptionStatus | 'none';

/** One item of a live subscription. */
export interface PlanEntry {
  readonly subscriptionId: string;
  readonly itemId: string | null;
  readonly status: SubscriptionStatus;
  readonly priceId: string | null;
  readonly productId: string | null;
  readonly name: string | null;
  readonly tier: string | null;
  readonly quantity: number | null;
  readonly interval: PriceInterval | null;
  readonly intervalCount: number | null;
  /** List value per month before discounts, in minor units, rounded; null if unknown or metered. */
  readonly listMonthlyMinor: number | null;
  readonly currency: string | null;
  readonly isPrimary: boolean;
}

export interface PaymentMethodOnFile {
  readonly isOnFile: boolean;
  readonly id: string | null;
  readonly type: string | null;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expMonth: number | null;
  readonly expYear: number | null;
}

/** The newest invoice that is open after a failed attempt. */
export interface OpenFailedInvoice {
  readonly invoiceId: string;
  readonly subscriptionId: string | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly attempt: number | null;
  /** When the last known attempt failed; null if no failed charge of it is known. */
  readonly failedAtS: number | null;
  readonly failureCode: string | null;
  readonly declineCode: string | null;
  readonly nextPaymentAttemptS: number | null;
  readonly hostedInvoiceUrl: string | null;
}

export interface BillingSummary {
  readonly billingStatus: BillingStatus;
  readonly primarySubscriptionId: string | null;
  /** Price id of the primary item. */
  readonly plan: string | null;
  readonly planName: string | null;
  readonly tier: string | null;
  /** Set only when nothing is live. */
  readonly lastPlan: string | null;
  readonly lastPlanName: string | null;
  readonly plans: readonly PlanEntry[];
  /** One figure in `mrrCurrency`, or null when it is unknown; `warnings` says why. */
  readonly mrrMinor: number | null;
  readonly mrrCurrency: string | null;
  /** Without the currencies in which the figure is unknown. */
  readonly mrrByCurrency: Readonly<Record<string, number>>;
  /** Currencies that have no rate to the report currency. */
  readonly mrrMissingRates: readonly string[];
  readonly ltvMinor: number | null;
  readonly ltvCurrency: string | null;
  /** Cash received, tax included, fees not deducted. Without the currencies in which it is unknown. */
  readonly ltvByCurrency: Readonly<Record<string, number>>;
  readonly ltvMissingRates: readonly string[];
  readonly trialEndDateS: number | null;
  readonly subscriptionStartDateS: number | null;
  readonly cancelsAtS: number | null;
  /** When the next invoice of a live subscription is due; null when it ends before. */
  readonly renewsAtS: number | null;
  readonly lastPaymentAtS: number | null;
  readonly failedAttempts: number;
  readonly isCollectionPaused: boolean;
  readonly paymentMethod: PaymentMethodOnFile;
  readonly openFailedInvoice: OpenFailedInvoice | null;
  /** Names, sorted, each once. */
  readonly warnings: readonly BillingWarningName[];
  readonly warningDetails: readonly BillingWarning[];
}
