/** What becomes of a list that cannot be read on: waited out, given up, or read another way. */
import { addMs } from '#base/clock.ts';
import {
  ConflictError,
  GrowthError,
  InvalidInputError,
  messageOf,
  RateLimitedError,
  StripeAccountGoneError,
  StripePermissionError,
} from '#base/errors.ts';
import { backoffMs } from '#base/retry.ts';
import type { BackfillList } from './backfill-lists.ts';
import type { BackfillListRow } from './backfill-store.ts';
import { type BackfillDeps, limitScopeOf, type ListTurn } from './backfill-turn.ts';
import { pauseAsAsked } from './limiter.ts';

const BACKOFF = { firstMs: 1_000, maxMs: 5 * 60 * 1000 };
/** Failures of our own (not Stripe's) before a list is given up; a person can start it again. */
const ATTEMPTS_MAX = 8;

/** What a failure means for the list: wait, go on another way, or give it up with the reason. */
export async function recordFailure(
  deps: BackfillDeps,
  input: ListTurn & { definition: BackfillList; error: unknown },
): Promise<void> {
  const { list, connection, definition, error, run } = input;
  const now = deps.clock.now();
  if (error instanceof ConflictError) return;
  if (error instanceof RateLimitedError) {
    await pauseAsAsked(deps.limiter, limitScopeOf({ connection, definition }), error);
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

/** Gives the list back, to be read on from `notBefore`; null: at once. */
export async function release(
  deps: BackfillDeps,
  input: { list: BackfillListRow; notBefore: Date | null },
): Promise<void> {
  await deps.db.query({
    text: 'update backfill_list set not_before = $3 where run_id = $1 and type = $2',
    values: [input.list.runId, input.list.type, input.notBefore],
  });
}

export async function endList(
  deps: BackfillDeps,
  input: { list: BackfillListRow; state: 'failed' | 'not_permitted'; error: string },
): Promise<void> {
  await deps.db.query({
    text: `update backfill_list set state = $3, error = $4, finished_at = $5, not_before = null
           where run_id = $1 and type = $2`,
    values: [input.list.runId, input.list.type, input.state, input.error, deps.clock.now()],
  });
}
