/** One plan-change case: subscriptions in short form become raw Stripe objects, then take the production path. */
import { readSubscription, type SubscriptionFact } from '../../stripe/subscription.ts';
import { planChange } from '../plan-change.ts';
import {
  asList,
  asMoment,
  asRecord,
  CaseFormatError,
  type CaseRecord,
  caseSettings,
  compareFields,
  type Mismatch,
} from './case-file.ts';

/** Any moment will do: nothing in the short form depends on it unless the case says so. */
const DEFAULT_AS_OF = '2026-11-24T00:00:00Z';

export function checkPlanChangeCase(given: CaseRecord): readonly Mismatch[] {
  const asOf = asMoment(given['as_of'] ?? DEFAULT_AS_OF, 'as_of');
  const settings = caseSettings(given['tenant'], given['policy']);
  const moment = (side: string) => ({ customers: [], subscriptions: subscriptions(given[side], side), settings, asOf });
  const change = planChange({
    before: moment('before'),
    after: moment('after'),
    hadPositiveMrrBefore: given['had_positive_mrr_before'] === true,
  });
  return compareFields(asRecord(given['expected'], 'expected'), {
    mrr_before: change.mrrBeforeMinor,
    mrr_after: change.mrrAfterMinor,
    delta: change.deltaMinor,
    movement: change.movement,
    kind: change.kind,
    plan_event: change.planEvent,
    interval_changed: change.isIntervalChanged,
    currency: change.currency,
    plan_before: change.planBefore,
    plan_after: change.planAfter,
  });
}

function subscriptions(given: unknown, side: string): readonly SubscriptionFact[] {
  return asList(given, side).map((entry) => {
    const { fact } = readSubscription(rawSubscription(asRecord(entry, side)));
    if (fact === null) throw new CaseFormatError(`${side} has a subscription without an id`);
    return fact;
  });
}

function rawSubscription(short: CaseRecord): CaseRecord {
  const currency = short['currency'] ?? 'usd';
  const percentOff = short['percent_off_forever'];
  return {
    ...short,
    object: 'subscription',
    customer: short['customer'] ?? 'cus_1',
    currency,
    pause_collection:
      short['collection_paused_void'] === true ? { behavior: 'void' } : (short['pause_collection'] ?? null),
    discounts: typeof percentOff === 'number' ? [percentOffForever(percentOff)] : (short['discounts'] ?? []),
    items: {
      object: 'list',
      has_more: false,
      data: asList(short['items'], 'items').map((item) => rawItem(asRecord(item, 'items'), currency)),
    },
  };
}

function percentOffForever(percentOff: number): CaseRecord {
  const coupon = { id: `off_${percentOff}`, object: 'coupon', duration: 'forever', percent_off: percentOff };
  return { id: `di_${percentOff}`, object: 'discount', end: null, source: { type: 'coupon', coupon } };
}

function rawItem(short: CaseRecord, currency: unknown): CaseRecord {
  const { price, product, unit_amount, interval, interval_count = 1, usage_type = 'licensed', ...rest } = short;
  return {
    ...rest,
    price: {
      id: price,
      object: 'price',
      product,
      currency: short['currency'] ?? currency,
      billing_scheme: 'per_unit',
      unit_amount,
      recurring: { interval, interval_count, usage_type },
    },
  };
}
