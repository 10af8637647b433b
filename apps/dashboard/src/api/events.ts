import type {
  BusEventDetail,
  BusEventList,
  DeadLetterList,
  EventTypes,
  LedgerEvent,
  LedgerList,
} from '@growthos/contracts/http/events.ts';
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, queryString } from './client.ts';

type Filter = Readonly<Record<string, string | undefined>>;

/** What came in, as it was received. */
export function useLedger(filter: Filter) {
  return useInfiniteQuery({
    queryKey: ['ledger', filter],
    queryFn: ({ pageParam, signal }) =>
      api<LedgerList>(`/api/events${queryString({ ...filter, cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

export function useLedgerEvent(seq: string | undefined) {
  return useQuery({
    queryKey: ['ledger-event', seq],
    queryFn: ({ signal }) => api<LedgerEvent>(`/api/events/${seq}`, { signal }),
    enabled: seq !== undefined,
  });
}

/** What was made of it. */
export function useBusEvents(filter: Filter) {
  return useInfiniteQuery({
    queryKey: ['bus-events', filter],
    queryFn: ({ pageParam, signal }) =>
      api<BusEventList>(`/api/bus-events${queryString({ ...filter, cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

export function useBusEvent(id: string | undefined) {
  return useQuery({
    queryKey: ['bus-event', id],
    queryFn: ({ signal }) => api<BusEventDetail>(`/api/bus-events/${id}`, { signal }),
    enabled: id !== undefined,
  });
}

export function useEventTypes() {
  return useQuery({
    queryKey: ['event-types'],
    queryFn: ({ signal }) => api<EventTypes>('/api/events/types', { signal }),
    staleTime: 120_000,
  });
}

/** What needs a person. */
export function useDeadLetters() {
  return useInfiniteQuery({
    queryKey: ['dead-letters'],
    queryFn: ({ pageParam, signal }) =>
      api<DeadLetterList>(`/api/dead-letters${queryString({ cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  });
}

function useReplay(path: (id: string) => string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api(path(id), { method: 'POST', body: {} }),
    onSettled: async () => {
      for (const key of ['ledger', 'ledger-event', 'dead-letters', 'overview']) {
        await client.invalidateQueries({ queryKey: [key] });
      }
    },
  });
}

export const useReplayEvent = () => useReplay((seq) => `/api/events/${seq}/replay`);
export const useReplayDeadLetter = () => useReplay((id) => `/api/dead-letters/${encodeURIComponent(id)}/replay`);
