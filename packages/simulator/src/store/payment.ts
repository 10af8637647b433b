import type { Metadata } from './customer.ts';
import type { Row } from './table.ts';

export interface PaymentIntentRow extends Row {
  amount: number;
  amountReceived: number;
  currency: string;
  customer: string | null;
  invoice: string | null;
  description: string | null;
  status:
    | 'requires_payment_method'
    | 'requires_confirmation'
    | 'requires_action'
    | 'requires_capture'
    | 'succeeded'
    | 'canceled';
  captureMethod: string;
  paymentMethod: string | null;
  latestCharge: string | null;
  lastError: {
    code: string;
    declineCode: string | null;
    message: string;
    charge: string | null;
    paymentMethod: string | null;
  } | null;
  canceledAt: number | null;
  cancellationReason: string | null;
  setupFutureUsage: string | null;
  clientSecret: string;
  metadata: Metadata;
}

export interface ChargeRow extends Row {
  amount: number;
  amountCaptured: number;
  amountRefunded: number;
  currency: string;
  customer: string | null;
  invoice: string | null;
  paymentIntent: string | null;
  paymentMethod: string | null;
  description: string | null;
  status: 'succeeded' | 'failed';
  captured: boolean;
  declineCode: string | null;
  failureCode: string | null;
  failureMessage: string | null;
  dispute: string | null;
  balanceTransaction: string | null;
  receiptEmail: string | null;
  metadata: Metadata;
}

export interface RefundRow extends Row {
  amount: number;
  currency: string;
  charge: string;
  paymentIntent: string | null;
  reason: string | null;
  status: 'succeeded' | 'failed';
  balanceTransaction: string;
  metadata: Metadata;
}

export interface DisputeRow extends Row {
  amount: number;
  currency: string;
  charge: string;
  paymentIntent: string | null;
  reason: string;
  status: 'needs_response' | 'under_review' | 'won' | 'lost';
  dueBy: number;
  metadata: Metadata;
}

export interface SetupIntentRow extends Row {
  customer: string | null;
  paymentMethod: string | null;
  description: string | null;
  status: 'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'succeeded' | 'canceled';
  clientSecret: string;
  metadata: Metadata;
}
