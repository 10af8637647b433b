import type Stripe from 'stripe';
import { isRecord } from '#base/is-record.ts';
import { readListPage, readPage } from './list-page.ts';

type StripeObject = Readonly<Record<string, unknown>>;

interface InnerList {
  readonly field: string;
  /** Where the rest is to be had. */
  readonly rest: (id: string) => { path: string; params: Record<string, string> };
}

/** Lists inside objects, which Stripe cuts off at ten (`has_more`). */
const INNER_LISTS: Readonly<Record<string, readonly InnerList[]>> = {
  subscription: [{ field: 'items', rest: (id) => ({ path: '/v1/subscription_items', params: { subscription: id } }) }],
  invoice: [{ field: 'lines', rest: (id) => ({ path: `/v1/invoices/${id}/lines`, params: {} }) }],
  charge: [{ field: 'refunds', rest: (id) => ({ path: '/v1/refunds', params: { charge: id } }) }],
  credit_note: [{ field: 'lines', rest: (id) => ({ path: `/v1/credit_notes/${id}/lines`, params: {} }) }],
};

/**
 * Objects with their inner lists complete. An object whose lists came whole costs nothing; `requests` says what the
 * others cost.
 */
export async function completeObjects(
  stripe: Stripe,
  objects: readonly StripeObject[],
): Promise<{ objects: StripeObject[]; requests: number }> {
  let requests = 0;
  const whole: StripeObject[] = [];
  for (const object of objects) {
    let current = object;
    for (const { field, rest } of INNER_LISTS[String(object['object'])] ?? []) {
      const inner = readPage(object[field]);
      const id = object['id'];
      if (inner === null || !inner.hasMore || typeof id !== 'string') continue;
      const all = [...inner.objects];
      for (let hasMore = true; hasMore; ) {
        const last: unknown = all.at(-1)?.['id'];
        const page = await readListPage(stripe, { ...rest(id), startingAfter: typeof last === 'string' ? last : null });
        requests += 1;
        all.push(...page.objects);
        hasMore = page.hasMore && page.objects.length > 0;
      }
      const list = isRecord(object[field]) ? object[field] : {};
      current = { ...current, [field]: { ...list, data: all, has_more: false } };
    }
    whole.push(current);
  }
  return { objects: whole, requests };
}

/** Objects that stand expanded inside others, to be stored in their own right too: payment methods. */
export function innerObjects(objects: readonly StripeObject[]): StripeObject[] {
  return objects.flatMap((object) => {
    const settings = object['invoice_settings'];
    const candidates = [
      object['default_payment_method'],
      object['default_source'],
      isRecord(settings) ? settings['default_payment_method'] : null,
    ];
    return candidates.filter(isRecord);
  });
}
