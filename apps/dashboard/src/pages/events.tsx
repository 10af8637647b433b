import type { LedgerRow } from '@growthos/contracts/http/events.ts';
import { getRouteApi, Link } from '@tanstack/react-router';
import { CircleAlert, CircleCheck, Clock, ListTree } from 'lucide-react';
import { useCallback, useRef } from 'react';
import { useBusEvents, useDeadLetters, useEventTypes, useLedger, useReplayDeadLetter } from '../api/events.ts';
import { useMayEdit } from '../api/session.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { cn } from '../design/cn.ts';
import { EmptyState } from '../design/empty-state.tsx';
import { Select } from '../design/field.tsx';
import { Table, Td, Th, Tr } from '../design/table.tsx';
import { TabPanel, Tabs } from '../design/tabs.tsx';
import { TimeAgo } from '../design/time-ago.tsx';
import { toast } from '../design/toast.tsx';
import { Answer } from '../parts/answer.tsx';
import { ContactLink } from '../parts/contact-link.tsx';
import { BusEventDialog, LedgerEventDialog } from '../parts/event-dialogs.tsx';
import { LoadMore } from '../parts/load-more.tsx';
import { Page } from '../parts/page.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { useRowKeys } from '../parts/use-row-keys.ts';

const route = getRouteApi('/app/events');
const TABS = [
  { id: 'in', label: 'Came in' },
  { id: 'bus', label: 'Made of it' },
  { id: 'stuck', label: 'Needs a person' },
] as const;
type Tab = (typeof TABS)[number]['id'];

/** Every event with its raw data, from Stripe and from the app; what was made of it; and what could not be read. */
export function EventsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const shown: Tab = TABS.find((tab) => tab.id === search.tab)?.id ?? 'in';
  const close = () => void navigate({ search: (old) => ({ ...old, seq: undefined, id: undefined }), replace: true });
  return (
    <Page
      wide
      title="Events"
      says="Everything that Stripe and your app told us, as it was said, and what we made of it."
    >
      <Tabs
        label="Which events"
        value={shown}
        tabs={TABS}
        onChange={(tab) => void navigate({ search: { tab }, replace: true })}
      >
        <TabPanel value="in">
          <Ledger />
        </TabPanel>
        <TabPanel value="bus">
          <Bus />
        </TabPanel>
        <TabPanel value="stuck">
          <Stuck />
        </TabPanel>
      </Tabs>
      <LedgerEventDialog seq={search.seq} onClose={close} />
      <BusEventDialog id={search.id} onClose={close} />
    </Page>
  );
}

const STATUS = {
  received: { tone: 'info', word: 'Waiting its turn', icon: Clock },
  applied: { tone: 'good', word: 'Read', icon: CircleCheck },
  dead: { tone: 'bad', word: 'Could not be read', icon: CircleAlert },
} as const;

export function LedgerBadge({ status }: { status: LedgerRow['status'] }) {
  const { tone, word, icon: Icon } = STATUS[status];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {word}
    </Badge>
  );
}

const SOURCE = { stripe: 'Stripe', track: 'Your app' } as const;

function Ledger() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { source, type, status, q } = search;
  const ledger = useLedger({ source, type, status, q });
  const types = useEventTypes().data?.ledger ?? [];
  const set = useCallback(
    (key: string, value: string) =>
      void navigate({ search: (old) => ({ ...old, [key]: value === '' ? undefined : value }), replace: true }),
    [navigate],
  );
  const onSearch = useCallback((next: string) => set('q', next), [set]);
  const body = useRef<HTMLDivElement>(null);
  useRowKeys(body);
  return (
    <div ref={body}>
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchField
          label="Search events"
          placeholder="evt_…, cus_… or a user ID"
          value={q ?? ''}
          onChange={onSearch}
          className="basis-full sm:flex-1 sm:basis-64"
        />
        <Select
          aria-label="From"
          className="w-auto max-w-full basis-[calc(50%-0.25rem)] sm:basis-auto"
          value={source ?? ''}
          onChange={(event) => set('source', event.target.value)}
        >
          <option value="">Any source</option>
          <option value="stripe">From Stripe</option>
          <option value="track">From your app</option>
        </Select>
        <Select
          aria-label="State"
          className="w-auto max-w-full basis-[calc(50%-0.25rem)] sm:basis-auto"
          value={status ?? ''}
          onChange={(event) => set('status', event.target.value)}
        >
          <option value="">Any state</option>
          {Object.entries(STATUS).map(([value, { word }]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </Select>
        <TypeSelect
          className="basis-[calc(50%-0.25rem)] sm:basis-auto"
          types={types}
          value={type}
          onChange={(next) => set('type', next)}
        />
      </div>
      <Card>
        <Answer query={ledger}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.rows);
            if (rows.length === 0) {
              return (
                <EmptyState icon={<ListTree />} title="No event">
                  {(source ?? type ?? status ?? q) === undefined
                    ? 'Events appear here the moment Stripe or your app sends one.'
                    : 'None that matches. Try fewer filters.'}
                </EmptyState>
              );
            }
            return (
              <>
                <Table
                  caption="Events that came in"
                  head={
                    <>
                      <Th>Event</Th>
                      <Th>From</Th>
                      <Th>About</Th>
                      <Th>State</Th>
                      <Th>Came in</Th>
                    </>
                  }
                >
                  {rows.map((row) => (
                    <Tr key={row.seq} data-row>
                      <Td className="min-w-56">
                        <Link
                          to="/events"
                          search={(old) => ({ ...old, seq: row.seq })}
                          data-expand
                          className="font-medium underline-offset-2 hover:underline"
                        >
                          {row.type}
                        </Link>
                        <span className="block font-mono text-xs text-ink-3">{row.eventId}</span>
                      </Td>
                      <Td label="From" className="whitespace-nowrap">
                        {SOURCE[row.source]} <span className="text-ink-3">({row.via})</span>
                      </Td>
                      <Td label="About" className="font-mono text-xs">
                        {row.subject}
                      </Td>
                      <Td label="State">
                        <LedgerBadge status={row.status} />
                      </Td>
                      <Td label="Came in" className="whitespace-nowrap">
                        <TimeAgo at={row.receivedAt} />
                      </Td>
                    </Tr>
                  ))}
                </Table>
                <LoadMore query={ledger} />
              </>
            );
          }}
        </Answer>
      </Card>
    </div>
  );
}

function Bus() {
  const { type } = route.useSearch();
  const navigate = route.useNavigate();
  const events = useBusEvents({ type });
  const types = useEventTypes().data?.bus ?? [];
  const body = useRef<HTMLDivElement>(null);
  useRowKeys(body);
  return (
    <div ref={body}>
      <TypeSelect
        className="mb-3"
        types={types}
        value={type}
        onChange={(next) =>
          void navigate({ search: (old) => ({ ...old, type: next === '' ? undefined : next }), replace: true })
        }
      />
      <Card>
        <Answer query={events}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.rows);
            if (rows.length === 0) return <EmptyState icon={<ListTree />} title="Nothing yet" />;
            return (
              <>
                <ul className="divide-y">
                  {rows.map((row) => (
                    <li
                      key={row.id}
                      data-row
                      className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2.5 hover:bg-sunken"
                    >
                      <div className="min-w-0 flex-1 basis-72">
                        <Link
                          to="/events"
                          search={(old) => ({ ...old, id: row.id })}
                          data-expand
                          className="font-medium underline-offset-2 hover:underline"
                        >
                          {row.title}
                        </Link>
                        <span className="block text-[0.8125rem] text-ink-3">
                          {row.source}, <code className="font-mono text-xs">{row.type}</code>
                        </span>
                      </div>
                      <ContactLink contact={row.contact} />
                      <TimeAgo at={row.at} className="text-[0.8125rem] text-ink-3" />
                    </li>
                  ))}
                </ul>
                <LoadMore query={events} />
              </>
            );
          }}
        </Answer>
      </Card>
    </div>
  );
}

function Stuck() {
  const dead = useDeadLetters();
  const replay = useReplayDeadLetter();
  const mayEdit = useMayEdit();
  return (
    <Card>
      <Answer query={dead}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.rows);
          if (rows.length === 0) {
            return (
              <EmptyState icon={<CircleCheck />} title="Nothing is stuck">
                What cannot be read, even after several tries, waits here for a person instead of getting lost.
              </EmptyState>
            );
          }
          return (
            <>
              <ul className="divide-y">
                {rows.map((row) => (
                  <li key={row.id} className="flex flex-wrap items-start justify-between gap-3 px-4 py-3">
                    <div className="min-w-0 flex-1 basis-72">
                      <p className="font-medium">
                        {row.where}: <code className="font-mono text-xs">{row.type}</code>
                      </p>
                      <p className="text-bad">{row.error}</p>
                      <p className="mt-0.5 flex flex-wrap gap-x-3 text-[0.8125rem] text-ink-3">
                        <TimeAgo at={row.diedAt} />
                        {row.contact !== null && <ContactLink contact={row.contact} />}
                        {row.ledgerSeq !== null && (
                          <Link
                            to="/events"
                            search={(old) => ({ ...old, seq: row.ledgerSeq ?? undefined })}
                            className="text-accent-ink underline underline-offset-2"
                          >
                            The event
                          </Link>
                        )}
                        {row.busEventId !== null && (
                          <Link
                            to="/events"
                            search={(old) => ({ ...old, id: row.busEventId ?? undefined })}
                            className="text-accent-ink underline underline-offset-2"
                          >
                            The event behind it
                          </Link>
                        )}
                      </p>
                    </div>
                    {mayEdit && (
                      <Button
                        size="sm"
                        busy={replay.isPending && replay.variables === row.id}
                        onClick={() =>
                          replay.mutate(row.id, {
                            onSuccess: () => toast('Read. It is in order now.'),
                            onError: (error) => toast(error.message, 'bad'),
                          })
                        }
                      >
                        Try again
                      </Button>
                    )}
                  </li>
                ))}
              </ul>
              <LoadMore query={dead} />
            </>
          );
        }}
      </Answer>
    </Card>
  );
}

function TypeSelect(props: {
  types: readonly string[];
  value: string | undefined;
  onChange: (type: string) => void;
  className: string;
}) {
  return (
    <Select
      aria-label="Type"
      className={cn('w-auto max-w-full', props.className)}
      value={props.value ?? ''}
      onChange={(event) => props.onChange(event.target.value)}
    >
      <option value="">Any type</option>
      {props.types.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </Select>
  );
}
