/** The same facts in the shape of each version. */
import { LATER_S, odd, type OddEvent, updated } from './odd-event.ts';
import { charge, invoice, item, list, MONTH, plan, price, type Shape, subscription, UNPAID } from '../stripe-shapes.ts';

const SHAPES: readonly Shape[] = ['plans', 'legacy', 'acacia', 'basil', 'clover'];
const starter = { id: 'price_starter', unit_amount: 5_000, unit_amount_decimal: '5000' };
const starterPlan = plan({ id: 'price_starter', amount: 5_000, amount_decimal: '5000' });
const starterItem = (shape: Shape) =>
  item(shape, { plan: starterPlan, ...(shape === 'plans' ? {} : { price: price(starter) }) });

/** The same facts in each version. */
export const IN_EVERY_VERSION: OddEvent[] = SHAPES.flatMap((shape) => [
  odd(
    `${shape}: a new subscription`,
    [shape, 'customer.subscription.created', subscription(shape)],
    ['subscription_created'],
  ),
  odd(
    `${shape}: a plan switch`,
    [shape, updated, subscription(shape), { items: list([starterItem(shape)]), plan: starterPlan }],
    ['subscription_updated'],
  ),
  odd(`${shape}: a plain renewal, which newer versions tell with all items`, [
    shape,
    updated,
    subscription(shape),
    shape === 'basil' || shape === 'clover'
      ? {
          items: list([
            item(shape, { current_period_start: MONTH.start - 2_592_000, current_period_end: MONTH.start }),
          ]),
          latest_invoice: 'in_2',
        }
      : { current_period_start: MONTH.start - 2_592_000, current_period_end: MONTH.start, latest_invoice: 'in_2' },
  ]),
  odd(
    `${shape}: a cancellation at the period's end, by the flag`,
    [
      shape,
      updated,
      subscription(shape, { cancel_at_period_end: true, cancel_at: MONTH.end, canceled_at: LATER_S }),
      { cancel_at_period_end: false, cancel_at: null, canceled_at: null },
    ],
    ['subscription_updated'],
  ),
  odd(`${shape}: a paid invoice`, [shape, 'invoice.paid', invoice(shape)], ['payment_succeeded']),
  odd(
    `${shape}: a failed payment`,
    [shape, 'invoice.payment_failed', invoice(shape, UNPAID)],
    ['invoice.payment_failed'],
  ),
  odd(`${shape}: a one-off charge`, [shape, 'charge.succeeded', charge(shape)], ['payment_succeeded']),
  odd(
    `${shape}: the end of a subscription, without cancellation details`,
    [
      shape,
      'customer.subscription.deleted',
      subscription(shape, { status: 'canceled', ended_at: LATER_S, canceled_at: LATER_S }),
    ],
    ['subscription_canceled'],
  ),
]);
