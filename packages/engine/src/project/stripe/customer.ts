import { discountRefs, type DiscountRef } from './discount.ts';
import { PAYMENT_METHOD_OBJECTS, paymentMethodFact, type PaymentMethodFact } from './payment-method.ts';
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface CustomerFact {
  readonly object: 'customer';
  readonly id: string;
  readonly livemode: boolean | null;
  /** A deleted customer keeps only its id. */
  readonly isDeleted: boolean;
  readonly createdS: number | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly phone: string | null;
  readonly description: string | null;
  /** Set when the customer is a company (newer versions only). */
  readonly businessName: string | null;
  readonly individualName: string | null;
  readonly country: string | null;
  readonly locale: string | null;
  readonly currency: string | null;
  readonly balanceMinor: number | null;
  readonly isDelinquent: boolean | null;
  readonly taxExempt: 'none' | 'exempt' | 'reverse' | null;
  readonly defaultPaymentMethodId: string | null;
  /** Present if the default payment method, or the older default source, came expanded. */
  readonly defaultPaymentMethod: PaymentMethodFact | null;
  readonly defaultSourceId: string | null;
  /** At most one: Stripe customers have a single discount. */
  readonly discounts: readonly DiscountRef[];
  readonly testClockId: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readCustomer(raw: unknown): ReadResult<CustomerFact> {
  return readAs(raw, { objects: ['customer'], read: customerFact });
}

function customerFact(source: RawObject, id: string): CustomerFact {
  const invoiceSettings = source.child('invoice_settings');
  const locales = source.list('preferred_locales')?.entries ?? [];
  return {
    object: 'customer',
    id,
    livemode: source.bool('livemode'),
    isDeleted: source.bool('deleted') ?? false,
    createdS: source.seconds('created'),
    email: source.text('email'),
    name: source.text('name'),
    phone: source.text('phone'),
    description: source.text('description'),
    businessName: source.text('business_name'),
    individualName: source.text('individual_name'),
    country: source.child('address')?.text('country') ?? null,
    locale: typeof locales[0] === 'string' ? locales[0] : null,
    currency: source.text('currency')?.toLowerCase() ?? null,
    balanceMinor: source.int('balance') ?? source.int('account_balance'),
    isDelinquent: source.bool('delinquent'),
    taxExempt: source.choice('tax_exempt', ['none', 'exempt', 'reverse']),
    defaultPaymentMethodId: invoiceSettings?.idOf('default_payment_method') ?? null,
    defaultPaymentMethod:
      expandedMethod(invoiceSettings, 'default_payment_method') ?? expandedMethod(source, 'default_source'),
    defaultSourceId: source.idOf('default_source'),
    discounts: discountRefs(source),
    testClockId: source.idOf('test_clock'),
    metadata: source.metadata('metadata'),
  };
}

/** A payment method or source that came inside another object, if it did. */
export function expandedMethod(source: RawObject | null, key: string): PaymentMethodFact | null {
  const method = source?.expanded(key) ?? null;
  const id = method?.text('id') ?? null;
  if (method === null || id === null) return null;
  return PAYMENT_METHOD_OBJECTS.some((object) => object === method.text('object'))
    ? paymentMethodFact(method, id)
    : null;
}
