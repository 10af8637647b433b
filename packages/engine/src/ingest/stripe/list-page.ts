import type Stripe from 'stripe';
import { UpstreamUnavailableError } from '#base/errors.ts';
import { isRecord } from '#base/is-record.ts';
import { callStripe } from './call-stripe.ts';

export type ListParams = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface ListPage {
  readonly objects: readonly Readonly<Record<string, unknown>>[];
  readonly hasMore: boolean;
}

/** Stripe's largest page. */
export const PAGE_SIZE = 100;

/**
 * One page of one of Stripe's lists, as plain JSON: the package's typed methods would turn decimal texts into objects.
 * Costs one read of the account's allocation.
 */
export async function readListPage(
  stripe: Stripe,
  input: { path: string; params: ListParams; startingAfter: string | null },
): Promise<ListPage> {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  for (const [name, value] of Object.entries(input.params)) {
    if (Array.isArray(value)) for (const item of value) query.append(`${name}[]`, String(item));
    else query.append(name, String(value));
  }
  if (input.startingAfter !== null) query.set('starting_after', input.startingAfter);
  const body: unknown = await callStripe(() => stripe.rawRequest('GET', `${input.path}?${query.toString()}`));
  const page = readPage(body);
  if (page === null) {
    throw new UpstreamUnavailableError('stripe', { cause: null, message: `Stripe sent no list for ${input.path}` });
  }
  return page;
}

/** A list as it stands in an answer, on its own or inside an object; null for anything else. */
export function readPage(value: unknown): ListPage | null {
  if (!isRecord(value) || !Array.isArray(value['data'])) return null;
  return { objects: value['data'].filter(isRecord), hasMore: value['has_more'] === true };
}
