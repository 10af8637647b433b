/**
 * Which of several tellings of one object is the newest.
 *
 * The rule is sound because each step can only be wrong where the next one decides: (1) Stripe stamps an event with the
 * second in which the object had this state, so a later second is a later state; (2) within a second, a state that an
 * object can never leave again (deleted, canceled, paid, ...) comes after those that lead to it; (3) `created` comes
 * before every other telling; (4) of two updates, the later one's `previous_attributes` describe the earlier one's
 * object; (5) where even that leaves several (a value that was set and set back), the payload cannot decide: one is taken
 * by its id, so that every arrival order ends alike, and the object is marked uncertain, to be fetched again.
 * The choice depends on the set of tellings alone, never on their order of arrival.
 */
import { isDeepStrictEqual } from 'node:util';
import type { StripeFact } from '../stripe/read.ts';
import type { Telling } from './telling.ts';

export interface Newest {
  readonly telling: Telling;
  /** True where the tellings could not be ordered: fetch the object. */
  readonly isUncertain: boolean;
}

/** @param tellings at least one, all of the same object. */
export function newestOf(tellings: readonly Telling[]): Newest {
  const [first, ...others] = tellings;
  if (!first) throw new Error('newestOf needs a telling');
  const lastS = others.reduce((max, telling) => Math.max(max, telling.asOfS), first.asOfS);
  const deletion = tellings.find((telling) => telling.isDeletion);
  if (deletion) return { telling: deletion, isUncertain: false };
  let candidates = uniqueByTeller(tellings.filter((telling) => telling.asOfS === lastS));
  candidates = highest(candidates, (telling) => lifecycleRank(telling.fact));
  candidates = highest(candidates, typeRank);
  const sinks = candidates.filter((one) => !candidates.some((other) => other !== one && follows(other, one)));
  const [only, ...rest] = sinks.length > 0 ? sinks : candidates;
  if (only && rest.length === 0) return { telling: only, isUncertain: false };
  const pool = sinks.length > 0 ? sinks : candidates;
  const isSame = pool.every((telling) => isDeepStrictEqual(telling.fact, pool[0]?.fact));
  const telling = pool.reduce((best, one) => (one.toldBy > best.toldBy ? one : best));
  return { telling, isUncertain: !isSame };
}

function uniqueByTeller(tellings: readonly Telling[]): Telling[] {
  return [...new Map(tellings.map((telling) => [telling.toldBy, telling])).values()];
}

function highest(tellings: Telling[], rank: (telling: Telling) => number): Telling[] {
  if (tellings.length < 2) return tellings;
  const top = Math.max(...tellings.map(rank));
  return tellings.filter((telling) => rank(telling) === top);
}

/** `created` first; a read is only taken where no event of that second says otherwise. */
function typeRank(telling: Telling): number {
  if (telling.eventType === null) return 0;
  return telling.eventType.endsWith('.created') ? 1 : 2;
}

const INVOICE_RANK = { draft: 0, open: 1, uncollectible: 2, void: 3, paid: 3 } as const;

/** More than the attempts of any invoice: Stripe tries at most 8 times. */
const ATTEMPTS_BOUND = 1000;

/**
 * How far an object is on a way that it never walks back. Source: Stripe's object life cycles (subscription overview,
 * invoice status transitions); `uncollectible` may still become `paid` or `void`.
 */
export function lifecycleRank(fact: StripeFact): number {
  switch (fact.object) {
    case 'subscription':
      if (fact.status === 'canceled' || fact.status === 'incomplete_expired') return 2;
      return fact.status === 'incomplete' ? 0 : 1;
    case 'invoice':
      return INVOICE_RANK[fact.status ?? 'draft'] * ATTEMPTS_BOUND + (fact.attemptCount ?? 0);
    case 'charge':
      return (fact.status === 'pending' ? 0 : 1) + (fact.amountRefundedMinor ?? 0);
    case 'dispute':
      return fact.status !== null &&
        ['won', 'lost', 'warning_closed', 'charge_refunded', 'prevented'].includes(fact.status)
        ? 1
        : 0;
    case 'refund':
      return fact.status === 'pending' || fact.status === 'requires_action' ? 0 : 1;
    default:
      return 0;
  }
}

/** Whether `later` says of itself that the object looked like `earlier` before. */
function follows(later: Telling, earlier: Telling): boolean {
  return (
    later.previous !== null && describes(later.previous, earlier.object) && !describes(later.previous, later.object)
  );
}

/** Whether each value of `part` stands in `whole`. Stripe gives arrays whole and hashes with their changed keys only. */
function describes(part: unknown, whole: unknown): boolean {
  if (isHash(part) && isHash(whole))
    return Object.entries(part).every(([key, value]) => describes(value, whole[key] ?? null));
  return isDeepStrictEqual(part ?? null, whole ?? null);
}

function isHash(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
