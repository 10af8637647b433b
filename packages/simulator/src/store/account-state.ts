import type { CustomerRow, PaymentMethodRow } from './customer.ts';
import type { PriceRow, ProductRow } from './catalogue.ts';
import type { CheckoutSessionRow } from './checkout.ts';
import type { CouponRow, DiscountRow, PromotionCodeRow } from './discount.ts';
import type { EventRow, WebhookEndpointRow } from './event.ts';
import type { CreditNoteRow, InvoiceItemRow, InvoicePaymentRow, InvoiceRow } from './invoice.ts';
import type { ChargeRow, DisputeRow, PaymentIntentRow, RefundRow, SetupIntentRow } from './payment.ts';
import type { ScheduleRow, SubscriptionRow } from './subscription.ts';
import { Table } from './table.ts';

/** Everything of one account in one mode; test and live never see each other. */
export class AccountState {
  readonly account: string;
  readonly livemode: boolean;
  readonly key: string;
  /** Grouped by e-mail, small letters. */
  readonly customers = new Table<CustomerRow>((row) => row.email?.toLowerCase() ?? null);
  readonly paymentMethods = new Table<PaymentMethodRow>((row) => row.customer);
  readonly products = new Table<ProductRow>();
  readonly prices = new Table<PriceRow>((row) => row.product);
  readonly coupons = new Table<CouponRow>();
  readonly promotionCodes = new Table<PromotionCodeRow>((row) => row.coupon);
  readonly discounts = new Table<DiscountRow>((row) => row.customer);
  readonly subscriptions = new Table<SubscriptionRow>((row) => row.customer);
  readonly schedules = new Table<ScheduleRow>((row) => row.customer);
  readonly invoices = new Table<InvoiceRow>((row) => row.customer);
  readonly invoiceItems = new Table<InvoiceItemRow>((row) => row.customer);
  readonly invoicePayments = new Table<InvoicePaymentRow>((row) => row.invoice);
  readonly creditNotes = new Table<CreditNoteRow>((row) => row.invoice);
  readonly paymentIntents = new Table<PaymentIntentRow>((row) => row.customer);
  readonly setupIntents = new Table<SetupIntentRow>();
  readonly charges = new Table<ChargeRow>((row) => row.customer);
  readonly refunds = new Table<RefundRow>((row) => row.charge);
  readonly disputes = new Table<DisputeRow>((row) => row.charge);
  readonly checkoutSessions = new Table<CheckoutSessionRow>((row) => row.customer);
  readonly events = new Table<EventRow>();
  readonly webhookEndpoints = new Table<WebhookEndpointRow>();

  constructor(account: string, livemode: boolean) {
    this.account = account;
    this.livemode = livemode;
    this.key = stateKey(account, livemode);
  }
}

export function stateKey(account: string, livemode: boolean): string {
  return `${account}:${livemode ? 'live' : 'test'}`;
}

/** The tables that a snapshot holds, by name. */
export const TABLE_NAMES = [
  'customers',
  'paymentMethods',
  'products',
  'prices',
  'coupons',
  'promotionCodes',
  'discounts',
  'subscriptions',
  'schedules',
  'invoices',
  'invoiceItems',
  'invoicePayments',
  'creditNotes',
  'paymentIntents',
  'setupIntents',
  'charges',
  'refunds',
  'disputes',
  'checkoutSessions',
  'events',
  'webhookEndpoints',
] as const satisfies readonly (keyof AccountState)[];
