import type { ContactRow } from '@growthos/contracts/http/contacts.ts';
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { cn } from '../design/cn.ts';
import { DayTime, TimeAgo } from '../design/time-ago.tsx';
import { Avatar } from './avatar.tsx';
import { BillingStatusBadge } from './billing-status.tsx';
import { useRowKeys } from './use-row-keys.ts';

const features = tableFeatures({});
const column = createColumnHelper<typeof features, ContactRow>();
const none = <span className="text-ink-3">–</span>;

/** On a phone a row becomes two lines: who and status, then plan and money; the rest is on the person's page. */
const PLACE: Readonly<Record<string, string>> = {
  name: 'col-span-3 md:col-span-1',
  status: '',
  plan: 'truncate',
  mrr: 'text-right tabular-nums',
  ltv: 'hidden text-right tabular-nums xl:block',
  trial: 'hidden 2xl:block',
  seen: 'hidden md:block',
  score: 'hidden text-right tabular-nums xl:block',
};

const columns = column.columns([
  column.accessor('name', {
    header: 'Person',
    cell: ({ row: { original: one } }) => (
      <span className="flex items-center gap-2.5">
        <Avatar name={one.name} size="sm" />
        <span className="min-w-0">
          <Link
            to="/contacts/$contactId"
            params={{ contactId: one.id }}
            className="block truncate font-medium outline-none after:absolute after:inset-0"
          >
            {one.name}
          </Link>
          {one.email !== null && one.email !== one.name && (
            <span className="block truncate text-[0.8125rem] text-ink-3">{one.email}</span>
          )}
        </span>
      </span>
    ),
  }),
  column.display({
    id: 'status',
    header: 'Billing',
    cell: ({ row: { original: one } }) => (
      <BillingStatusBadge status={one.billingStatus} label={one.billingStatusLabel} />
    ),
  }),
  column.display({ id: 'plan', header: 'Plan', cell: ({ row: { original: one } }) => one.planName ?? none }),
  column.display({ id: 'mrr', header: 'A month', cell: ({ row: { original: one } }) => one.mrr?.formatted ?? none }),
  column.display({ id: 'ltv', header: 'Lifetime', cell: ({ row: { original: one } }) => one.ltv?.formatted ?? none }),
  column.display({
    id: 'trial',
    header: 'Trial ends',
    cell: ({ row: { original: one } }) =>
      one.billingStatus === 'trialing' && one.trialEndsAt !== null ? <DayTime at={one.trialEndsAt} /> : none,
  }),
  column.display({
    id: 'seen',
    header: 'Last seen',
    cell: ({ row: { original: one } }) =>
      one.lastSeenAt === null ? <span className="text-ink-3">never</span> : <TimeAgo at={one.lastSeenAt} />,
  }),
  column.display({
    id: 'score',
    header: 'Engagement',
    cell: ({ row: { original: one } }) => one.engagementScore ?? none,
  }),
]);

const GRID =
  'grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 px-4 md:grid-cols-[minmax(10rem,3fr)_8.5rem_minmax(5.5rem,1.2fr)_6rem_7.5rem] xl:grid-cols-[minmax(12rem,3fr)_8.5rem_minmax(6rem,1.2fr)_6rem_6.5rem_7.5rem_5.5rem] 2xl:grid-cols-[minmax(12rem,3fr)_8.5rem_minmax(6rem,1.2fr)_6rem_6.5rem_10rem_7.5rem_5.5rem]';
const ROW_PX = 57;
const ROW_PHONE_PX = 84;

interface ContactTableProps {
  readonly pages: readonly { readonly rows: ContactRow[] }[];
  readonly rowCount: number;
  /** Called when the reader comes near the end. */
  readonly onNearEnd: () => void;
}

/** The people, only as many rows in the page as fit the window, however long the list is. */
export function ContactTable({ pages, rowCount, onNearEnd }: ContactTableProps) {
  const data = useMemo(() => pages.flatMap((page) => page.rows), [pages]);
  const table = useTable({ features, columns, data });
  const list = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useEffect(() => setOffset(list.current?.offsetTop ?? 0), []);
  useRowKeys(list);
  const models = table.getRowModel().rows;
  const virtual = useWindowVirtualizer({
    count: models.length,
    estimateSize: () => (window.innerWidth < 768 ? ROW_PHONE_PX : ROW_PX),
    overscan: 12,
    scrollMargin: offset,
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (models.length > 0 && lastShown >= models.length - 20) onNearEnd();
  }, [lastShown, models.length, onNearEnd]);
  return (
    <div role="table" aria-label="Contacts" aria-rowcount={rowCount} className="rounded-xl border bg-surface">
      <div role="rowgroup" className="hidden border-b md:block">
        {table.getHeaderGroups().map((group) => (
          <div key={group.id} role="row" className={cn(GRID, 'py-2')}>
            {group.headers.map((header) => (
              <div
                key={header.id}
                role="columnheader"
                className={cn('text-xs font-medium text-ink-3', PLACE[header.column.id])}
              >
                <table.FlexRender header={header} />
              </div>
            ))}
          </div>
        ))}
      </div>
      <div ref={list} role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = models[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={row.original.id}
              ref={virtual.measureElement}
              data-index={item.index}
              data-row
              role="row"
              aria-rowindex={item.index + 2}
              className={cn(
                GRID,
                'absolute inset-x-0 top-0 border-b py-2.5 -outline-offset-2 outline-accent hover:bg-sunken has-[a:focus-visible]:outline-2',
              )}
              style={{ transform: `translateY(${item.start - offset}px)` }}
            >
              {row.getAllCells().map((cell) => (
                <div key={cell.id} role="cell" className={cn('min-w-0', PLACE[cell.column.id])}>
                  <table.FlexRender cell={cell} />
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
