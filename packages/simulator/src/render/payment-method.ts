import type { PaymentMethodRow } from '#store/customer.ts';
import { type Out, type View, when } from './view.ts';

const NO_ADDRESS = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

export function billingDetails(view: View, row: PaymentMethodRow | undefined): Out {
  return {
    address: { ...NO_ADDRESS },
    email: row?.email ?? null,
    name: row?.name ?? null,
    phone: null,
    ...when(view.shape.since('basil'), () => ({ tax_id: null })),
  };
}

export function renderPaymentMethod(view: View, row: PaymentMethodRow): Out {
  const { shape, state } = view;
  if (row.isSource) return renderCardSource(row);
  return {
    id: row.id,
    object: 'payment_method',
    ...when(shape.since('invoice2024'), () => ({ allow_redisplay: 'unspecified' })),
    billing_details: billingDetails(view, row),
    card: {
      brand: row.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: row.country,
      ...when(shape.since('invoice2024'), () => ({ display_brand: row.brand })),
      exp_month: row.expMonth,
      exp_year: row.expYear,
      fingerprint: row.fingerprint,
      funding: row.funding,
      generated_from: null,
      last4: row.last4,
      networks: { available: [row.brand], preferred: null },
      ...when(shape.since('acacia'), () => ({ regulated_status: 'unregulated' })),
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: row.created,
    customer: row.customer,
    ...when(shape.since('dahlia'), () => ({ customer_account: null })),
    livemode: state.livemode,
    metadata: row.metadata,
    type: 'card',
  };
}

/** The legacy `card_...` object that `customer.default_source` points at. */
function renderCardSource(row: PaymentMethodRow): Out {
  return {
    id: row.id,
    object: 'card',
    address_city: null,
    address_country: null,
    address_line1: null,
    address_line1_check: null,
    address_line2: null,
    address_state: null,
    address_zip: null,
    address_zip_check: null,
    brand: row.brand.charAt(0).toUpperCase() + row.brand.slice(1),
    country: row.country,
    customer: row.customer,
    cvc_check: 'pass',
    dynamic_last4: null,
    exp_month: row.expMonth,
    exp_year: row.expYear,
    fingerprint: row.fingerprint,
    funding: row.funding,
    last4: row.last4,
    metadata: row.metadata,
    name: row.name,
    tokenization_method: null,
    wallet: null,
  };
}
