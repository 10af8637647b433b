import type { PlannedSend } from '@growthos/contracts/http/sequences.ts';
import { Link } from '@tanstack/react-router';
import { CalendarCheck, Pause } from 'lucide-react';
import { useState } from 'react';
import { usePauseRuns, usePlannedSends } from '../../api/sequences.ts';
import { useMayEdit } from '../../api/session.ts';
import { Button } from '../../design/button.tsx';
import { Card } from '../../design/card.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { formatDay, TimeAgo, formatClock } from '../../design/time-ago.tsx';
import { toast } from '../../design/toast.tsx';
import { Answer } from '../answer.tsx';
import { ContactLink } from '../contact-link.tsx';
import { LoadMore } from '../load-more.tsx';
import { plainWords } from '../plain-words.ts';

const DAYS = 7;

/** What goes out in the next days if nothing stops it, day by day; some or all can be paused. */
export function PlannedList() {
  const planned = usePlannedSends(DAYS);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const mayEdit = useMayEdit();
  const toggle = (runId: string) =>
    setChosen((old) => (old.has(runId) ? new Set([...old].filter((one) => one !== runId)) : new Set([...old, runId])));
  return (
    <Answer query={planned}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.rows);
        if (rows.length === 0) {
          return (
            <Card>
              <EmptyState icon={<CalendarCheck />} title="Nothing planned">
                In the next {DAYS} days nothing goes out. When people come into a sequence, their messages stand here
                before they are sent.
              </EmptyState>
            </Card>
          );
        }
        return (
          <>
            {mayEdit && <BulkBar rows={rows} chosen={chosen} onChoose={setChosen} />}
            <Card>
              <Days rows={rows} chosen={chosen} onToggle={mayEdit ? toggle : null} />
              <LoadMore query={planned} />
            </Card>
          </>
        );
      }}
    </Answer>
  );
}

interface BulkProps {
  readonly rows: readonly PlannedSend[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}

function BulkBar({ rows, chosen, onChoose }: BulkProps) {
  const [isAsking, setAsking] = useState(false);
  const pause = usePauseRuns();
  const all = new Set(rows.map((row) => row.runId));
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <Button size="sm" onClick={() => onChoose(chosen.size === all.size ? new Set() : all)}>
        {chosen.size === all.size ? 'Choose none' : 'Choose all shown'}
      </Button>
      <Button size="sm" disabled={chosen.size === 0} onClick={() => setAsking(true)}>
        <Pause aria-hidden /> Pause {chosen.size > 0 ? chosen.size : ''}
      </Button>
      <Confirm
        open={isAsking}
        onClose={() => setAsking(false)}
        title={`Pause ${chosen.size} ${chosen.size === 1 ? 'run' : 'runs'}?`}
        action="Pause"
        busy={pause.isPending}
        error={pause.error?.message}
        onConfirm={() =>
          pause.mutate([...chosen], {
            onSuccess: ({ paused }) => {
              setAsking(false);
              onChoose(new Set());
              toast(`${paused} paused.`);
            },
          })
        }
      >
        Nothing is sent to these people in this sequence until you continue, on the person’s page or under People in the
        sequence.
      </Confirm>
    </div>
  );
}

interface DaysProps {
  readonly rows: readonly PlannedSend[];
  readonly chosen: ReadonlySet<string>;
  readonly onToggle: ((runId: string) => void) | null;
}

function Days({ rows, chosen, onToggle }: DaysProps) {
  const days = new Map<string, PlannedSend[]>();
  for (const row of rows) {
    const day = formatDay(row.dueAt);
    days.set(day, [...(days.get(day) ?? []), row]);
  }
  return (
    <ol>
      {[...days].map(([day, sends]) => (
        <li key={day}>
          <h2 className="border-b bg-sunken px-4 py-1.5 text-xs font-semibold text-ink-2">{day}</h2>
          <ol className="divide-y border-b">
            {sends.map((send) => (
              <li key={`${send.runId}:${send.stepId}`} className="flex gap-3 px-4 py-2.5">
                {onToggle !== null && (
                  <input
                    type="checkbox"
                    aria-label={`Choose ${plainWords(send.action)} to ${send.contact.name}`}
                    checked={chosen.has(send.runId)}
                    onChange={() => onToggle(send.runId)}
                    className="mt-1 size-4.5 shrink-0 accent-accent"
                  />
                )}
                <time dateTime={send.dueAt} className="w-12 shrink-0 text-ink-2 tabular-nums">
                  {formatClock(send.dueAt)}
                </time>
                <div className="min-w-0 flex-1">
                  <p className="font-medium">{plainWords(send.action)}</p>
                  <p className="text-[0.8125rem] text-ink-2">
                    To <ContactLink contact={send.contact} />, step {send.step} of {send.stepCount} of{' '}
                    <Link
                      to="/sequences/$sequenceId"
                      params={{ sequenceId: send.sequence.id }}
                      className="underline decoration-line-strong/50 underline-offset-2"
                    >
                      {send.sequence.name}
                    </Link>
                  </p>
                  {send.note !== null && <p className="text-[0.8125rem] text-ink-3">{send.note}</p>}
                </div>
                <TimeAgo at={send.dueAt} className="hidden text-[0.8125rem] text-ink-3 sm:block" />
              </li>
            ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}
