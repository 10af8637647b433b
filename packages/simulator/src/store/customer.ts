import type { Row } from './table.ts';

export type Metadata = Record<string, string>;

export interface Address {
  city: string | null;
  country: string | null;
  line1: string | null;
  line2: string | null;
  postal_code: string | null;
  state: string | null;
}

export interface CustomerRow extends Row {
  email: string | null;
  name: string | null;
  phone: string | null;
  description: string | null;
  metadata: Metadata;
  address: Address | null;
  preferredLocales: string[];
  currency: string | null;
  /** Minor units; negative is credit. */
  balance: number;
  delinquent: boolean;
  defaultSource: string | null;
  defaultPaymentMethod: string | null;
  /** A discount on everything the customer buys. */
  discount: string | null;
  invoicePrefix: string;
  nextInvoiceSequence: number;
}

/** What a card does when it is charged. */
export interface Decline {
  declineCode: string;
  /** Attempts still to be declined; null: until somebody repairs the card. */
  remaining: number | null;
}

export interface PaymentMethodRow extends Row {
  customer: string | null;
  /** Legacy `card_` sources are payment methods with another id and shape. */
  isSource: boolean;
  brand: string;
  last4: string;
  expMonth: number;
  expYear: number;
  country: string;
  funding: string;
  fingerprint: string;
  name: string | null;
  email: string | null;
  metadata: Metadata;
  decline: Decline | null;
  /** Attaching it fails at once with this decline (pm_card_chargeDeclined). */
  declinesOnAttach: string | null;
  needsAuthentication: boolean;
}
