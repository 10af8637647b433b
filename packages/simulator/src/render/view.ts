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

export function list(data: readonly unknown[], url: string, withCount = true): Out {
  return {
    object: 'list',
    data,
    has_more: false,
    ...(withCount ? { total_count: data.length } : {}),
    url,
  };
}

/** Adds keys only in versions that have them. */
export function when(condition: boolean, part: () => Out): Out {
  return condition ? part() : {};
}
