import type { CapturedRow } from '@growthos/contracts/http/messages.ts';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ChevronLeft, MailOpen } from 'lucide-react';
import { useRef } from 'react';
import { useCaptured, useCapturedMessage } from '../api/messages.ts';
import { Card } from '../design/card.tsx';
import { cn } from '../design/cn.ts';
import { EmptyState } from '../design/empty-state.tsx';
import { Notice } from '../design/notice.tsx';
import { DayTime, TimeAgo } from '../design/time-ago.tsx';
import { Answer } from '../parts/answer.tsx';
import { ContactLink } from '../parts/contact-link.tsx';
import { LoadMore } from '../parts/load-more.tsx';
import { MailViews } from '../parts/mail-views.tsx';
import { Page } from '../parts/page.tsx';
import { useRowKeys } from '../parts/use-row-keys.ts';

const route = getRouteApi('/app/inbox');

/** E-mails that were kept here instead of leaving the machine: the list, and one as its reader would see it. */
export function InboxPage() {
  const { id } = route.useSearch();
  const captured = useCaptured();
  const isCapturing = captured.data?.pages[0]?.isCapturing;
  return (
    <Page
      wide
      title="Captured e-mail"
      says={
        isCapturing === false
          ? 'Mail leaves through your mail server now; here is what was captured before.'
          : 'Nothing leaves this machine: every e-mail is kept here as its reader would see it.'
      }
    >
      <Answer query={captured}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.rows);
          if (rows.length === 0) {
            return (
              <Card>
                <EmptyState icon={<MailOpen />} title="No e-mail yet">
                  Switch on a sequence, or send a test from its editor: the e-mail appears here within a second.
                </EmptyState>
              </Card>
            );
          }
          return (
            <div className="grid items-start gap-5 lg:grid-cols-[22rem_minmax(0,1fr)]">
              <Card className={cn('overflow-hidden', id !== undefined && 'hidden lg:block')}>
                <List rows={rows} openId={id ?? rows[0]?.id} />
                <LoadMore query={captured} />
              </Card>
              <div className={cn('min-w-0', id === undefined && 'hidden lg:block')}>
                <Message id={id ?? rows[0]?.id} />
              </div>
            </div>
          );
        }}
      </Answer>
    </Page>
  );
}

function List({ rows, openId }: { rows: readonly CapturedRow[]; openId: string | undefined }) {
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  return (
    <ul ref={list} className="divide-y">
      {rows.map((row) => (
        <li key={row.id}>
          <Link
            data-row
            to="/inbox"
            search={{ id: row.id }}
            aria-current={row.id === openId ? 'true' : undefined}
            className={cn(
              'block px-4 py-3 -outline-offset-2 hover:bg-sunken',
              row.id === openId && 'lg:bg-accent-soft',
            )}
          >
            <span className="flex items-baseline justify-between gap-3">
              <span className="min-w-0 truncate font-medium">{row.contact?.name ?? row.to}</span>
              <TimeAgo at={row.at} className="shrink-0 text-xs text-ink-3" />
            </span>
            <span className="block truncate">{row.subject}</span>
            <span className="block truncate text-[0.8125rem] text-ink-3">{row.preview}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Message({ id }: { id: string | undefined }) {
  const message = useCapturedMessage(id);
  return (
    <Answer query={message}>
      {(data) => (
        <Card className="p-4">
          <Link
            to="/inbox"
            search={{}}
            className="mb-3 inline-flex min-h-8 items-center gap-1 font-medium text-accent-ink lg:hidden"
          >
            <ChevronLeft className="size-4" aria-hidden /> All e-mails
          </Link>
          <h2 className="text-base font-semibold">{data.subject}</h2>
          <p className="mt-1 text-[0.8125rem] text-ink-2">
            From {data.from} to {data.to}
            <br />
            <DayTime at={data.at} />
            {data.contact !== null && (
              <>
                , <ContactLink contact={data.contact} />
              </>
            )}
          </p>
          <div className="mt-4">
            <MailViews key={data.id} mail={data} subject={data.subject} />
          </div>
          <Notice className="mt-4">
            Links in this view do not lead anywhere: it is sealed off, because an e-mail may hold anything.
          </Notice>
        </Card>
      )}
    </Answer>
  );
}
