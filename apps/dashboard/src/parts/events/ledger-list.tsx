import type { LedgerRow } from '@growthos/contracts/http/events.ts';
import { getRouteApi, Link } from '@tanstack/react-router';
import { CircleAlert, CircleCheck, Clock, ListTree } from 'lucide-react';
import { useCallback, useRef } from 'react';
import { useEventTypes, useLedger } from '../../api/events.ts';
import { Badge } from '../../design/badge.tsx';
import { Card } from '../../design/card.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { Select } from '../../design/field.tsx';
import { Table, Td, Th, Tr } from '../../design/table.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';
import { LoadMore } from '../load-more.tsx';
import { SearchField } from '../search-field.tsx';
import { useRowKeys } from '../use-row-keys.ts';
import { TypeSelect } from './type-select.tsx';

const route = getRouteApi('/app/events');

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

/** Everything that came in, as it was said, with filters that live in the address. */
export function LedgerList() {
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
