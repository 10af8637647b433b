import type { AccountRow } from '#store/access.ts';
import type { AccountState } from '#store/account-state.ts';
import type { Shape } from './version.ts';

/** JSON under construction. */
export type Out = { [key: string]: unknown };

/** From where an object is looked at: whose it is and in which API version. */
export interface View {
  readonly state: AccountState;
  readonly account: AccountRow;
  readonly shape: Shape;
}

/** So many of a list inside an object come with it; the rest is to be asked for. Source: docs.stripe.com/api, invoice.lines. */
const EMBEDDED_MAX = 10;

export function list(data: readonly unknown[], url: string, withCount = true): Out {
  return {
    object: 'list',
    data: data.slice(0, EMBEDDED_MAX),
    has_more: data.length > EMBEDDED_MAX,
    ...(withCount ? { total_count: data.length } : {}),
    url,
  };
}

/** Adds keys only in versions that have them. */
export function when(condition: boolean, part: () => Out): Out {
  return condition ? part() : {};
}
