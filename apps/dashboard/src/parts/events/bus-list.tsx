import { getRouteApi, Link } from '@tanstack/react-router';
import { ListTree } from 'lucide-react';
import { useRef } from 'react';
import { useBusEvents, useEventTypes } from '../../api/events.ts';
import { Card } from '../../design/card.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';
import { ContactLink } from '../contact-link.tsx';
import { LoadMore } from '../load-more.tsx';
import { useRowKeys } from '../use-row-keys.ts';
import { TypeSelect } from './type-select.tsx';

const route = getRouteApi('/app/events');

/** What we made of it, newest first. */
export function BusList() {
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
