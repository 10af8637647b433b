import type { Metadata } from './customer.ts';
import type { Row } from './table.ts';

export interface LineRow {
  id: string;
  amount: number;
  description: string;
  periodStart: number;
  periodEnd: number;
  price: string | null;
  /** Minor units; what one cost on this line. */
  unitAmount: number | null;
  quantity: number;
  isProration: boolean;
  isDiscountable: boolean;
  subscription: string | null;
  subscriptionItem: string | null;
  invoiceItem: string | null;
  discountAmounts: { amount: number; discount: string }[];
  metadata: Metadata;
}

export interface InvoiceRow extends Row {
  customer: string;
  subscription: string | null;
  /** Subscription metadata at finalization, as Stripe copies it. */
  subscriptionMetadata: Metadata;
  status: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible';
  currency: string;
  billingReason: string;
  collectionMethod: 'charge_automatically' | 'send_invoice';
  lines: LineRow[];
  discounts: string[];
  subtotal: number;
  total: number;
  amountDue: number;
  amountPaid: number;
  startingBalance: number;
  endingBalance: number | null;
  isPaidOutOfBand: boolean;
  attemptCount: number;
  /** Attempts made by schedule; those made by hand do not move it. */
  attempted: boolean;
  autoAdvance: boolean;
  nextPaymentAttempt: number | null;
  finalizesAt: number | null;
  dueDate: number | null;
  number: string | null;
  periodStart: number;
  periodEnd: number;
  finalizedAt: number | null;
  paidAt: number | null;
  voidedAt: number | null;
  uncollectibleAt: number | null;
  paymentIntent: string | null;
  charge: string | null;
  defaultPaymentMethod: string | null;
  description: string | null;
  metadata: Metadata;
  postPaymentCreditNotes: number;
  prePaymentCreditNotes: number;
}

export interface InvoicePaymentRow extends Row {
  invoice: string;
  paymentIntent: string;
  amountRequested: number;
  amountPaid: number | null;
  currency: string;
  status: 'open' | 'paid' | 'canceled';
  paidAt: number | null;
  canceledAt: number | null;
}

/** A charge waiting for the next invoice (proration or by hand). */
export interface InvoiceItemRow extends Row {
  customer: string;
  subscription: string | null;
  subscriptionItem: string | null;
  invoice: string | null;
  amount: number;
  currency: string;
  description: string;
  price: string | null;
  quantity: number;
  unitAmount: number | null;
  isProration: boolean;
  periodStart: number;
  periodEnd: number;
  metadata: Metadata;
}

export interface CreditNoteRow extends Row {
  invoice: string;
  customer: string;
  amount: number;
  currency: string;
  number: string;
  reason: string | null;
  memo: string | null;
  refund: string | null;
  status: 'issued' | 'void';
  isPrePayment: boolean;
  metadata: Metadata;
}
