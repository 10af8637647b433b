import type { MessageRow } from '@growthos/contracts/http/messages.ts';
import { getRouteApi, Link } from '@tanstack/react-router';
import {
  CircleCheck,
  CircleQuestionMark,
  CircleX,
  Clock,
  Mail,
  MessageSquare,
  type LucideIcon,
  Send,
  SkipForward,
  Users,
  Webhook,
} from 'lucide-react';
import { useRef } from 'react';
import { useMessages } from '../api/messages.ts';
import { useSequences } from '../api/sequences.ts';
import { Badge } from '../design/badge.tsx';
import { Card } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Select } from '../design/field.tsx';
import { TabPanel, Tabs } from '../design/tabs.tsx';
import { TimeAgo } from '../design/time-ago.tsx';
import type { Tone } from '../design/tone.ts';
import { Answer } from '../parts/answer.tsx';
import { ContactLink } from '../parts/contact-link.tsx';
import { LoadMore } from '../parts/load-more.tsx';
import { MessageDialog } from '../parts/message-dialog.tsx';
import { Page } from '../parts/page.tsx';
import { SendAgain } from '../parts/send-again.tsx';
import { PlannedList } from '../parts/sequence/planned-list.tsx';
import { useRowKeys } from '../parts/use-row-keys.ts';
import { plainWords } from '../parts/plain-words.ts';

const route = getRouteApi('/app/messages');
const TABS = [
  { id: 'sent', label: 'Sent, and held back' },
  { id: 'planned', label: 'Next 7 days' },
] as const;
type Tab = (typeof TABS)[number]['id'];

const STATUS: Readonly<Record<MessageRow['status'], { tone: Tone; icon: LucideIcon }>> = {
  waiting: { tone: 'info', icon: Clock },
  sent: { tone: 'good', icon: CircleCheck },
  skipped: { tone: 'warn', icon: SkipForward },
  failed: { tone: 'bad', icon: CircleX },
  uncertain: { tone: 'warn', icon: CircleQuestionMark },
  canceled: { tone: 'mute', icon: CircleX },
};
const CHANNEL: Readonly<Record<MessageRow['channel'], LucideIcon>> = {
  email: Mail,
  in_app: MessageSquare,
  team: Users,
  webhook: Webhook,
};

/** Every message with what became of it and, where it was not sent, why; and what goes out in the next days. */
export function MessagesPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const shown: Tab = search.tab === 'planned' ? 'planned' : 'sent';
  return (
    <Page title="Sent and planned" says="Every message, what became of it, and what is about to go out.">
      <Tabs
        label="Which messages"
        value={shown}
        tabs={TABS}
        onChange={(tab) => void navigate({ search: { tab }, replace: true })}
      >
        <TabPanel value="sent">
          <SentList />
        </TabPanel>
        <TabPanel value="planned">
          <PlannedList />
        </TabPanel>
      </Tabs>
      <MessageDialog
        id={search.id}
        onClose={() => void navigate({ search: (old) => ({ ...old, id: undefined }), replace: true })}
      />
    </Page>
  );
}

function SentList() {
  const { channel, status, sequenceId } = route.useSearch();
  const messages = useMessages({ channel, status, sequenceId });
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  return (
    <>
      <Filters />
      <Card>
        <Answer query={messages}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.rows);
            if (rows.length === 0) {
              return (
                <EmptyState icon={<Send />} title="No message">
                  {(channel ?? status ?? sequenceId)
                    ? 'None of this kind so far.'
                    : 'Messages appear here once a sequence is on.'}
                </EmptyState>
              );
            }
            return (
              <>
                <ul ref={list} className="divide-y">
                  {rows.map((row) => (
                    <Row key={row.id} row={row} />
                  ))}
                </ul>
                <LoadMore query={messages} />
              </>
            );
          }}
        </Answer>
      </Card>
    </>
  );
}

function Filters() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const sequences = useSequences();
  const set = (key: 'channel' | 'status' | 'sequenceId') => (event: { target: { value: string } }) =>
    void navigate({
      search: (old) => ({ ...old, [key]: event.target.value === '' ? undefined : event.target.value }),
      replace: true,
    });
  return (
    <div className="mb-3 flex flex-wrap gap-2">
      <Select
        aria-label="Channel"
        className="w-auto max-w-full basis-[calc(50%-0.25rem)] sm:basis-auto"
        value={search.channel ?? ''}
        onChange={set('channel')}
      >
        <option value="">Any channel</option>
        <option value="email">E-mail</option>
        <option value="in_app">In the app</option>
        <option value="team">To the team</option>
        <option value="webhook">To other systems</option>
      </Select>
      <Select
        aria-label="State"
        className="w-auto max-w-full basis-[calc(50%-0.25rem)] sm:basis-auto"
        value={search.status ?? ''}
        onChange={set('status')}
      >
        <option value="">Any state</option>
        <option value="waiting">Waiting</option>
        <option value="sent">Sent</option>
        <option value="skipped">Not sent on purpose</option>
        <option value="failed">Failed</option>
        <option value="uncertain">May not have arrived</option>
        <option value="canceled">Canceled</option>
      </Select>
      <Select
        aria-label="Sequence"
        className="w-auto max-w-full basis-[calc(50%-0.25rem)] sm:basis-auto"
        value={search.sequenceId ?? ''}
        onChange={set('sequenceId')}
      >
        <option value="">Any sequence</option>
        {sequences.data?.rows.map((row) => (
          <option key={row.id} value={row.id}>
            {row.name}
          </option>
        ))}
      </Select>
    </div>
  );
}

function Row({ row }: { row: MessageRow }) {
  const { tone, icon: Icon } = STATUS[row.status];
  const Channel = CHANNEL[row.channel];
  return (
    <li data-row className="flex gap-3 px-4 py-3 hover:bg-sunken">
      <Channel className="mt-0.5 size-5 shrink-0 text-ink-3" aria-label={row.channelLabel} />
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <Link
            to="/messages"
            search={(old) => ({ ...old, id: row.id })}
            data-expand
            className="min-w-0 font-medium underline-offset-2 hover:underline"
          >
            {plainWords(row.title)}
          </Link>
          <TimeAgo at={row.at} className="text-[0.8125rem] text-ink-3" />
        </div>
        <p className="text-[0.8125rem] text-ink-2">
          To <ContactLink contact={row.contact} />
          {row.sequence !== null && (
            <>
              {' '}
              from{' '}
              <Link
                to="/sequences/$sequenceId"
                params={{ sequenceId: row.sequence.id }}
                className="underline decoration-line-strong/50 underline-offset-2"
              >
                {row.sequence.name}
              </Link>
            </>
          )}
        </p>
        <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1">
          <Badge tone={tone} icon={<Icon aria-hidden />}>
            {row.statusLabel}
          </Badge>
          {row.outcome !== null && <Badge>{row.outcome}</Badge>}
          {row.reason !== null && <span className="text-[0.8125rem] text-ink-2">{row.reason}</span>}
        </p>
        {row.canSendAgain && (
          <div className="mt-2">
            <SendAgain message={row} />
          </div>
        )}
      </div>
    </li>
  );
}
