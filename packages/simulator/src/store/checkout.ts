import type { Row } from './table.ts';

/** A finished Checkout: who bought, and what the seller's page said of the buyer. */
export interface CheckoutSessionRow extends Row {
  customer: string;
  clientReferenceId: string | null;
  subscription: string | null;
}
