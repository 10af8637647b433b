import { cardFact, type CardFact } from './payment-method.ts';
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface ChargeFact {
  readonly object: 'charge';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly customerId: string | null;
  readonly status: 'succeeded' | 'pending' | 'failed' | null;
  readonly currency: string | null;
  readonly amountMinor: number | null;
  readonly amountCapturedMinor: number | null;
  readonly amountRefundedMinor: number | null;
  readonly isCaptured: boolean | null;
  readonly isPaid: boolean | null;
  readonly isRefunded: boolean | null;
  readonly isDisputed: boolean | null;
  readonly createdS: number | null;
  /** Only versions before basil link a charge to its invoice; later ones go through `invoice_payment`. */
  readonly invoiceId: string | null;
  /** False when this version does not say whether an invoice is behind the charge. */
  readonly isInvoiceKnown: boolean;
  readonly paymentIntentId: string | null;
  readonly paymentMethodId: string | null;
  readonly paymentMethodType: string | null;
  readonly card: CardFact | null;
  readonly failureCode: string | null;
  readonly failureMessage: string | null;
  /** The bank's reason for a refusal, such as `insufficient_funds`. */
  readonly declineCode: string | null;
  readonly outcomeType: string | null;
  readonly networkStatus: string | null;
  readonly sellerMessage: string | null;
  readonly balanceTransactionId: string | null;
  /** In settlement currency; present if expanded. */
  readonly settlement: {
    readonly amountMinor: number | null;
    readonly feeMinor: number | null;
    readonly netMinor: number | null;
    readonly currency: string | null;
  } | null;
  readonly description: string | null;
  readonly receiptEmail: string | null;
  readonly billingEmail: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readCharge(raw: unknown): ReadResult<ChargeFact> {
  return readAs(raw, { objects: ['charge'], read: chargeFact });
}

export function chargeFact(source: RawObject, id: string): ChargeFact {
  const details = source.child('payment_method_details');
  const card = details?.child('card') ?? legacyCard(source);
  return {
    object: 'charge',
    id,
    livemode: source.bool('livemode'),
    customerId: source.idOf('customer'),
    status: source.choice('status', ['succeeded', 'pending', 'failed']),
    currency: source.text('currency')?.toLowerCase() ?? null,
    amountMinor: source.int('amount'),
    amountCapturedMinor: source.int('amount_captured'),
    amountRefundedMinor: source.int('amount_refunded'),
    isCaptured: source.bool('captured'),
    isPaid: source.bool('paid'),
    isRefunded: source.bool('refunded'),
    isDisputed: source.bool('disputed') ?? (source.has('dispute') ? true : null),
    createdS: source.seconds('created'),
    invoiceId: source.idOf('invoice'),
    isInvoiceKnown: source.value('invoice') !== undefined,
    paymentIntentId: source.idOf('payment_intent'),
    paymentMethodId: source.idOf('payment_method') ?? source.idOf('source'),
    paymentMethodType: details?.text('type') ?? null,
    card: card === null ? null : cardFact(card),
    ...failure(source),
    ...settlement(source),
    description: source.text('description'),
    receiptEmail: source.text('receipt_email'),
    billingEmail: source.child('billing_details')?.text('email') ?? null,
    metadata: source.metadata('metadata'),
  };
}

function legacyCard(source: RawObject): RawObject | null {
  const legacy = source.expanded('source');
  return legacy?.text('object') === 'card' ? legacy : null;
}

/** `outcome.reason` is the decline code when the bank refused, and Radar's rule otherwise. */
function failure(source: RawObject) {
  const outcome = source.child('outcome');
  const networkStatus = outcome?.text('network_status') ?? null;
  const lastError = source.expanded('payment_intent')?.expanded('last_payment_error') ?? null;
  const bankReason = networkStatus === 'declined_by_network' ? (outcome?.text('reason') ?? null) : null;
  return {
    failureCode: source.text('failure_code'),
    failureMessage: source.text('failure_message'),
    declineCode: bankReason ?? lastError?.text('decline_code') ?? null,
    outcomeType: outcome?.text('type') ?? null,
    networkStatus,
    sellerMessage: outcome?.text('seller_message') ?? null,
  };
}

function settlement(source: RawObject): Pick<ChargeFact, 'balanceTransactionId' | 'settlement'> {
  const transaction = source.expanded('balance_transaction');
  return {
    balanceTransactionId: source.idOf('balance_transaction'),
    settlement:
      transaction === null
        ? null
        : {
            amountMinor: transaction.int('amount'),
            feeMinor: transaction.int('fee'),
            netMinor: transaction.int('net'),
            currency: transaction.text('currency')?.toLowerCase() ?? null,
          },
  };
}
