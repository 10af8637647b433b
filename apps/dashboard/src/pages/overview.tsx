import type { Overview } from '@growthos/contracts/http/overview.ts';
import { Link } from '@tanstack/react-router';
import { ArrowRight, Circle, CircleCheck, PlugZap, SunMedium, TriangleAlert, Users, UsersRound } from 'lucide-react';
import { useRef } from 'react';
import { useOverview } from '../api/overview.ts';
import { useSession } from '../api/session.ts';
import { buttonClass } from '../design/button.tsx';
import { SectionCard } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Notice } from '../design/notice.tsx';
import { ICON_OF, TONE_OF } from '../design/server-tone.ts';
import { TimeAgo } from '../design/time-ago.tsx';
import { TONE_TEXT } from '../design/tone.ts';
import { Answer } from '../parts/answer.tsx';
import { Avatar } from '../parts/avatar.tsx';
import { Page } from '../parts/page.tsx';
import { useRowKeys } from '../parts/use-row-keys.ts';

/** Who needs somebody today, how many people stand where, and whether the data is fresh. */
export function OverviewPage() {
  const overview = useOverview();
  const name = useSession().data?.person.name.split(' ')[0] ?? '';
  return (
    <Page title="Overview" says={name === '' ? undefined : `Hello ${name}. Here is who needs you today.`}>
      <Answer query={overview}>
        {(data) => (
          <div className="space-y-5">
            <Freshness data={data} />
            <Uncertain count={data.uncertainCount} />
            <Setup data={data} />
            <div className="grid gap-5 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
              <NeedsYou people={data.needsYou} questionCount={data.questionCount} />
              <Segments segments={data.segments} />
            </div>
          </div>
        )}
      </Answer>
    </Page>
  );
}

function Freshness({ data: { connection, freshness, contactTotal } }: { data: Overview }) {
  if (connection.state === 'none') {
    return (
      <Notice
        tone="info"
        action={
          <Link to="/connect" className={buttonClass({ look: 'primary' })}>
            <PlugZap aria-hidden /> Connect Stripe
          </Link>
        }
      >
        {connection.text}
      </Notice>
    );
  }
  const Icon = connection.state === 'attention' ? TriangleAlert : CircleCheck;
  return (
    <div className="space-y-3">
      <ul className="flex flex-wrap gap-x-6 gap-y-1.5 text-[0.8125rem] text-ink-2">
        <li className="flex items-center gap-1.5">
          <Icon
            className={`size-4 shrink-0 ${connection.state === 'attention' ? 'text-warn' : 'text-good'}`}
            aria-hidden
          />
          <Link to="/connect" className="underline decoration-line-strong/50 underline-offset-2">
            {connection.text}
          </Link>
        </li>
        <li>
          {contactTotal.isExact ? '' : 'About '}
          {contactTotal.count.toLocaleString('en')} contacts
        </li>
        <li>
          Last from Stripe:{' '}
          {freshness.lastStripeEventAt === null ? 'nothing yet' : <TimeAgo at={freshness.lastStripeEventAt} />}
        </li>
        <li>
          Last from your app:{' '}
          {freshness.lastProductEventAt === null ? 'nothing yet' : <TimeAgo at={freshness.lastProductEventAt} />}
        </li>
        {freshness.waitingCount > 0 && <li>{freshness.waitingCount.toLocaleString('en')} events being read</li>}
      </ul>
      {freshness.deadCount > 0 && (
        <Notice
          tone="warn"
          action={
            <Link to="/events" search={{ tab: 'stuck' }} className={buttonClass({ size: 'sm' })}>
              Look at them
            </Link>
          }
        >
          {freshness.deadCount === 1 ? 'One event' : `${freshness.deadCount} events`} could not be read and{' '}
          {freshness.deadCount === 1 ? 'waits' : 'wait'} for a person.
        </Notice>
      )}
    </div>
  );
}

/** Mails that only a person can decide about. */
function Uncertain({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <Notice
      tone="warn"
      action={
        <Link to="/messages" search={{ status: 'uncertain' }} className={buttonClass({ size: 'sm' })}>
          Decide
        </Link>
      }
    >
      {count === 1 ? 'One mail may not have arrived' : `${count.toLocaleString('en')} mails may not have arrived`}: the
      connection to the mail server broke at the last moment. Say whether {count === 1 ? 'it goes' : 'they go'} out
      again.
    </Notice>
  );
}

const SETUP_LINK = {
  connect_stripe: { to: '/connect' },
  install_snippet: { to: '/settings', search: { tab: 'keys' } },
  switch_on_sequence: { to: '/sequences' },
  set_sender: { to: '/settings', search: { tab: 'sending' } },
  switch_on_sending: { to: '/settings', search: { tab: 'sending' } },
} as const;

function Setup({ data }: { data: Overview }) {
  if (data.setup.every((step) => step.isDone)) return null;
  return (
    <SectionCard title="Finish setting up" says="A few minutes each. You can look around meanwhile.">
      <ol className="grid gap-2 sm:grid-cols-2 lg:grid-cols-4">
        {data.setup.map((step) => (
          <li key={step.key}>
            <Link
              {...SETUP_LINK[step.key]}
              className="flex min-h-11 items-center gap-2 rounded-lg border px-3 py-2 hover:bg-sunken"
            >
              {step.isDone ? (
                <CircleCheck className="size-4.5 shrink-0 text-good" aria-hidden />
              ) : (
                <Circle className="size-4.5 shrink-0 text-ink-3" aria-hidden />
              )}
              <span className={step.isDone ? 'text-ink-3 line-through' : 'font-medium'}>{step.label}</span>
              <span className="sr-only">{step.isDone ? '(done)' : '(to do)'}</span>
            </Link>
          </li>
        ))}
      </ol>
    </SectionCard>
  );
}

function NeedsYou({ people, questionCount }: { people: Overview['needsYou']; questionCount: number }) {
  const list = useRef<HTMLOListElement>(null);
  useRowKeys(list);
  const title =
    people.length === 0
      ? 'Nobody needs you today'
      : `${people.length} ${people.length === 1 ? 'person needs' : 'people need'} you today`;
  return (
    <SectionCard title={title} bodyClassName="px-2 pb-2">
      {questionCount > 0 && <Questions count={questionCount} />}
      {people.length === 0 && questionCount === 0 && (
        <EmptyState icon={<SunMedium />} title="All quiet">
          When a payment fails, a trial nears its end or somebody is about to leave, they stand here.
        </EmptyState>
      )}
      {people.length > 0 && (
        <ol ref={list}>
          {people.map(({ contact, sentence, tone, mrr, at }) => {
            const Icon = ICON_OF[tone];
            return (
              <li key={contact.id}>
                <Link
                  data-row
                  to="/contacts/$contactId"
                  params={{ contactId: contact.id }}
                  className="flex gap-3 rounded-lg px-2 py-2.5 -outline-offset-2 hover:bg-sunken"
                >
                  <Avatar name={contact.name} />
                  <span className="min-w-0 flex-1">
                    <span className="flex flex-wrap items-baseline justify-between gap-x-3">
                      <span className="font-semibold">{contact.name}</span>
                      <span className="text-[0.8125rem] text-ink-3">
                        {mrr !== null && <span className="mr-2 text-ink-2 tabular-nums">{mrr.formatted} a month</span>}
                        <TimeAgo at={at} />
                      </span>
                    </span>
                    <span className="mt-0.5 flex gap-1.5 text-ink-2">
                      <Icon className={`mt-0.5 size-4 shrink-0 ${TONE_TEXT[TONE_OF[tone]]}`} aria-hidden />
                      <span className="min-w-0">{sentence}</span>
                    </span>
                  </span>
                </Link>
              </li>
            );
          })}
        </ol>
      )}
    </SectionCard>
  );
}

/** Whether two contacts are one person: wrong for as long as nobody says. */
function Questions({ count }: { count: number }) {
  return (
    <Link
      to="/who-is-who"
      className="flex min-h-11 items-center gap-3 rounded-lg px-2 py-2.5 -outline-offset-2 hover:bg-sunken"
    >
      <span className="flex size-9 shrink-0 items-center justify-center rounded-full bg-accent-soft text-accent-ink">
        <UsersRound className="size-4.5" aria-hidden />
      </span>
      <span className="min-w-0 flex-1">
        <span className="block font-semibold">
          {count === 1 ? 'One question' : `${count >= 100 ? '100 or more' : count} questions`} of who is who
        </span>
        <span className="block text-ink-2">Two contacts may be one person. Only you can say.</span>
      </span>
      <ArrowRight className="size-4 shrink-0 text-ink-3" aria-hidden />
    </Link>
  );
}

function Segments({ segments }: { segments: Overview['segments'] }) {
  return (
    <SectionCard
      title="Segments"
      says="Live: people come in and go out by themselves."
      bodyClassName="px-2 pb-2"
      action={
        <Link
          to="/segments"
          className="inline-flex min-h-8 items-center gap-1 font-medium text-accent-ink hover:underline"
        >
          All <ArrowRight className="size-4" aria-hidden />
        </Link>
      }
    >
      {segments.length === 0 ? (
        <EmptyState
          icon={<Users />}
          title="No segment is on yet"
          action={
            <Link to="/segments" className={buttonClass({ look: 'primary' })}>
              Choose a segment
            </Link>
          }
        >
          A segment is a group such as “trial ends within 3 days”. Start from a ready-made one.
        </EmptyState>
      ) : (
        <ul>
          {segments.map((segment) => (
            <li key={segment.id}>
              <Link
                to="/segments/$segmentId"
                params={{ segmentId: segment.id }}
                className="flex items-center justify-between gap-4 rounded-lg px-2 py-2 -outline-offset-2 hover:bg-sunken"
              >
                <span className="min-w-0">
                  <span className="font-medium">{segment.name}</span>
                  {segment.says !== null && <span className="block text-[0.8125rem] text-ink-3">{segment.says}</span>}
                </span>
                <span className="text-lg font-semibold tabular-nums">{segment.count.toLocaleString('en')}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </SectionCard>
  );
}
