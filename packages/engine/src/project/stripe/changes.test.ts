import { describe, expect, test } from 'vitest';
import { rawItem, rawPrice, rawSubscription } from '../../../test/cases/raw-billing.ts';
import { readSubscriptionChange } from '../../../test/world/subscription-change.ts';

type Raw = Readonly<Record<string, unknown>>;

function changesOf(object: Raw, previous: Raw | undefined) {
  const event = { type: 'customer.subscription.updated', data: { object, previous_attributes: previous } };
  const change = readSubscriptionChange(event);
  if (change === null) throw new Error('the event was not read');
  return change;
}

const nextPeriod = { current_period_start: 1_796_083_200, current_period_end: 1_798_761_600 };
const list = (...data: readonly Raw[]) => ({ object: 'list', data });

describe('what an update says has changed', () => {
  test('a plain renewal since basil lists all items as changed, and is no plan change', () => {
    const object = rawSubscription({ items: [rawItem(nextPeriod)], latest_invoice: 'in_2' });
    const { changes } = changesOf(object, { items: list(rawItem()), latest_invoice: 'in_1' });
    expect(changes).toMatchObject({ hasItemsChanged: false, hasPeriodMoved: true, isPlainRenewal: true });
  });

  test('a plain renewal up to acacia moves the period of the subscription', () => {
    const { current_period_start: _start, current_period_end: _end, ...item } = rawItem();
    const object = rawSubscription({ items: [item], ...nextPeriod });
    const previous = { current_period_start: 1_793_491_200, current_period_end: 1_796_083_200 };
    expect(changesOf(object, previous).changes).toMatchObject({ hasItemsChanged: false, isPlainRenewal: true });
  });

  test('a plan switch since basil: the item has another price', () => {
    const pro = rawItem({ price: rawPrice({ id: 'price_pro', product: 'prod_pro', unit_amount: 9900 }) });
    const { before, after, changes } = changesOf(rawSubscription({ items: [pro] }), { items: list(rawItem()) });
    expect(changes).toMatchObject({ hasItemsChanged: true, hasPricesChanged: true, isPlainRenewal: false });
    expect([before.items[0]?.priceId, after.items[0]?.priceId]).toEqual(['price_m', 'price_pro']);
  });

  test('a plan switch up to acacia: only the changed keys of the top-level plan are given', () => {
    const plan = {
      id: 'price_pro',
      object: 'plan',
      amount: 9900,
      currency: 'usd',
      interval: 'month',
      interval_count: 1,
    };
    const object = rawSubscription({
      items: [rawItem({ plan, price: rawPrice({ id: 'price_pro' }) })],
      plan,
      quantity: 1,
    });
    const { before, changes } = changesOf(object, { plan: { id: 'price_basic', amount: 2900 } });
    expect(changes).toMatchObject({ hasPricesChanged: true, hasQuantitiesChanged: false });
    expect(before.items[0]?.price).toMatchObject({ id: 'price_basic', unitAmountDecimal: '2900', interval: 'month' });
  });

  test('more seats up to acacia: only the top-level quantity is given', () => {
    const object = rawSubscription({ items: [rawItem({ quantity: 8 })], quantity: 8 });
    const { before, changes } = changesOf(object, { quantity: 5 });
    expect(changes).toMatchObject({ hasItemsChanged: true, hasPricesChanged: false, hasQuantitiesChanged: true });
    expect(before.items[0]?.quantity).toBe(5);
  });

  test('both encodings of a scheduled cancellation are seen, set and taken back', () => {
    const flagged = rawSubscription({ cancel_at_period_end: true, cancel_at: 1_796_083_200 });
    expect(changesOf(flagged, { cancel_at_period_end: false, cancel_at: null }).changes.cancel).toBe('scheduled');
    const portal = rawSubscription({ cancel_at: 1_796_083_200 });
    expect(changesOf(portal, { cancel_at: null }).changes.cancel).toBe('scheduled');
    expect(changesOf(rawSubscription(), { cancel_at: 1_796_083_200 }).changes.cancel).toBe('reverted');
  });

  test('pause, status, trial end, discounts and payment method each have their hint', () => {
    const object = rawSubscription({
      pause_collection: { behavior: 'void', resumes_at: null },
      status: 'active',
      trial_end: 1_796_342_400,
      discounts: ['di_2'],
      default_payment_method: 'pm_2',
    });
    const previous = {
      pause_collection: null,
      status: 'trialing',
      trial_end: 1_795_132_800,
      discounts: ['di_1'],
      default_payment_method: 'pm_1',
    };
    expect(changesOf(object, previous).changes).toMatchObject({
      hasItemsChanged: false,
      pause: 'paused',
      status: { before: 'trialing', after: 'active' },
      trialEnd: { beforeS: 1_795_132_800, afterS: 1_796_342_400 },
      hasDiscountsChanged: true,
      hasPaymentMethodChanged: true,
      isPlainRenewal: false,
    });
  });

  test('an event that is no readable subscription gives null, and one without previous attributes no change', () => {
    const unreadable = [null, 1, [], {}, { data: null }, { data: { object: { object: 'invoice', id: 'in_1' } } }];
    expect(unreadable.map(readSubscriptionChange)).toEqual(unreadable.map(() => null));
    expect(changesOf(rawSubscription(), undefined).changes).toMatchObject({
      hasItemsChanged: false,
      hasPeriodMoved: false,
    });
  });
});
