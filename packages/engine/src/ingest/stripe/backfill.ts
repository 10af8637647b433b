/**
 * Reading everything of a connected account. In: a run in `backfill_run`, made when the account was connected, or by a
 * person, or by reconcile. Out: every object of every list given to `applyObjects`, in the transaction that moves the
 * list's cursor, so that a death at any point costs a few pages at most and nothing is skipped.
 * May happen twice: reading a page; applying it is idempotent. Order: newest first within a list; lists run beside each
 * other; events that arrive meanwhile are newer than what is read, and `project` keeps the newest.
 */
import { Readable } from 'node:stream';
import { addMs } from '#base/clock.ts';
import { ConflictError, CrashedError } from '#base/errors.ts';
import type { Worker } from '#base/worker.ts';
import { many, one } from '#db/db.ts';
import { endList, recordFailure, release } from './backfill-failures.ts';
import { BACKFILL_LISTS, type BackfillList } from './backfill-lists.ts';
import { type Advance, type Fetched, fetchPages, type Stop } from './backfill-pages.ts';
import { BACKFILL_LIST_COLUMNS, readRunningRuns, type BackfillListRow, type BackfillRunRow } from './backfill-store.ts';
import type { BackfillDeps, ListTurn } from './backfill-turn.ts';
import { readConnection } from './connection-store.ts';
import { countReads } from './limiter.ts';
import { findVanished } from './vanished.ts';
import { innerObjects } from './whole-objects.ts';

/** Who reads a list has it for so long; then another process may go on from its cursor. */
const LEASE_MS = 20_000;
/**
 * Pages that may wait to be stored: so many, and one, a crash may cost, to be read again. Reading keeps its pace while
 * another list is stored; twice as many gain nothing.
 */
const PAGES_AHEAD = 16;
/** Pages stored in one transaction: it holds the account, and webhooks wait for it. */
const PAGES_TOGETHER = 8;

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
 * At a thousand objects, ten thousand, and so on. Tables that were empty a moment ago have plans that read the whole of
 * them, until the database counts what is in them; by itself it does that only every few minutes.
 */
function hasGrownTenfold(before: number, after: number): boolean {
  return after >= 1_000 && Math.floor(Math.log10(after)) > Math.floor(Math.log10(Math.max(1, before)));
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
