/**
 * Reading single objects again. In: `stripe.refetch_wanted` on the bus, where the events that told of an object did not
 * decide what it is (two changes within one second, or a list inside it that was cut off). Out: the object as Stripe has
 * it now, whole, given to `applyObjects` in the transaction that strikes it off. May happen twice: the wish (one row per
 * object), and the read; applying it is idempotent. Order: none; a read is newer than the events that it was wanted for.
 */
import { isRecord } from '#base/is-record.ts';
import type { Consumer } from '#bus/index.ts';
import { addMs, toEpochS } from '#base/clock.ts';
import { messageOf, NotFoundError, RateLimitedError, StripePermissionError } from '#base/errors.ts';
import { backoffMs } from '#base/retry.ts';
import type { Worker } from '#base/worker.ts';
import { many, one, type Tx } from '#db/db.ts';
import type { BackfillDeps } from './backfill-turn.ts';
import { BACKFILL_LISTS } from './backfill-lists.ts';
import { callStripe } from './call-stripe.ts';
import { readActiveConnections, type ConnectionRow } from './connection-store.ts';
import { countReads, pauseAsAsked } from './limiter.ts';
import { completeObjects, innerObjects } from './whole-objects.ts';

export const REFETCH_WANTED = 'stripe.refetch_wanted';

/**
 * From the wish to the read, milliseconds. A read counts as of the second before it (an event of that very second may be
 * newer), and must count as newer than the events that it decides between, by a clock that may be a little behind.
 */
const SETTLES_AFTER_MS = 10_000;
const LEASE_MS = 60_000;
const BATCH_SIZE_MAX = 20;
const BACKOFF = { firstMs: 15_000, maxMs: 30 * 60 * 1000 };
/** Then the wish is given up: the next event of the object, or the next full read, puts it right. */
const ATTEMPTS_MAX = 8;

/** Where one object of a kind is read. What has no address of its own (discounts) is not read again. */
const PATHS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['customer', 'subscription', 'invoice', 'charge', 'product', 'price', 'coupon', 'promotion_code', 'refund'].map(
      (type) => [type, `/v1/${type}s`],
    ),
  ),
  dispute: '/v1/disputes',
  credit_note: '/v1/credit_notes',
  invoice_payment: '/v1/invoice_payments',
  payment_method: '/v1/payment_methods',
};

/** Keeps the wishes, each object once. */
export function refetchConsumer(deps: Pick<BackfillDeps, 'clock'>): Consumer {
  return {
    name: 'stripe-refetch',
    types: [REFETCH_WANTED],
    batchSizeMax: 500,
    from: 'now',
    async handle(tx, events) {
      const now = deps.clock.now();
      await tx.query({
        text: `insert into stripe_refetch as r (account, livemode, type, id, workspace_id, wanted_at, not_before)
               select distinct on (w.account, w.livemode, w.type, w.id) w.account, w.livemode, w.type, w.id, w.workspace, $1, $2
               from unnest($3::text[], $4::boolean[], $5::text[], $6::text[], $7::uuid[])
                 as w (account, livemode, type, id, workspace)
               on conflict (account, livemode, type, id) do update
                 set wanted_at = excluded.wanted_at, not_before = greatest(r.not_before, excluded.not_before), attempts = 0`,
        values: [
          now,
          addMs(now, SETTLES_AFTER_MS),
          events.map(({ data }) => String(data['stripe_account'])),
          events.map(({ data }) => data['livemode'] === true),
          events.map(({ data }) => String(data['object_type'])),
          events.map(({ data }) => String(data['object_id'])),
          events.map(({ workspaceId }) => workspaceId),
        ],
      });
    },
  };
}

interface WantedRow {
  readonly account: string;
  readonly livemode: boolean;
  readonly type: string;
  readonly id: string;
  readonly workspaceId: string;
  readonly wantedAt: Date;
  readonly attempts: number;
}

/** Reads what is due, one object after the other; other processes take others. */
export function refetchWorker(deps: BackfillDeps): Worker {
  return {
    name: 'stripe:refetch',
    async runOnce() {
      const wanted = await takeDue(deps);
      if (wanted.length === 0) return 0;
      const connections = await readActiveConnections(deps.db);
      for (const row of wanted) {
        const connection = connections.find(
          (one) => one.account === row.account && one.livemode === row.livemode && one.workspaceId === row.workspaceId,
        );
        if (connection === undefined || PATHS[row.type] === undefined) await strikeOff(deps.db, row);
        else await refetch(deps, { row, connection, path: PATHS[row.type] ?? '' });
      }
      return wanted.length;
    },
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, { text: 'select min(not_before) as at from stripe_refetch' });
      return row?.at ?? null;
    },
  };
}

async function takeDue(deps: BackfillDeps): Promise<WantedRow[]> {
  const now = deps.clock.now();
  return many<WantedRow>(deps.db, {
    text: `update stripe_refetch set not_before = $2 where (account, livemode, type, id) in (
             select account, livemode, type, id from stripe_refetch where not_before <= $1
             order by not_before limit $3 for update skip locked)
           returning account, livemode, type, id, workspace_id as "workspaceId", wanted_at as "wantedAt", attempts`,
    values: [now, addMs(now, LEASE_MS), BATCH_SIZE_MAX],
  });
}

interface Turn {
  readonly row: WantedRow;
  readonly connection: ConnectionRow;
  readonly path: string;
}

async function refetch(deps: BackfillDeps, turn: Turn): Promise<void> {
  const { row, connection, path } = turn;
  const scope = { account: row.account, livemode: row.livemode, resource: path };
  const mayReadAt = await deps.limiter.reserve(scope);
  if (mayReadAt !== null) return defer(deps, { row, at: mayReadAt, attempts: row.attempts });
  try {
    await readAndApply(deps, turn);
  } catch (error) {
    if (error instanceof RateLimitedError) {
      await pauseAsAsked(deps.limiter, scope, error);
      return defer(deps, { row, at: addMs(deps.clock.now(), error.retryAfterMs), attempts: row.attempts });
    }
    const attempts = row.attempts + 1;
    // What is not there any more, or not ours to read, will not be there later either.
    const isFinal =
      error instanceof NotFoundError || error instanceof StripePermissionError || attempts >= ATTEMPTS_MAX;
    deps.log.warn(
      { err: messageOf(error), type: row.type, id: row.id, connectionId: connection.id, isFinal },
      'reading an object again failed',
    );
    if (isFinal) return strikeOff(deps.db, row);
    await defer(deps, { row, at: addMs(deps.clock.now(), backoffMs(attempts, BACKOFF)), attempts });
  }
}

async function readAndApply(deps: BackfillDeps, { row, connection, path }: Turn): Promise<void> {
  const stripe = await deps.clients.forConnection(connection);
  const query = new URLSearchParams();
  for (const expand of expandOf(path)) query.append('expand[]', expand);
  const asOfS = toEpochS(deps.clock.now());
  const answer: unknown = await callStripe(() =>
    stripe.rawRequest('GET', `${path}/${encodeURIComponent(row.id)}?${query.toString()}`),
  );
  const whole = await completeObjects(stripe, [answer].filter(isRecord));
  await deps.db.transaction(async (tx) => {
    await deps.applyObjects(tx, {
      workspaceId: row.workspaceId,
      stripeAccount: row.account,
      livemode: row.livemode,
      asOfS,
      objects: [...whole.objects, ...innerObjects(whole.objects)],
      cause: 'reconcile',
    });
    await countReads(tx, { ...row, reads: 1 + whole.requests, now: deps.clock.now() });
    await strikeOff(tx, row);
  });
}

/** As in the list of such objects, so that a read here says no less than the backfill. */
function expandOf(path: string): string[] {
  const expand = BACKFILL_LISTS.find((list) => list.path === path)?.params['expand'];
  return Array.isArray(expand) ? expand.map((field: string) => field.replace(/^data\./, '')) : [];
}

/** Unless it was wanted again meanwhile: then it is read again. */
async function strikeOff(db: Pick<Tx, 'query'>, row: WantedRow): Promise<void> {
  await db.query({
    text: `delete from stripe_refetch where account = $1 and livemode = $2 and type = $3 and id = $4 and wanted_at = $5`,
    values: [row.account, row.livemode, row.type, row.id, row.wantedAt],
  });
}

async function defer(deps: BackfillDeps, input: { row: WantedRow; at: Date; attempts: number }): Promise<void> {
  const { row, at, attempts } = input;
  await deps.db.query({
    text: `update stripe_refetch set not_before = $5, attempts = $6
           where account = $1 and livemode = $2 and type = $3 and id = $4`,
    values: [row.account, row.livemode, row.type, row.id, at, attempts],
  });
}
