import type { BackfillProgress } from '@growthos/contracts/http/connections.ts';
import { BACKFILL_LISTS } from './backfill-lists.ts';
import type { BackfillListRow, BackfillRunRow } from './backfill-store.ts';

/** How much of the whole work a list is, as a rule of thumb: invoices and charges are the long ones. */
const WEIGHTS: Readonly<Record<string, number>> = { customers: 10, subscriptions: 10, invoices: 30, charges: 20 };
/** Below this share an ETA would be a guess. */
const ETA_FROM_PERCENT = 5;
/** A list under way never looks finished. */
const UNDER_WAY_MAX = 0.95;

/**
 * What the page shows. Stripe's lists do not tell their length, but they run from the newest object to the oldest, so a
 * list is as far as it has come back towards the account's oldest object seen so far.
 */
export function backfillProgress(input: {
  run: BackfillRunRow;
  lists: readonly BackfillListRow[];
  now: Date;
  pausedUntil: Date | null;
}): BackfillProgress {
  const { run, lists, now } = input;
  const elapsedMs = (run.finishedAt ?? now).getTime() - run.startedAt.getTime();
  const percent = run.state === 'done' ? 100 : Math.floor(shareOf(lists) * 100);
  const objectsDone = lists.reduce((sum, list) => sum + list.objects, 0);
  const isRunning = run.state === 'running';
  return {
    id: run.id,
    state: run.state,
    startedAt: run.startedAt.toISOString(),
    finishedAt: run.finishedAt?.toISOString() ?? null,
    objectsDone,
    percent,
    etaSeconds:
      isRunning && percent >= ETA_FROM_PERCENT ? Math.ceil(((elapsedMs / percent) * (100 - percent)) / 1000) : null,
    objectsPerSecond: elapsedMs > 0 ? Math.round((objectsDone / elapsedMs) * 10_000) / 10 : null,
    requestsUsed: lists.reduce((sum, list) => sum + list.requests, 0),
    pausedUntil:
      isRunning && input.pausedUntil !== null && input.pausedUntil > now ? input.pausedUntil.toISOString() : null,
    error: run.error ?? lists.find((list) => list.state === 'failed')?.error ?? null,
    types: lists.map((list) => ({
      type: list.type,
      label: BACKFILL_LISTS.find((known) => known.type === list.type)?.label ?? list.type,
      state: list.state,
      objectsDone: list.objects,
      error: list.error,
    })),
  };
}

function shareOf(lists: readonly BackfillListRow[]): number {
  const oldest = Math.min(...lists.map((list) => list.oldestCreatedS ?? Number.POSITIVE_INFINITY));
  let done = 0;
  let whole = 0;
  for (const list of lists) {
    const weight = WEIGHTS[list.type] ?? 1;
    whole += weight;
    if (list.state === 'waiting') continue;
    if (list.state !== 'running') done += weight;
    else if (list.newestCreatedS !== null && list.oldestCreatedS !== null && list.newestCreatedS > oldest) {
      const back = (list.newestCreatedS - list.oldestCreatedS) / (list.newestCreatedS - oldest);
      done += weight * Math.min(UNDER_WAY_MAX, back);
    }
  }
  return whole === 0 ? 0 : done / whole;
}
