/**
 * The pages of one list, as fast as Stripe lets us. In: a list and where it stands. Out: its next pages, each complete, and
 * at last why none follows. Nothing is stored here; a page that is dropped is read again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type Stripe from 'stripe';
import { addMs, toEpochS } from '#base/clock.ts';
import { RateLimitedError } from '#base/errors.ts';
import type { BackfillList } from './backfill-lists.ts';
import type { BackfillListRow } from './backfill-store.ts';
import { type BackfillDeps, limitScopeOf, type ListTurn } from './backfill-turn.ts';
import { type LimitScope, pauseAsAsked } from './limiter.ts';
import { type ListPage, readListPage } from './list-page.ts';
import { completeObjects } from './whole-objects.ts';

/** Pages of one list, and the time of all, before the worker looks again what else is due: by time they stop together. */
const PAGES_PER_TURN = 60;
const TURN_MS = 4_000;
/** A request that may leave so soon is waited for; for a later one the list is given back. Milliseconds. */
const WAIT_MAX_MS = 1_500;

/** A page as Stripe gave it, when it was asked for, and what it cost. */
export interface Fetched {
  readonly page: ListPage;
  readonly asOfS: number;
  readonly requests: number;
}

/** A page, and the list as it is when the page is stored. */
export interface Advance {
  readonly fetched: Fetched;
  readonly after: BackfillListRow;
}

/** Why no page follows: the limiter's date, or what went wrong. It takes its turn behind the pages that came before. */
export interface Stop {
  readonly notBefore?: Date;
  readonly error?: unknown;
}

/**
 * One page after another, no further than a turn. Never throws: a stream that fails drops the pages it still holds, and
 * those were read on Stripe's account.
 */
export async function* fetchPages(
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
        await pauseAsAsked(deps.limiter, limitScopeOf(input), error);
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

/** A page with its objects complete, or when the limiter lets us read it. */
async function fetchPage(
  deps: BackfillDeps,
  input: ListTurn & { definition: BackfillList; stripe: Stripe },
): Promise<Fetched | Date> {
  const { definition, list, stripe } = input;
  const mayReadAt = await reserveSoon(deps, limitScopeOf(input));
  if (mayReadAt !== null) return mayReadAt;
  const asOfS = toEpochS(deps.clock.now());
  // Without a cursor, but with objects read before: the cursor's object was deleted, so go on by time.
  const resumeByTime = list.cursor === null && list.oldestCreatedS !== null;
  const params = { ...definition.params, ...(resumeByTime ? { 'created[lte]': list.oldestCreatedS } : {}) };
  const page = await readListPage(stripe, { path: definition.path, params, startingAfter: list.cursor });
  const whole = await completeObjects(stripe, page.objects);
  return { page: { objects: whole.objects, hasMore: page.hasMore }, asOfS, requests: 1 + whole.requests };
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
