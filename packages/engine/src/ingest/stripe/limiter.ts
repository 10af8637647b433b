import { addMs, type Clock } from '#base/clock.ts';
import type { RateLimitedError } from '#base/errors.ts';
import { one, type Db, type Queryable } from '#db/db.ts';
import { rateLimitedReason } from './call-stripe.ts';

/** Stripe allows 25 requests a second to one endpoint of one account. Source: Stripe, rate limits (2026). */
const REQUESTS_PER_SECOND = 25;
/**
 * No more than those in any so many milliseconds: a second, and by how much later than another a request may leave when
 * this process is busy. Who was held up may catch up within it.
 */
const WINDOW_MS = 1_050;

export interface LimitScope {
  readonly account: string;
  readonly livemode: boolean;
  /** Stripe's endpoint, such as `/v1/customers`. */
  readonly resource: string;
}

/** The pace that all processes keep together: a row per endpoint says when the last requests left. */
export interface Limiter {
  /** Reserves a request: null when it may leave now, else when to ask again; then nothing was reserved. */
  reserve(scope: LimitScope): Promise<Date | null>;
  /** Stripe answered 429: nobody asks this endpoint again before `retryAfterMs` have passed. */
  pause(scope: LimitScope, input: { retryAfterMs: number; reason: string | null }): Promise<void>;
}

/** @param deps.requestsPerSecond null: as many as there is an answer to; a pause that Stripe asks for is kept all the same. */
export function createLimiter(deps: { db: Db; clock: Clock; requestsPerSecond?: number | null }): Limiter {
  const limit = deps.requestsPerSecond === undefined ? REQUESTS_PER_SECOND : deps.requestsPerSecond;
  return {
    async reserve(scope) {
      const now = deps.clock.now();
      const row = await one<{ reserved: boolean; nextAt: Date | null }>(deps.db, {
        name: 'stripe_limit_reserve',
        text: `with took as (
            insert into stripe_limit as l (account, livemode, resource, next_at, left_at)
            values ($1, $2, $3, $4, array[$4::timestamptz])
            on conflict (account, livemode, resource) do update
              set left_at = case when cardinality(l.left_at) >= $5::int then l.left_at[2:] else l.left_at end || $4
              where l.next_at <= $4 and (cardinality(l.left_at) < $5::int or l.left_at[1] <= $6)
            returning true)
          select exists (select 1 from took) as reserved,
            (select greatest(next_at, left_at[1] + $7 * interval '1 millisecond') from stripe_limit
             where account = $1 and livemode = $2 and resource = $3) as "nextAt"`,
        values: [
          scope.account,
          scope.livemode,
          scope.resource,
          now,
          limit ?? 1,
          addMs(now, limit === null ? 0 : -WINDOW_MS),
          limit === null ? 0 : WINDOW_MS,
        ],
      });
      return row === undefined || row.reserved ? null : row.nextAt;
    },
    async pause(scope, { retryAfterMs, reason }) {
      const now = deps.clock.now();
      await deps.db.query({
        text: `insert into stripe_limit as l (account, livemode, resource, next_at, limited_reason, limited_at)
               values ($1, $2, $3, $4, $5, $6)
               on conflict (account, livemode, resource) do update
                 set next_at = greatest(l.next_at, excluded.next_at), limited_reason = $5, limited_at = $6`,
        values: [scope.account, scope.livemode, scope.resource, addMs(now, retryAfterMs), reason, now],
      });
    },
  };
}

/** Does what a 429 asks for: nobody asks this endpoint again before Stripe's time is over. */
export async function pauseAsAsked(limiter: Limiter, scope: LimitScope, error: RateLimitedError): Promise<void> {
  await limiter.pause(scope, { retryAfterMs: error.retryAfterMs, reason: rateLimitedReason(error) });
}

/** Counts reads against Stripe's allocation, by calendar month. */
export async function countReads(
  db: Pick<Db, 'query'>,
  input: { account: string; livemode: boolean; reads: number; now: Date },
): Promise<void> {
  await db.query({
    name: 'stripe_count_reads',
    text: `insert into stripe_read_count as c (account, livemode, month, reads)
           values ($1, $2, date_trunc('month', $3::timestamptz at time zone 'UTC')::date, $4)
           on conflict (account, livemode, month) do update set reads = c.reads + excluded.reads`,
    values: [input.account, input.livemode, input.now, input.reads],
  });
}

/**
 * Reads that Stripe allows every account a month; 500 for each payment, averaged over 30 days, where that is more.
 * Source: Stripe, rate limits, read API request allocation (2026).
 */
export const READS_ALLOWED_AT_LEAST = 10_000;

/** What `countReads` has counted in the month of `now`. */
export async function readsThisMonth(
  db: Queryable,
  input: { account: string; livemode: boolean; now: Date },
): Promise<number> {
  const row = await one<{ reads: number }>(db, {
    text: `select reads::float8 as reads from stripe_read_count
           where account = $1 and livemode = $2 and month = date_trunc('month', $3::timestamptz at time zone 'UTC')::date`,
    values: [input.account, input.livemode, input.now],
  });
  return row?.reads ?? 0;
}
