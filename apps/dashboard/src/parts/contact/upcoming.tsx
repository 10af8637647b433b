import type { UpcomingEntry } from '@growthos/contracts/http/timeline.ts';
import {
  CalendarClock,
  CreditCard,
  Hourglass,
  LogOut,
  type LucideIcon,
  RefreshCw,
  SquareStack,
  Workflow,
} from 'lucide-react';
import { cn } from '../../design/cn.ts';
import { TONE_OF } from '../../design/server-tone.ts';
import { DayTime, TimeAgo } from '../../design/time-ago.tsx';
import { TONE_TEXT } from '../../design/tone.ts';
import { plainWords } from '../plain-words.ts';

const ICONS: Readonly<Record<UpcomingEntry['kind'], LucideIcon>> = {
  payment_retry: CreditCard,
  trial_end: Hourglass,
  renewal: RefreshCw,
  cancellation: LogOut,
  card_expiry: CalendarClock,
  sequence_step: Workflow,
  segment_flip: SquareStack,
};

/** What will happen if nothing stops it, soonest first: a dashed line sets it apart from what has happened. */
export function Upcoming({ entries }: { entries: readonly UpcomingEntry[] }) {
  return (
    <section aria-label="Coming next" className="mb-2 rounded-lg border border-dashed border-line-strong/70 px-3 py-2">
      <h3 className="text-xs font-semibold text-ink-3">Coming next</h3>
      <ol>
        {entries.map((entry) => {
          const Icon = ICONS[entry.kind];
          return (
            <li key={entry.id} className="flex gap-3 py-1.5">
              <Icon className={cn('mt-0.5 size-4.5 shrink-0', TONE_TEXT[TONE_OF[entry.tone]])} aria-hidden />
              <div className="min-w-0 flex-1">
                <div className="flex flex-wrap items-baseline gap-x-3">
                  <p className="min-w-0 flex-1 basis-52 font-medium">{plainWords(entry.title)}</p>
                  <span className="text-[0.8125rem] text-ink-3">
                    <DayTime at={entry.at} />, <TimeAgo at={entry.at} />
                  </span>
                </div>
                {(entry.detail !== null || entry.unless !== null) && (
                  <p className="text-[0.8125rem] text-ink-2">
                    {entry.detail}
                    {entry.detail !== null && entry.unless !== null && ' '}
                    {entry.unless !== null && <span className="text-ink-3">{entry.unless}</span>}
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
