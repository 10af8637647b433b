/**
 * Reading everything of a connected account. In: a run in `backfill_run`, made when the account was connected, or by a
 * person, or by reconcile. Out: every object of every list given to `applyObjects`, in the transaction that moves the
 * list's cursor, so that a death at any point costs a few pages at most and nothing is skipped.
 * May happen twice: reading a page; applying it is idempotent. Order: newest first within a list; lists run beside each
 * other; events that arrive meanwhile are newer than what is read, and `project` keeps the newest.
 */
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type Stripe from 'stripe';
import { addMs, toEpochS, type Clock } from '#base/clock.ts';
import {
  ConflictError,
  CrashedError,
  GrowthError,
  InvalidInputError,
  messageOf,
  RateLimitedError,
  StripeAccountGoneError,
  StripePermissionError,
} from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { backoffMs } from '#base/retry.ts';
import type { Worker } from '#base/worker.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import type { AccountClients } from './account-clients.ts';
import { BACKFILL_LISTS, type BackfillList } from './backfill-lists.ts';
import { BACKFILL_LIST_COLUMNS, readRunningRuns, type BackfillListRow, type BackfillRunRow } from './backfill-store.ts';
import { rateLimitedReason } from './call-stripe.ts';
import { readConnection, type ConnectionRow } from './connection-store.ts';
import { countReads, type Limiter, type LimitScope } from './limiter.ts';
import { readListPage, type ListPage } from './list-page.ts';
import { findVanished } from './vanished.ts';
import { completeObjects, innerObjects } from './whole-objects.ts';

/** Puts objects that were read into the graph; `asOfS` is when the read began. */
export type ApplyObjects = (
  tx: Tx,
  input: {
    workspaceId: string;
    stripeAccount: string;
    livemode: boolean;
    asOfS: number;
    objects: readonly unknown[];
    /** Default `backfill`: whose billing it changes is computed a little later, for all of them together. */
    cause?: 'backfill' | 'reconcile';
  },
) => Promise<void>;

export interface BackfillDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly clients: AccountClients;
  readonly limiter: Limiter;
  readonly applyObjects: ApplyObjects;
}

/** Who reads a list has it for so long; then another process may go on from its cursor. */
const LEASE_MS = 20_000;
/** Pages of one list, and the time of all, before the worker looks again what else is due: by time they stop together. */
const PAGES_PER_TURN = 60;
const TURN_MS = 4_000;
/** A request that may leave so soon is waited for; for a later one the list is given back. Milliseconds. */
const WAIT_MAX_MS = 1_500;
/**
 * Pages that may wait to be stored: so many, and one, a crash may cost, to be read again. Reading keeps its pace while
 * another list is stored; twice as many gain nothing.
 */
const PAGES_AHEAD = 16;
/** Pages stored in one transaction: it holds the account, and webhooks wait for it. */
const PAGES_TOGETHER = 8;
const BACKOFF = { firstMs: 1_000, maxMs: 5 * 60 * 1000 };
/** Failures of our own (not Stripe's) before a list is given up; a person can start it again. */
const ATTEMPTS_MAX = 8;

export function backfillWorker(deps: BackfillDeps): Worker {
  let isReading = false;
  return {
    name: 'stripe:backfill',
    async runOnce() {
      let objects = 0;
      for (const run of await readRunningRuns(deps.db)) {
        isReading = true;
        objects += await advanceRun(deps, run).finally(() => (isReading = false));
      }
      return objects;
    },
    isFlooding: () => isReading,
    async nextDueAt() {
      const row = await one<{ due: Date | null }>(deps.db, {
        text: `select min(l.not_before) as due from backfill_list l join backfill_run r on r.id = l.run_id
               where r.state = 'running' and l.state in ('waiting', 'running')`,
      });
      return row?.due ?? null;
    },
  };
}

/** Returns how many objects and lists moved on. */
async function advanceRun(deps: BackfillDeps, run: BackfillRunRow): Promise<number> {
  const connection = await readConnection(deps.db, { connectionId: run.connectionId });
  const lists = await claimLists(deps, run);
  const progress = { objects: lists.reduce((sum, { objects }) => sum + objects, 0) };
  const counts = await Promise.all(lists.map((list) => advanceList(deps, { run, connection, list, progress })));
  const isFinished = await finishRun(deps, run);
  return counts.reduce((sum, count) => sum + count, 0) + (isFinished ? 1 : 0);
}

async function claimLists(deps: BackfillDeps, run: BackfillRunRow): Promise<BackfillListRow[]> {
  const now = deps.clock.now();
  return many<BackfillListRow>(deps.db, {
    text: `update backfill_list set state = 'running', not_before = $3, started_at = coalesce(started_at, $2)
           where run_id = $1 and state in ('waiting', 'running') and (not_before is null or not_before <= $2)
           returning ${BACKFILL_LIST_COLUMNS}`,
    values: [run.id, now, addMs(now, LEASE_MS)],
  });
}

interface ListTurn {
  readonly run: BackfillRunRow;
  readonly connection: ConnectionRow;
  readonly list: BackfillListRow;
  /** Of all lists that are being read. */
  readonly progress: { objects: number };
}

async function advanceList(deps: BackfillDeps, input: ListTurn): Promise<number> {
  const definition = BACKFILL_LISTS.find((known) => known.type === input.list.type);
  if (definition === undefined) {
    await endList(deps, { list: input.list, state: 'failed', error: 'This list is no longer read.' });
    return 1;
  }
  try {
    return await readPages(deps, { ...input, definition });
  } catch (error) {
    if (error instanceof CrashedError) throw error;
    await recordFailure(deps, { ...input, definition, error });
    return 0;
  }
}

interface Fetched {
  readonly page: ListPage;
  readonly asOfS: number;
  readonly requests: number;
}

/** A page, and the list as it is when the page is stored. */
interface Advance {
  readonly fetched: Fetched;
  readonly after: BackfillListRow;
}

/** Why no page follows: the limiter's date, or what went wrong. It takes its turn behind the pages that came before. */
interface Stop {
  readonly notBefore?: Date;
  readonly error?: unknown;
}

/** Pages are read while earlier ones are written; those that came meanwhile are written together. */
async function readPages(deps: BackfillDeps, input: ListTurn & { definition: BackfillList }): Promise<number> {
  let list = input.list;
  let objects = 0;
  const pages = Readable.from(fetchPages(deps, input), { highWaterMark: PAGES_AHEAD });
  for await (const first of pages as AsyncIterable<Advance | Stop>) {
    const found = [first];
    for (let next: unknown = pages.read(); next !== null; next = found.length < PAGES_TOGETHER ? pages.read() : null)
      found.push(next as Advance | Stop);
    const advances = found.filter((one) => 'fetched' in one);
    const after = advances.at(-1)?.after ?? list;
    if (advances.length > 0)
      await storePages(deps, { ...input, list, after, pages: advances.map((one) => one.fetched) });
    const { progress } = input;
    const before = progress.objects;
    progress.objects += after.objects - list.objects;
    if (hasGrownTenfold(before, progress.objects)) await deps.db.query({ text: 'analyze' });
    objects += after.objects - list.objects;
    list = after;
    const [stop] = found.flatMap((one) => ('fetched' in one ? [] : [one]));
    if (stop?.error !== undefined) throw stop.error;
    if (stop?.notBefore !== undefined) {
      await release(deps, { list, notBefore: stop.notBefore });
      return objects;
    }
    if (advances.at(-1)?.fetched.page.hasMore === false) return objects + 1;
  }
  await release(deps, { list, notBefore: null });
  return objects;
}

/**
 * One page after another, no further than a turn. Never throws: a stream that fails drops the pages it still holds, and
 * those were read on Stripe's account.
 */
async function* fetchPages(
  deps: BackfillDeps,
  input: ListTurn & { definition: BackfillList },
): AsyncGenerator<Advance | Stop> {
  let { list } = input;
  let stripe: Stripe | undefined;
  const until = addMs(deps.clock.now(), TURN_MS);
  const mayGoOn = (pages: number): boolean =>
    pages < PAGES_PER_TURN || (deps.clock.isRunning === true && deps.clock.now() < until);
  for (let pages = 0; mayGoOn(pages); pages++) {
    let fetched: Fetched | Date;
    try {
      stripe ??= await deps.clients.forConnection(input.connection);
      fetched = await fetchPage(deps, { ...input, list, stripe });
    } catch (error) {
      if (error instanceof RateLimitedError && deps.clock.isRunning === true) {
        await holdBack(deps, { ...input, error });
        continue;
      }
      yield { error };
      return;
    }
    if (fetched instanceof Date) {
      yield { notBefore: fetched };
      return;
    }
    list = advanced(list, fetched);
    yield { fetched, after: list };
    if (!fetched.page.hasMore) return;
  }
}

/**
 * At a thousand objects, ten thousand, and so on. Tables that were empty a moment ago have plans that read the whole of
 * them, until the database counts what is in them; by itself it does that only every few minutes.
 */
function hasGrownTenfold(before: number, after: number): boolean {
  return after >= 1_000 && Math.floor(Math.log10(after)) > Math.floor(Math.log10(Math.max(1, before)));
}

/** A page with its objects complete, or when the limiter lets us read it. */
async function fetchPage(
  deps: BackfillDeps,
  input: ListTurn & { definition: BackfillList; stripe: Stripe },
): Promise<Fetched | Date> {
  const { connection, definition, list, stripe } = input;
  const scope = { account: connection.account, livemode: connection.livemode, resource: definition.path };
  const mayReadAt = await reserveSoon(deps, scope);
  if (mayReadAt !== null) return mayReadAt;
  const asOfS = toEpochS(deps.clock.now());
  // Without a cursor, but with objects read before: the cursor's object was deleted, so go on by time.
  const resumeByTime = list.cursor === null && list.oldestCreatedS !== null;
  const params = { ...definition.params, ...(resumeByTime ? { 'created[lte]': list.oldestCreatedS } : {}) };
  const page = await readListPage(stripe, { path: definition.path, params, startingAfter: list.cursor });
  const whole = await completeObjects(stripe, page.objects);
  return { page: { objects: whole.objects, hasMore: page.hasMore }, asOfS, requests: 1 + whole.requests };
}

/** Nobody asks this endpoint again before Stripe's time is over. */
async function holdBack(
  deps: BackfillDeps,
  input: Pick<ListTurn, 'connection'> & { definition: BackfillList; error: RateLimitedError },
): Promise<void> {
  const { connection, definition, error } = input;
  const scope = { account: connection.account, livemode: connection.livemode, resource: definition.path };
  await deps.limiter.pause(scope, { retryAfterMs: error.retryAfterMs, reason: rateLimitedReason(error) });
}

/** Reserves a request, if need be after a moment: null, or when to ask again. */
async function reserveSoon(deps: BackfillDeps, scope: LimitScope): Promise<Date | null> {
  for (;;) {
    const mayReadAt = await deps.limiter.reserve(scope);
    if (mayReadAt === null || deps.clock.isRunning !== true) return mayReadAt;
    const waitMs = mayReadAt.getTime() - deps.clock.now().getTime();
    if (waitMs > WAIT_MAX_MS) return mayReadAt;
    await pause(Math.max(1, waitMs));
  }
}

function advanced(list: BackfillListRow, fetched: Fetched): BackfillListRow {
  const { objects } = fetched.page;
  const times = objects.map((object) => object['created']).filter((created) => typeof created === 'number');
  const last: unknown = objects.at(-1)?.['id'];
  return {
    ...list,
    cursor: typeof last === 'string' ? last : list.cursor,
    objects: list.objects + objects.length,
    requests: list.requests + fetched.requests,
    newestCreatedS: times.reduce((newest, time) => Math.max(newest, time), list.newestCreatedS ?? 0) || null,
    oldestCreatedS: times.reduce((oldest, time) => Math.min(oldest, time), list.oldestCreatedS ?? Infinity),
  };
}

async function storePages(
  deps: BackfillDeps,
  input: ListTurn & { after: BackfillListRow; pages: readonly Fetched[] },
): Promise<void> {
  const { connection, run, list, after, pages } = input;
  const now = deps.clock.now();
  const hasMore = pages.at(-1)?.page.hasMore === true;
  const read = pages.flatMap(({ page }) => page.objects);
  await deps.db.transaction(async (tx) => {
    const isOurs = await one(tx, {
      name: 'backfill_advance',
      // A page that a crash of the database takes back, cursor and all, is read again: nobody waits for the disk.
      text: `update backfill_list l set cursor = $3, objects = $4, requests = $5, newest_created_s = $6,
               oldest_created_s = $7, state = $8, not_before = $9, finished_at = $10, attempts = 0, error = null
             from backfill_run r
             where l.run_id = $1 and l.type = $2 and l.cursor is not distinct from $11 and l.objects = $12
               and r.id = l.run_id and r.state = 'running'
             returning l.type, set_config('synchronous_commit', 'off', true)`,
      values: [
        run.id,
        list.type,
        after.cursor,
        after.objects,
        after.requests,
        after.newestCreatedS,
        Number.isFinite(after.oldestCreatedS) ? after.oldestCreatedS : null,
        hasMore ? 'running' : 'done',
        hasMore ? addMs(now, LEASE_MS) : null,
        hasMore ? null : now,
        list.cursor,
        list.objects,
      ],
    });
    if (isOurs === undefined) throw new ConflictError('Another process reads this list, or the run was stopped.');
    const vanished: unknown[] = [];
    for (const { page } of pages) {
      vanished.push(...(await findVanished(tx, { run, connection, type: list.type, page })));
    }
    await deps.applyObjects(tx, {
      workspaceId: run.workspaceId,
      stripeAccount: connection.account,
      livemode: connection.livemode,
      // Of all together, when the first was asked for: what an event tells since then is the newer.
      asOfS: Math.min(...pages.map(({ asOfS }) => asOfS)),
      objects: [...read, ...innerObjects(read), ...vanished],
    });
    const { account, livemode } = connection;
    const reads = pages.reduce((sum, { requests }) => sum + requests, 0);
    await countReads(tx, { account, livemode, reads, now });
  });
}

async function recordFailure(
  deps: BackfillDeps,
  input: ListTurn & { definition: BackfillList; error: unknown },
): Promise<void> {
  const { list, connection, definition, error, run } = input;
  const now = deps.clock.now();
  if (error instanceof ConflictError) return;
  if (error instanceof RateLimitedError) {
    await holdBack(deps, { connection, definition, error });
    await release(deps, { list, notBefore: addMs(now, error.retryAfterMs) });
    return;
  }
  deps.log.warn({ err: error, list: list.type, runId: run.id }, 'reading a list of Stripe failed');
  if (error instanceof StripePermissionError) {
    await endList(deps, { list, state: 'not_permitted', error: messageOf(error) });
  } else if (error instanceof StripeAccountGoneError) {
    await deps.db.query({
      text: `update backfill_run set state = 'failed', finished_at = $2, error = $3 where id = $1 and state = 'running'`,
      values: [run.id, now, messageOf(error)],
    });
  } else if (error instanceof InvalidInputError && error.field === 'starting_after' && list.oldestCreatedS !== null) {
    await deps.db.query({
      text: 'update backfill_list set cursor = null, not_before = null where run_id = $1 and type = $2',
      values: [list.runId, list.type],
    });
  } else {
    await deferList(deps, { list, error, now });
  }
}

/** Stripe's own troubles are waited out however long they last; an error of ours gives the list up in the end. */
async function deferList(
  deps: BackfillDeps,
  input: { list: BackfillListRow; error: unknown; now: Date },
): Promise<void> {
  const { list, error, now } = input;
  const attempts = list.attempts + 1;
  const isTransient = error instanceof GrowthError && error.retryable;
  if (!isTransient && attempts >= ATTEMPTS_MAX) {
    await endList(deps, { list, state: 'failed', error: messageOf(error) });
    return;
  }
  await deps.db.query({
    text: `update backfill_list set attempts = $3, error = $4, not_before = $5 where run_id = $1 and type = $2`,
    values: [list.runId, list.type, attempts, messageOf(error), addMs(now, backoffMs(attempts, BACKOFF))],
  });
}

async function release(deps: BackfillDeps, input: { list: BackfillListRow; notBefore: Date | null }): Promise<void> {
  await deps.db.query({
    text: 'update backfill_list set not_before = $3 where run_id = $1 and type = $2',
    values: [input.list.runId, input.list.type, input.notBefore],
  });
}

async function endList(
  deps: BackfillDeps,
  input: { list: BackfillListRow; state: 'failed' | 'not_permitted'; error: string },
): Promise<void> {
  await deps.db.query({
    text: `update backfill_list set state = $3, error = $4, finished_at = $5, not_before = null
           where run_id = $1 and type = $2`,
    values: [input.list.runId, input.list.type, input.state, input.error, deps.clock.now()],
  });
}

async function finishRun(deps: BackfillDeps, run: BackfillRunRow): Promise<boolean> {
  const row = await one(deps.db, {
    text: `update backfill_run r set finished_at = $2,
             state = case when exists (select 1 from backfill_list where run_id = $1 and state = 'failed')
               then 'failed' else 'done' end
           where id = $1 and state = 'running'
             and not exists (select 1 from backfill_list where run_id = $1 and state in ('waiting', 'running'))
           returning id`,
    values: [run.id, deps.clock.now()],
  });
  return row !== undefined;
}
