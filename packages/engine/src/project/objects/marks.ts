/**
 * What was ever told of an object, whatever came first: kept beside its newest state, because a late event may tell of an
 * earlier state that still counts (that an invoice failed before it was paid). Marks only grow and merge by minimum and
 * maximum, so that every order of arrival ends in the same marks.
 */
import type { Telling } from './telling.ts';

export interface Marks {
  /** First and last second in which each status was told, for subscriptions and invoices. */
  readonly seen?: Readonly<Record<string, readonly [firstS: number, lastS: number]>>;
  /** Failed attempts at collecting an invoice: how many at most were told, and when the last one was. */
  readonly failedAttempts?: number;
  readonly lastFailedS?: number;
  /** When a charge was first told to have failed: a bank debit does days after it was made. */
  readonly firstFailedS?: number;
}

export function marksOf(telling: Telling): Marks {
  const { fact, asOfS, eventType } = telling;
  if (eventType === 'charge.failed' && fact.object === 'charge') return { firstFailedS: asOfS };
  if (fact.object !== 'subscription' && fact.object !== 'invoice') return {};
  const seen = fact.status === null ? {} : { seen: { [fact.status]: [asOfS, asOfS] as const } };
  if (eventType !== 'invoice.payment_failed' || fact.object !== 'invoice') return seen;
  return { failedAttempts: Math.max(1, fact.attemptCount ?? 1), lastFailedS: asOfS, ...seen };
}

export function mergeMarks(left: Marks, right: Marks): Marks {
  const seen: Record<string, readonly [number, number]> = { ...left.seen };
  for (const [status, [firstS, lastS]] of Object.entries(right.seen ?? {})) {
    const known = seen[status];
    seen[status] = known ? [Math.min(known[0], firstS), Math.max(known[1], lastS)] : [firstS, lastS];
  }
  const failedAttempts = merged(Math.max, left.failedAttempts, right.failedAttempts);
  const lastFailedS = merged(Math.max, left.lastFailedS, right.lastFailedS);
  const firstFailedS = merged(Math.min, left.firstFailedS, right.firstFailedS);
  return Object.assign(
    Object.keys(seen).length > 0 ? { seen } : {},
    failedAttempts === undefined ? null : { failedAttempts },
    lastFailedS === undefined ? null : { lastFailedS },
    firstFailedS === undefined ? null : { firstFailedS },
  );
}

function merged(
  choose: (left: number, right: number) => number,
  left: number | undefined,
  right: number | undefined,
): number | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return choose(left, right);
}
