import type { InvoiceRow, LineRow } from '#store/invoice.ts';
import { renderPlan, renderPrice } from './catalogue.ts';
import { type Out, type View, when } from './view.ts';

/** Price and parent moved into `pricing` and `parent` with basil; acacia has both. */
export function renderLine(view: View, invoice: InvoiceRow, line: LineRow): Out {
  const { shape } = view;
  return {
    id: line.id,
    object: 'line_item',
    amount: line.amount,
    ...when(shape.since('slimLists') && !shape.since('basil'), () => ({ amount_excluding_tax: line.amount })),
    currency: invoice.currency,
    description: line.description,
    discount_amounts: line.discountAmounts,
    discountable: line.isDiscountable,
    discounts: [],
    ...when(shape.since('invoice2024'), () => ({ invoice: invoice.id })),
    livemode: view.state.livemode,
    metadata: line.metadata,
    ...when(shape.since('acacia'), () => ({ parent: parentOf(line) })),
    period: { end: line.periodEnd, start: line.periodStart },
    ...when(!shape.since('basil'), () => legacy(view, line)),
    ...when(shape.since('acacia'), () => ({
      pretax_credit_amounts: line.discountAmounts.map((part) => ({ ...part, type: 'discount' })),
      pricing: pricingOf(view, line),
    })),
    quantity: line.quantity,
    ...when(shape.since('dahlia'), () => ({ quantity_decimal: String(line.quantity), subtotal: line.amount })),
    ...when(shape.since('endive'), () => ({ subscription: line.subscription })),
    ...when(shape.since('acacia'), () => ({ taxes: [] })),
  };
}

function parentOf(line: LineRow): Out {
  if (line.subscription !== null && line.subscriptionItem !== null) {
    return {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: line.invoiceItem,
        proration: line.isProration,
        proration_details: { credited_items: null },
        subscription: line.subscription,
        subscription_item: line.subscriptionItem,
      },
      type: 'subscription_item_details',
    };
  }
  return {
    invoice_item_details: {
      invoice_item: line.invoiceItem,
      proration: line.isProration,
      proration_details: { credited_items: null },
      subscription: line.subscription,
    },
    subscription_item_details: null,
    type: 'invoice_item_details',
  };
}

function pricingOf(view: View, line: LineRow): Out | null {
  const price = line.price === null ? undefined : view.state.prices.get(line.price);
  if (!price) return null;
  return {
    price_details: { price: price.id, product: price.product },
    type: 'price_details',
    unit_amount_decimal: line.unitAmount === null ? null : String(line.unitAmount),
  };
}

function legacy(view: View, line: LineRow): Out {
  const price = line.price === null ? undefined : view.state.prices.get(line.price);
  return {
    plan: price?.recurring ? renderPlan(view, price) : null,
    price: price ? renderPrice(view, price) : null,
    proration: line.isProration,
    ...when(view.shape.since('slimLists'), () => ({ proration_details: { credited_items: null } })),
    subscription: line.subscription,
    ...when(line.subscriptionItem !== null, () => ({ subscription_item: line.subscriptionItem })),
    ...when(line.invoiceItem !== null, () => ({ invoice_item: line.invoiceItem })),
    tax_amounts: [],
    tax_rates: [],
    type: line.invoiceItem === null ? 'subscription' : 'invoiceitem',
    ...when(view.shape.since('slimLists'), () => ({
      unit_amount_excluding_tax: line.unitAmount === null ? null : String(line.unitAmount),
    })),
  };
}
