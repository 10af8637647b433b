/**
 * Comparing with Stripe's own list of events. In: a connection, and how far it was compared before. Out: every event
 * that Stripe has and the ledger had not is in the ledger, and a drift report says how many. For a key without webhooks
 * this is also the ordinary way in. May happen twice: everything; the ledger keeps one of each event.
 *
 * Stripe's list is not in step with its own clock: an event may appear late, with an older time. So each run begins
 * `OVERLAP_S` before the point that the last one reached, and knows by the ledger what it has already. What Stripe says
 * it could not deliver is fetched first.
 */
import { addMs, toEpochS, type Clock } from '#base/clock.ts';
import { GrowthError, messageOf, RateLimitedError, StripeAccountGoneError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { backoffMs } from '#base/retry.ts';
import type { Worker } from '#base/worker.ts';
import { one, type Db } from '#db/db.ts';
import type { Inbox } from '../inbox/store.ts';
import type { AccountClients } from './account-clients.ts';
import type { AccountDirectory } from './account-directory.ts';
import { startBackfill } from './backfill-store.ts';
import { readActiveConnections, type ConnectionRow } from './connection-store.ts';
import { insertDriftReport } from './drift-report.ts';
import { endDeauthorized } from './end-connection.ts';
import { endDuty, nextDutyAt, readDuty, readRestingDuties, takeDuty } from './duty.ts';
import { readEventEnvelope, toInboxEvent } from './event-envelope.ts';
import { STRIPE_EVENT_TYPES } from './event-types.ts';
import { countReads, type Limiter, pauseAsAsked } from './limiter.ts';
import { readListPage, type ListParams } from './list-page.ts';
import type { SigningSecrets } from './signing-secrets.ts';

export interface ReconcileDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly inbox: Inbox;
  readonly clients: AccountClients;
  readonly limiter: Limiter;
  readonly directory: AccountDirectory;
  readonly signingSecrets: SigningSecrets;
}

const OVERLAP_S = 15 * 60;
/** Stripe lists the events of 30 days; a day less, so that none falls out while we read. */
const EVENTS_REACH_S = 29 * 86_400;
/** Stripe takes at most so many types in one request. */
const TYPES_PER_REQUEST = 20;
const EVERY_MS = 60 * 60 * 1000;
/**
 * An account without webhooks is asked this often. One read a minute is 43,200 a month, beside Stripe's floor of 10,000
 * and 500 per transaction; so polling asks for all types at once and leaves out here what is not used.
 */
const POLL_EVERY_MS = 60 * 1000;
const RETRY = { firstMs: 30_000, maxMs: EVERY_MS };
/**
 * So often in a row Stripe must say that the owner removed us before the connection ends without the event that says so.
 * Once is not enough: two processes that renew an app's token at the same time are told so too, for a moment.
 */
const REVOKED_TIMES = 3;
const LEASE_MS = 5 * 60 * 1000;
/** A process that starts compares at once where the last comparison is older than this. */
const STALE_AT_START_MS = 5 * 60 * 1000;
/** In a scheduled run an event younger than this is not yet counted as missed: its webhook may be on its way. */
const IN_DELIVERY_S = 120;
/** Longest wait for the limiter inside a run; a longer one ends the run, which then begins again. */
const LIMITER_WAIT_MAX_MS = 2_000;

export function reconcileDutyName(connectionId: string): string {
  return `reconcile:${connectionId}`;
}

/** Compares every connection: at the start of a process, every hour, and every minute where events are only asked for. */
export function reconcileWorker(deps: ReconcileDeps): Worker {
  let isStart = true;
  return {
    name: 'stripe:reconcile',
    async runOnce() {
      const connections = await readActiveConnections(deps.db);
      const names = connections.map(({ id }) => reconcileDutyName(id));
      const resting = await readRestingDuties(deps.db, { names, now: deps.clock.now() });
      let handled = 0;
      for (const connection of connections) {
        if (!isStart && resting.has(reconcileDutyName(connection.id))) continue;
        const duty = isStart ? await readDuty(deps.db, reconcileDutyName(connection.id)) : undefined;
        const staleBefore = addMs(deps.clock.now(), -STALE_AT_START_MS);
        const isForced = duty?.doneAt !== undefined && duty.doneAt !== null && duty.doneAt < staleBefore;
        if ((await reconcile(deps, { connection, isForced, isAsked: false })) !== null) handled += 1;
      }
      isStart = false;
      return handled;
    },
    nextDueAt: () => nextDutyAt(deps.db, 'reconcile:'),
  };
}

/**
 * One comparison, if it is due or forced. Returns the id of its report, `''` where polling found nothing worth a report,
 * or null when it was not due. What goes wrong is tried again later, and thrown only where a person asked.
 */
export async function reconcile(
  deps: ReconcileDeps,
  input: { connection: ConnectionRow; isForced: boolean; isAsked: boolean },
): Promise<string | null> {
  const { connection } = input;
  const name = reconcileDutyName(connection.id);
  const startedAt = deps.clock.now();
  if (!(await takeDuty(deps.db, { name, now: startedAt, leaseMs: LEASE_MS, isForced: input.isForced }))) return null;
  const everyMs = connection.details.isPolled === true ? POLL_EVERY_MS : EVERY_MS;
  try {
    const reportId = await compare(deps, { connection, startedAt, isAsked: input.isAsked });
    const now = deps.clock.now();
    await endDuty(deps.db, { name, now, nextAt: addMs(now, everyMs), error: null });
    return reportId;
  } catch (error) {
    const now = deps.clock.now();
    const attempts = ((await readDuty(deps.db, name))?.attempts ?? 0) + 1;
    if (error instanceof RateLimitedError) {
      await pauseAsAsked(deps.limiter, eventsScope(connection), error);
    }
    await endDuty(deps.db, { name, now, nextAt: addMs(now, backoffMs(attempts, RETRY)), error: messageOf(error) });
    if (error instanceof StripeAccountGoneError && error.isRevoked && attempts >= REVOKED_TIMES) {
      await endDeauthorized(deps, { account: connection.account, livemode: connection.livemode, at: now });
    }
    deps.log.warn({ err: error, connectionId: connection.id }, 'comparing with Stripe’s events failed');
    if (input.isAsked || !(error instanceof GrowthError)) throw error;
    return '';
  }
}

interface Tally {
  seen: number;
  missing: number;
  undelivered: number;
  requests: number;
  readonly byType: Record<string, number>;
}

async function compare(
  deps: ReconcileDeps,
  input: { connection: ConnectionRow; startedAt: Date; isAsked: boolean },
): Promise<string> {
  const { connection, startedAt, isAsked } = input;
  const toS = toEpochS(startedAt);
  const completeToS = await readCompleteTo(deps.db, connection);
  const wantedFromS = Math.max(completeToS - OVERLAP_S, Math.min(completeToS, toEpochS(connection.connectedAt)));
  const isTooOld = wantedFromS < toS - EVENTS_REACH_S;
  const fromS = isTooOld ? toS - EVENTS_REACH_S : wantedFromS;
  const isPolled = connection.details.isPolled === true;
  const tally: Tally = { seen: 0, missing: 0, undelivered: 0, requests: 0, byType: {} };
  const countBeforeS = isAsked || isPolled ? Number.POSITIVE_INFINITY : toS - IN_DELIVERY_S;
  const passes: { params: ListParams; isUndelivered: boolean }[] = [
    ...(isPolled ? [] : [{ params: { delivery_success: false }, isUndelivered: true }]),
    ...(isPolled && !isAsked
      ? [{ params: {}, isUndelivered: false }]
      : chunks(STRIPE_EVENT_TYPES).map((types) => ({ params: { types }, isUndelivered: false }))),
  ];
  for (const { params, isUndelivered } of passes) {
    await readEvents(deps, {
      connection,
      params: { ...params, 'created[gte]': fromS },
      isUndelivered,
      countBeforeS,
      tally,
    });
  }
  return deps.db.transaction(async (tx) => {
    const now = deps.clock.now();
    await tx.query({
      text: `update reconcile_state set complete_to_s = greatest(complete_to_s, $2) where stripe_account_id = $1`,
      values: [connection.id, toS],
    });
    await countReads(tx, { account: connection.account, livemode: connection.livemode, reads: tally.requests, now });
    if (isPolled && !isAsked && !isTooOld) return '';
    const runId = isTooOld
      ? await startBackfill(tx, {
          connectionId: connection.id,
          workspaceId: connection.workspaceId,
          reason: 'gap',
          now,
        })
      : null;
    const period = { fromS: isTooOld ? wantedFromS : fromS, toS, startedAt, now };
    return insertDriftReport(tx, { connection, kind: isTooOld ? 'full' : 'events', ...period, ...tally, runId });
  });
}

async function readEvents(
  deps: ReconcileDeps,
  input: {
    connection: ConnectionRow;
    params: ListParams;
    isUndelivered: boolean;
    countBeforeS: number;
    tally: Tally;
  },
): Promise<void> {
  const { connection, tally } = input;
  const stripe = await deps.clients.forConnection(connection);
  let startingAfter: string | null = null;
  for (;;) {
    await waitForLimiter(deps, connection);
    const page = await readListPage(stripe, { path: '/v1/events', params: input.params, startingAfter });
    tally.requests += 1;
    const events = page.objects.filter(isUsed).map((event) => {
      const envelope = readEventEnvelope(event);
      return toInboxEvent({
        envelope,
        workspaceId: connection.workspaceId,
        account: connection.account,
        via: connection.details.isPolled === true ? 'poll' : 'reconcile',
        payload: JSON.stringify(event),
      });
    });
    // Stripe lists the newest first; the ledger is to have them in the order in which they happened.
    events.reverse();
    const outcomes = await deps.inbox.storeMany(events);
    tally.seen += events.length;
    for (const [nth, outcome] of outcomes.entries()) {
      const event = events[nth];
      if (event === undefined || outcome === 'duplicate' || event.createdS > input.countBeforeS) continue;
      tally.missing += 1;
      if (input.isUndelivered) tally.undelivered += 1;
      tally.byType[event.type] = (tally.byType[event.type] ?? 0) + 1;
    }
    const last: unknown = page.objects.at(-1)?.['id'];
    if (!page.hasMore || typeof last !== 'string') return;
    startingAfter = last;
  }
}

/** Of all that an account tells of. What Stripe says it could not deliver to us was asked for, and is among it. */
function isUsed(event: Readonly<Record<string, unknown>>): boolean {
  return STRIPE_EVENT_TYPES.some((type) => type === event['type']);
}

const eventsScope = (connection: ConnectionRow) => ({
  account: connection.account,
  livemode: connection.livemode,
  resource: '/v1/events',
});

async function waitForLimiter(deps: ReconcileDeps, connection: ConnectionRow): Promise<void> {
  for (;;) {
    const at = await deps.limiter.reserve(eventsScope(connection));
    if (at === null) return;
    const waitMs = at.getTime() - deps.clock.now().getTime();
    if (waitMs > LIMITER_WAIT_MAX_MS) {
      throw new RateLimitedError('Stripe asks to slow down.', { retryAfterMs: waitMs });
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, waitMs)));
  }
}

async function readCompleteTo(db: Db, connection: ConnectionRow): Promise<number> {
  const row = await one<{ s: number }>(db, {
    text: 'select complete_to_s::float8 as s from reconcile_state where stripe_account_id = $1',
    values: [connection.id],
  });
  return row?.s ?? toEpochS(connection.connectedAt);
}

function chunks(types: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let at = 0; at < types.length; at += TYPES_PER_REQUEST) parts.push(types.slice(at, at + TYPES_PER_REQUEST));
  return parts;
}
