import type { TimelineEntry } from '@growthos/contracts/http/timeline.ts';
import { useQueryClient } from '@tanstack/react-query';
import { ArrowUp, History } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTimeline } from '../../api/contacts.ts';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { cn } from '../../design/cn.ts';
import { EmptyState } from '../../design/empty-state.tsx';
import { formatDay } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';
import { useLive } from '../live-updates.tsx';
import { useRowKeys } from '../use-row-keys.ts';
import { TimelineRow } from './timeline-row.tsx';
import { Upcoming } from './upcoming.tsx';

const VIEWS = [
  { label: 'All', kinds: '' },
  { label: 'Billing', kinds: 'billing' },
  { label: 'Messages', kinds: 'message,sequence' },
  { label: 'Product', kinds: 'product' },
  { label: 'Segments', kinds: 'segment' },
  { label: 'Changes', kinds: 'change,identity' },
] as const;

/** Past and coming of one person in one list, newest on top, with what is still to come above it. */
export function ContactTimeline({ contactId }: { contactId: string }) {
  const [kinds, setKinds] = useState<string>('');
  const timeline = useTimeline(contactId, kinds);
  const section = useRef<HTMLDivElement>(null);
  useRowKeys(section);
  const { newCount, showNew } = useNewEvents(contactId, section);
  return (
    <div ref={section}>
      <SectionCard title="Timeline" bodyClassName="pt-1">
        <div role="group" aria-label="What to show" className="mb-3 flex flex-wrap gap-1.5">
          {VIEWS.map((view) => (
            <button
              key={view.label}
              type="button"
              aria-pressed={view.kinds === kinds}
              onClick={() => setKinds(view.kinds)}
              className={cn(
                'min-h-8 rounded-full border px-3 text-[0.8125rem] font-medium',
                view.kinds === kinds ? 'border-accent bg-accent-soft text-accent-ink' : 'text-ink-2 hover:bg-sunken',
              )}
            >
              {view.label}
            </button>
          ))}
        </div>
        <div aria-live="polite" className="sticky top-14 z-10 flex justify-center lg:top-3">
          {newCount > 0 && (
            <Button look="primary" size="sm" className="mb-2 rounded-full shadow-raised" onClick={showNew}>
              <ArrowUp aria-hidden /> {newCount} new
            </Button>
          )}
        </div>
        <Answer query={timeline}>
          {({ pages }) => {
            const upcoming = pages[0]?.upcoming ?? [];
            const entries = pages.flatMap((page) => page.entries);
            return (
              <>
                {upcoming.length > 0 && <Upcoming entries={upcoming} />}
                {entries.length === 0 ? (
                  <EmptyState icon={<History />} title="Nothing yet">
                    {kinds === ''
                      ? 'What happens in Stripe and in your app appears here within a second.'
                      : 'Nothing of this kind so far.'}
                  </EmptyState>
                ) : (
                  <Days entries={entries} />
                )}
                {timeline.hasNextPage && (
                  <div className="mt-3 text-center">
                    <Button busy={timeline.isFetchingNextPage} onClick={() => void timeline.fetchNextPage()}>
                      Show older
                    </Button>
                  </div>
                )}
              </>
            );
          }}
        </Answer>
      </SectionCard>
    </div>
  );
}

/**
 * Counts what came in since the list was read. While the top of the list is in view the list is read again at once;
 * further down nothing moves under the reader: a pill says how many are new.
 */
function useNewEvents(contactId: string, section: { readonly current: HTMLElement | null }) {
  const client = useQueryClient();
  const [newCount, setNewCount] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const refresh = useCallback(() => {
    timer.current = null;
    setNewCount(0);
    void client.invalidateQueries({ queryKey: ['timeline', contactId] });
  }, [client, contactId]);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
    },
    [],
  );
  useLive((event) => {
    if (event.contactId !== contactId) return;
    const isTopInView = (section.current?.getBoundingClientRect().top ?? 0) > -120;
    if (isTopInView) timer.current ??= setTimeout(refresh, 400);
    else setNewCount((count) => count + 1);
  });
  const showNew = () => {
    section.current?.scrollIntoView({ block: 'start' });
    refresh();
  };
  return { newCount, showNew };
}

function Days({ entries }: { entries: readonly TimelineEntry[] }) {
  const days: { day: string; entries: TimelineEntry[] }[] = [];
  for (const entry of entries) {
    const day = formatDay(entry.at);
    const last = days.at(-1);
    if (last?.day === day) last.entries.push(entry);
    else days.push({ day, entries: [entry] });
  }
  return (
    <ol>
      {days.map(({ day, entries: rows }) => (
        <li key={day}>
          <h3 className="mt-4 mb-1 text-xs font-semibold text-ink-3">{day}</h3>
          <ol>
            {rows.map((entry) => (
              <TimelineRow key={entry.id} entry={entry} />
            ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}
