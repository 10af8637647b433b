import type { TimelineEntry, TimelineKind } from '@growthos/contracts/http/timeline.ts';
import { Link } from '@tanstack/react-router';
import {
  ArrowRight,
  CreditCard,
  Fingerprint,
  Mail,
  MousePointerClick,
  PencilLine,
  SquareStack,
  Workflow,
  type LucideIcon,
} from 'lucide-react';
import { useState } from 'react';
import { useBusEvent } from '../../api/events.ts';
import { Badge } from '../../design/badge.tsx';
import { cn } from '../../design/cn.ts';
import { TONE_OF } from '../../design/server-tone.ts';
import { formatClock, fullTime } from '../../design/time-ago.tsx';
import { TONE_SOFT } from '../../design/tone.ts';
import { Answer } from '../answer.tsx';
import { RawJson } from '../raw-json.tsx';
import { plainWords } from '../plain-words.ts';

const ICONS: Readonly<Record<TimelineKind, { icon: LucideIcon; word: string }>> = {
  billing: { icon: CreditCard, word: 'Billing' },
  product: { icon: MousePointerClick, word: 'Product' },
  message: { icon: Mail, word: 'Message' },
  segment: { icon: SquareStack, word: 'Segment' },
  sequence: { icon: Workflow, word: 'Sequence' },
  change: { icon: PencilLine, word: 'Change' },
  identity: { icon: Fingerprint, word: 'Identity' },
};

const RAW_SHOWN_MAX = 5;

/** One thing that happened: a picture and words, when, from where; why and the raw event on demand. */
export function TimelineRow({ entry }: { entry: TimelineEntry }) {
  const [shown, setShown] = useState<'why' | 'raw' | null>(null);
  const { icon: Icon, word } = ICONS[entry.kind];
  const toggle = (what: 'why' | 'raw') => setShown(shown === what ? null : what);
  return (
    <li data-row tabIndex={-1} className="relative flex gap-3 rounded-lg py-2 -outline-offset-2">
      <span
        className={cn('flex size-7 shrink-0 items-center justify-center rounded-full', TONE_SOFT[TONE_OF[entry.tone]])}
      >
        <Icon className="size-4" aria-label={word} />
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline gap-x-3">
          <p className="min-w-0 flex-1 basis-52 font-medium">{plainWords(entry.title)}</p>
          <time
            dateTime={entry.at}
            title={fullTime(entry.at)}
            className="text-[0.8125rem] whitespace-nowrap text-ink-3 tabular-nums"
          >
            {entry.since !== null && `${formatClock(entry.since)}–`}
            {formatClock(entry.at)}
          </time>
        </div>
        {entry.detail !== null && <p className="text-ink-2">{entry.detail}</p>}
        {!saysItsChange(entry) && <Changes changes={entry.changes} />}
        <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-[0.8125rem]">
          <Badge>{entry.source}</Badge>
          {entry.cause !== null && (
            <Expander isOpen={shown === 'why'} onClick={() => toggle('why')} isMain>
              Why?
            </Expander>
          )}
          {entry.eventIds.length > 0 && (
            <Expander isOpen={shown === 'raw'} onClick={() => toggle('raw')} isMain={entry.cause === null}>
              Raw
            </Expander>
          )}
          {entry.messageId !== null && (
            <Link
              to="/messages"
              search={{ id: entry.messageId }}
              className="font-medium text-accent-ink underline-offset-2 hover:underline"
            >
              See the message
            </Link>
          )}
        </div>
        {shown === 'why' && entry.cause !== null && <Why entry={entry} cause={entry.cause} />}
        {shown === 'raw' && (
          <div className="mt-2 space-y-2">
            {entry.eventIds.slice(0, RAW_SHOWN_MAX).map((id) => (
              <Raw key={id} id={id} />
            ))}
            {entry.eventIds.length > RAW_SHOWN_MAX && (
              <p className="text-[0.8125rem] text-ink-3">
                The newest {RAW_SHOWN_MAX} of {entry.eventIds.length}.
              </p>
            )}
          </div>
        )}
      </div>
    </li>
  );
}

interface ExpanderProps {
  readonly isOpen: boolean;
  readonly onClick: () => void;
  /** The one that the key `e` presses. */
  readonly isMain: boolean;
  readonly children: string;
}

function Expander({ isOpen, onClick, isMain, children }: ExpanderProps) {
  return (
    <button
      type="button"
      {...(isMain ? { 'data-expand': true } : {})}
      aria-expanded={isOpen}
      onClick={onClick}
      className="min-h-6 font-medium text-accent-ink underline-offset-2 hover:underline aria-expanded:underline"
    >
      {children}
    </button>
  );
}

/** A single change stands in the title already. */
function saysItsChange({ changes, title }: TimelineEntry): boolean {
  const [first] = changes;
  return first === undefined || (changes.length === 1 && title.startsWith(first.label));
}

function Changes({ changes }: { changes: TimelineEntry['changes'] }) {
  return (
    <ul className="mt-0.5 space-y-0.5 text-ink-2">
      {changes.map((change) => (
        <li key={change.label}>
          <span className="text-ink-3">{change.label}:</span> {change.old ?? 'empty'}{' '}
          <ArrowRight className="inline size-3.5" aria-label="became" /> {change.new ?? 'empty'}
        </li>
      ))}
    </ul>
  );
}

function Why({ entry, cause }: { entry: TimelineEntry; cause: NonNullable<TimelineEntry['cause']> }) {
  return (
    <div className="mt-2 rounded-lg bg-sunken px-3 py-2 text-[0.8125rem]">
      <p>{cause.text}</p>
      <p className="mt-1 flex flex-wrap gap-x-4 text-ink-3">
        <span>
          Event type <code className="text-ink-2">{entry.type}</code>
        </span>
        {cause.stripeEventId !== null && (
          <Link
            to="/events"
            search={{ q: cause.stripeEventId }}
            className="text-accent-ink underline underline-offset-2"
          >
            The event from Stripe
          </Link>
        )}
        {cause.eventId !== null && (
          <Link
            to="/events"
            search={{ tab: 'bus', id: cause.eventId }}
            className="text-accent-ink underline underline-offset-2"
          >
            The event behind it
          </Link>
        )}
      </p>
    </div>
  );
}

function Raw({ id }: { id: string }) {
  const event = useBusEvent(id);
  return (
    <Answer query={event}>
      {(data) => (
        <RawJson
          label="event as it is stored"
          value={{ id: data.id, type: data.type, source: data.source, at: data.at, cause: data.cause, data: data.data }}
        />
      )}
    </Answer>
  );
}
