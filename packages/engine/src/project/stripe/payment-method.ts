/** A payment method, or the card or source that it replaced, as one fact. Only what a person may see: never a full number. */
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface CardFact {
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expMonth: number | null;
  readonly expYear: number | null;
  readonly funding: string | null;
  readonly country: string | null;
  /** `apple_pay`, `google_pay`, `link` and so on. */
  readonly wallet: string | null;
}

export interface PaymentMethodFact {
  readonly object: 'payment_method';
  readonly id: string;
  readonly livemode: boolean | null;
  /** `card`, `sepa_debit`, `us_bank_account`, `link` and so on. */
  readonly type: string | null;
  /** Null once detached. */
  readonly customerId: string | null;
  readonly card: CardFact | null;
  /** Last digits of a bank account, where the method is no card. */
  readonly last4: string | null;
  readonly billingEmail: string | null;
  readonly billingCountry: string | null;
  readonly createdS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export const PAYMENT_METHOD_OBJECTS = ['payment_method', 'card', 'source', 'bank_account'] as const;

export function readPaymentMethod(raw: unknown): ReadResult<PaymentMethodFact> {
  return readAs(raw, { objects: PAYMENT_METHOD_OBJECTS, read: paymentMethodFact });
}

export function paymentMethodFact(source: RawObject, id: string): PaymentMethodFact {
  const object = source.text('object');
  const type = object === 'card' || object === 'bank_account' ? object : source.text('type');
  const card = object === 'card' ? source : source.child('card');
  const billing = source.child('billing_details') ?? source.child('owner');
  const bank = object === 'bank_account' ? source : type === null || type === 'card' ? null : source.expanded(type);
  return {
    object: 'payment_method',
    id,
    livemode: source.bool('livemode'),
    type,
    customerId: source.idOf('customer'),
    card: card === null ? null : cardFact(card),
    last4: bank?.text('last4') ?? null,
    billingEmail: billing?.text('email') ?? null,
    billingCountry: billing?.child('address')?.text('country') ?? null,
    createdS: source.seconds('created'),
    metadata: source.metadata('metadata'),
  };
}

/** `card` of a payment method and of `payment_method_details` on a charge have the same shape. */
export function cardFact(source: RawObject): CardFact {
  return {
    brand: source.text('brand')?.toLowerCase() ?? null,
    last4: source.text('last4'),
    expMonth: source.int('exp_month'),
    expYear: source.int('exp_year'),
    funding: source.text('funding'),
    country: source.text('country'),
    wallet: source.expanded('wallet')?.text('type') ?? null,
  };
}
