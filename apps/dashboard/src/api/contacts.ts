import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import type { ContactFilters, ContactList } from '@growthos/contracts/http/contacts.ts';
import type { BillingExplanation } from '@growthos/contracts/http/explain.ts';
import type { Timeline } from '@growthos/contracts/http/timeline.ts';
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, queryString } from './client.ts';
import { viewerTimezone } from './viewer-timezone.ts';

type ContactListFilter = Readonly<Record<string, string | undefined>>;

const ROWS_PER_PAGE = 100;

/** The list of people, page after page as the reader scrolls. */
export function useContactList(filter: ContactListFilter) {
  return useInfiniteQuery({
    queryKey: ['contacts', filter],
    queryFn: ({ pageParam, signal }) =>
      api<ContactList>(`/api/contacts${queryString({ ...filter, limit: ROWS_PER_PAGE, cursor: pageParam })}`, {
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

export function useContactFilters() {
  return useQuery({
    queryKey: ['contact-filters'],
    queryFn: ({ signal }) => api<ContactFilters>('/api/contacts/filters', { signal }),
    staleTime: 300_000,
  });
}

/** A few people by the start of a name or an address, to pick one. */
export function useFindContacts(q: string) {
  return useQuery({
    queryKey: ['find-contacts', q],
    queryFn: ({ signal }) => api<ContactList>(`/api/contacts${queryString({ q, limit: 8 })}`, { signal }),
    placeholderData: keepPreviousData,
  });
}

export function useContact(id: string) {
  return useQuery({
    queryKey: ['contact', id],
    queryFn: ({ signal }) =>
      api<ContactPage>(`/api/contacts/${id}${queryString({ timezone: viewerTimezone })}`, { signal }),
    refetchInterval: 60_000,
  });
}

/** `kinds`: comma-separated, empty for all. */
export function useTimeline(id: string, kinds: string) {
  return useInfiniteQuery({
    queryKey: ['timeline', id, kinds],
    queryFn: ({ pageParam, signal }) =>
      api<Timeline>(
        `/api/contacts/${id}/timeline${queryString({ kinds, timezone: viewerTimezone, cursor: pageParam })}`,
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

/** MRR and lifetime value line by line; asked when somebody opens it. */
export function useBillingExplanation(id: string, isAsked: boolean) {
  return useQuery({
    queryKey: ['contact', id, 'billing-explanation'],
    queryFn: ({ signal }) => api<BillingExplanation>(`/api/contacts/${id}/billing/explanation`, { signal }),
    enabled: isAsked,
  });
}

/** For ever; `confirm` is the address or the id of the person. */
export function useEraseContact(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (confirm: string) => api(`/api/contacts/${id}/erase`, { method: 'POST', body: { confirm } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['contacts'] }),
  });
}
