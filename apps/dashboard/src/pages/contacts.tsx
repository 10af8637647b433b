import type { ContactSort } from '@growthos/contracts/http/contacts.ts';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Users, X } from 'lucide-react';
import { useCallback } from 'react';
import { useContactFilters, useContactList } from '../api/contacts.ts';
import { Button, buttonClass } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Select } from '../design/field.tsx';
import { Answer } from '../parts/answer.tsx';
import { ContactTable } from '../parts/contact-table.tsx';
import { Page } from '../parts/page.tsx';
import { SearchField } from '../parts/search-field.tsx';

const route = getRouteApi('/app/contacts');

const SORTS: readonly { readonly value: ContactSort; readonly label: string }[] = [
  { value: 'newest', label: 'Newest first' },
  { value: 'last_seen', label: 'Last seen first' },
  { value: 'mrr', label: 'Highest monthly value' },
  { value: 'ltv', label: 'Highest lifetime value' },
  { value: 'trial_end', label: 'Trial ends soonest' },
  { value: 'name', label: 'Name, A to Z' },
];

/** Everybody, found by name or address and narrowed by billing. */
export function ContactsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useContactList(search);
  const set = useCallback(
    (key: string, value: string) =>
      void navigate({ search: (old) => ({ ...old, [key]: value === '' ? undefined : value }), replace: true }),
    [navigate],
  );
  const onSearch = useCallback((q: string) => set('q', q), [set]);
  const total = list.data?.pages[0]?.total ?? null;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const isNarrowed = Object.entries(search).some(([key, value]) => key !== 'sort' && value !== undefined);
  return (
    <Page wide title="Contacts" says="Everybody your app or Stripe knows, with what they pay and what they do.">
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchField
          label="Search contacts"
          placeholder="Name, e-mail, user ID or cus_…"
          value={search.q ?? ''}
          onChange={onSearch}
          className="basis-full sm:flex-1 sm:basis-64"
        />
        <Filters values={search} onSet={set} />
        <Select
          aria-label="Order"
          value={search.sort ?? 'newest'}
          onChange={(event) => set('sort', event.target.value)}
          className="w-auto basis-[calc(50%-0.25rem)] sm:basis-auto sm:flex-none"
        >
          {SORTS.map((sort) => (
            <option key={sort.value} value={sort.value}>
              {sort.label}
            </option>
          ))}
        </Select>
      </div>
      <div className="mb-2 flex min-h-8 flex-wrap items-center gap-x-4 text-[0.8125rem] text-ink-2" role="status">
        {total !== null && (
          <span>
            {total.isExact ? '' : 'About '}
            {total.count.toLocaleString('en')} {total.count === 1 ? 'person' : 'people'}
          </span>
        )}
        {isNarrowed && (
          <Button look="quiet" size="sm" onClick={() => void navigate({ search: {}, replace: true })}>
            <X aria-hidden /> Show everybody
          </Button>
        )}
        <span className="ml-auto hidden text-ink-3 lg:inline">
          Keys: <kbd className="font-mono">/</kbd> search, <kbd className="font-mono">j</kbd>{' '}
          <kbd className="font-mono">k</kbd> move, <kbd className="font-mono">Enter</kbd> open
        </span>
      </div>
      <Answer query={list}>
        {(data) => {
          if (data.pages.every((page) => page.rows.length === 0)) return <Nobody isNarrowed={isNarrowed} />;
          return <ContactTable pages={data.pages} rowCount={total?.count ?? -1} onNearEnd={onNearEnd} />;
        }}
      </Answer>
    </Page>
  );
}

interface FiltersProps {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly onSet: (key: string, value: string) => void;
}

function Filters({ values, onSet }: FiltersProps) {
  const { data } = useContactFilters();
  const lists = [
    { key: 'status', all: 'Any status', options: data?.statuses.map((one) => [one.value, one.label] as const) },
    { key: 'plan', all: 'Any plan', options: data?.plans.map((one) => [one.priceId, one.label] as const) },
    { key: 'tier', all: 'Any tier', options: data?.tiers.map((tier) => [tier, tier] as const) },
  ];
  return lists.map(({ key, all, options }) =>
    options !== undefined && options.length === 0 && values[key] === undefined ? null : (
      <Select
        key={key}
        aria-label={all.replace('Any', 'Filter by')}
        value={values[key] ?? ''}
        onChange={(event) => onSet(key, event.target.value)}
        className="w-auto max-w-full basis-[calc(50%-0.25rem)] sm:max-w-44 sm:basis-auto"
      >
        <option value="">{all}</option>
        {values[key] !== undefined && !options?.some(([value]) => value === values[key]) && (
          <option value={values[key]}>{values[key]}</option>
        )}
        {options?.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
    ),
  );
}

function Nobody({ isNarrowed }: { isNarrowed: boolean }) {
  if (isNarrowed) {
    return (
      <EmptyState icon={<Users />} title="Nobody matches">
        Try fewer words, or another status. The search looks at the start of names and addresses.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={<Users />}
      title="Nobody here yet"
      action={
        <Link to="/connect" className={buttonClass({ look: 'primary' })}>
          Connect Stripe
        </Link>
      }
    >
      People appear when Stripe is connected, or when your app sends them with <code>identify</code>.
    </EmptyState>
  );
}
