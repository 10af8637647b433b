/**
 * A discount, embedded in a customer, subscription or item. It has a new id each time a coupon is applied.
 * The coupon is `discount.coupon` up to basil and `discount.source.coupon` since clover; either may be only an id.
 */
import { isRecord } from '#base/is-record.ts';
import { couponFact, type CouponFact } from './coupon.ts';
import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface DiscountFact {
  readonly object: 'discount';
  readonly id: string;
  readonly couponId: string | null;
  /** Null when Stripe gave only the coupon's id. */
  readonly coupon: CouponFact | null;
  readonly promotionCodeId: string | null;
  readonly startS: number | null;
  readonly endS: number | null;
  readonly customerId: string | null;
  readonly subscriptionId: string | null;
  readonly subscriptionItemId: string | null;
}

/** Webhooks carry discounts as ids; `discount` is null then. */
export interface DiscountRef {
  readonly id: string | null;
  readonly discount: DiscountFact | null;
}

/** Versions before 2020-08-27 give discounts no id; then it is made of who has it and of the coupon, which was unique. */
export function readDiscount(raw: unknown): ReadResult<DiscountFact> {
  const how = { objects: ['discount'], read: discountFact };
  if (!isRecord(raw) || (raw['id'] !== undefined && raw['id'] !== null)) return readAs(raw, how);
  const { fact } = readAs({ ...raw, id: 'without' }, how);
  const holderId = fact?.subscriptionId ?? fact?.customerId ?? null;
  if (fact === null || holderId === null || fact.couponId === null) return readAs(raw, how);
  return readAs({ ...raw, id: `${holderId}/${fact.couponId}` }, how);
}

export function discountFact(source: RawObject, id: string): DiscountFact {
  const holder = source.has('coupon') ? source : source.child('source');
  const coupon = holder?.expanded('coupon') ?? null;
  const couponId = holder?.idOf('coupon') ?? null;
  return {
    object: 'discount',
    id,
    couponId,
    coupon: coupon !== null && couponId !== null ? couponFact(coupon, couponId) : null,
    promotionCodeId: source.idOf('promotion_code'),
    startS: source.seconds('start'),
    endS: source.seconds('end'),
    customerId: source.idOf('customer'),
    subscriptionId: source.idOf('subscription'),
    subscriptionItemId: source.idOf('subscription_item'),
  };
}

/**
 * The discounts of a subscription, item or customer, in Stripe's order: the `discounts` array (ids or objects),
 * and the single `discount` of older versions, which repeats the first of them.
 */
export function discountRefs(source: RawObject): readonly DiscountRef[] {
  const single = embeddedDiscount(source, 'discount');
  const list = source.list('discounts');
  const refs = (list?.entries ?? []).map((entry, index): DiscountRef => {
    if (typeof entry === 'string') return { id: entry, discount: entry === single?.id ? single : null };
    if (isRecord(entry)) return discountRef(source.nested(entry, `discounts.${index}`));
    source.warn('wrong_type', `discounts.${index}`);
    return { id: null, discount: null };
  });
  if (list?.isTruncated === true) refs.push({ id: null, discount: null });
  if (refs.length > 0) return refs;
  // A list that is no list must not read as "no discount".
  if (list === null && source.has('discounts')) return [{ id: null, discount: null }];
  if (single !== null) return [{ id: single.id, discount: single }];
  return source.has('discount') ? [{ id: source.idOf('discount'), discount: null }] : [];
}

function discountRef(source: RawObject): DiscountRef {
  const id = source.text('id');
  return { id, discount: discountFact(source, id ?? '') };
}

function embeddedDiscount(source: RawObject, key: string): DiscountFact | null {
  const embedded = source.expanded(key);
  return embedded === null ? null : discountFact(embedded, embedded.text('id') ?? '');
}
