import type { BackfillProgress } from '@growthos/contracts/http/connections.ts';
import { Check, Circle, CircleSlash, LoaderCircle, TriangleAlert } from 'lucide-react';
import { Progress } from '../design/progress.tsx';
import { TimeAgo } from '../design/time-ago.tsx';

const ICONS = {
  waiting: Circle,
  running: LoaderCircle,
  done: Check,
  failed: TriangleAlert,
  not_permitted: CircleSlash,
} as const;
const WORDS = {
  waiting: 'waiting',
  running: 'reading',
  done: 'done',
  failed: 'failed',
  not_permitted: 'not permitted',
} as const;

/** "about 4 minutes left": how long a number of seconds is, for a person who waits. */
function waitText(seconds: number): string {
  if (seconds < 60) return 'less than a minute left';
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `about ${minutes} minutes left` : `about ${Math.round(minutes / 60)} hours left`;
}

/** Reading what Stripe already has: a bar, how long it still takes, and each list on its own. */
export function Backfill({ backfill }: { backfill: BackfillProgress }) {
  const isRunning = backfill.state === 'running';
  const count = backfill.objectsDone.toLocaleString('en');
  return (
    <div>
      {isRunning ? (
        <>
          <div className="mb-1.5 flex flex-wrap justify-between gap-x-4">
            <p className="font-medium">Reading what Stripe already has: {backfill.percent} %</p>
            <p className="text-ink-2">
              {backfill.pausedUntil !== null
                ? 'Stripe asks us to slow down; it goes on by itself'
                : backfill.etaSeconds === null
                  ? 'working out how long it takes'
                  : waitText(backfill.etaSeconds)}
            </p>
          </div>
          <Progress fraction={backfill.percent / 100} label="Reading from Stripe" />
          <p className="mt-1.5 text-[0.8125rem] text-ink-3">
            {count} read so far. New events from Stripe are kept meanwhile; you can leave this page.
          </p>
        </>
      ) : (
        <p className="text-ink-2">
          {backfill.state === 'done' ? `Everything read: ${count} objects` : `Stopped after ${count} objects`}
          {backfill.finishedAt !== null && (
            <>
              , <TimeAgo at={backfill.finishedAt} />
            </>
          )}
          .
        </p>
      )}
      {backfill.error !== null && (
        <p role="alert" className="mt-2 text-bad">
          {backfill.error}
        </p>
      )}
      <ul className="mt-3 grid grid-cols-2 gap-x-6 gap-y-1 sm:grid-cols-3 lg:grid-cols-4">
        {backfill.types.map((type) => {
          const Icon = ICONS[type.state];
          return (
            <li key={type.type} className="flex min-w-0 items-center gap-1.5" title={type.error ?? WORDS[type.state]}>
              <Icon
                aria-label={WORDS[type.state]}
                className={`size-4 shrink-0 ${{ waiting: 'text-ink-3', running: 'animate-spin text-accent-ink', done: 'text-good', failed: 'text-bad', not_permitted: 'text-ink-3' }[type.state]}`}
              />
              <span className="min-w-0 truncate">{type.label}</span>
              <span className="ml-auto text-ink-3 tabular-nums">{type.objectsDone.toLocaleString('en')}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
