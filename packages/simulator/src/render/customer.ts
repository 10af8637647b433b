import type { CustomerRow } from '#store/customer.ts';
import { renderDiscount } from './discount.ts';
import { type Out, type View, when } from './view.ts';

export function renderCustomer(view: View, row: CustomerRow): Out {
  const { shape, state } = view;
  if (row.deleted) return { id: row.id, object: 'customer', deleted: true };
  const discount = row.discount === null ? undefined : state.discounts.get(row.discount);
  return {
    id: row.id,
    object: 'customer',
    address: row.address,
    balance: row.balance,
    created: row.created,
    currency: row.currency,
    ...when(shape.since('dahlia'), () => ({ customer_account: null })),
    default_source: row.defaultSource,
    delinquent: row.delinquent,
    description: row.description,
    discount: discount ? renderDiscount(view, discount) : null,
    email: row.email,
    invoice_prefix: row.invoicePrefix,
    invoice_settings: {
      custom_fields: null,
      default_payment_method: row.defaultPaymentMethod,
      footer: null,
      ...when(shape.since('slimLists'), () => ({ rendering_options: null })),
    },
    livemode: state.livemode,
    metadata: row.metadata,
    name: row.name,
    next_invoice_sequence: row.nextInvoiceSequence,
    phone: row.phone,
    preferred_locales: row.preferredLocales,
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}
