import type { CapturedList, CapturedMessage, MessageDetail, MessageList } from '@growthos/contracts/http/messages.ts';
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, queryString } from './client.ts';

export function useMessages(filter: Readonly<Record<string, string | undefined>>) {
  return useInfiniteQuery({
    queryKey: ['messages', filter],
    queryFn: ({ pageParam, signal }) =>
      api<MessageList>(`/api/messages${queryString({ ...filter, cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

export function useMessage(id: string | undefined) {
  return useQuery({
    queryKey: ['message', id],
    queryFn: ({ signal }) => api<MessageDetail>(`/api/messages/${id}`, { signal }),
    enabled: id !== undefined,
  });
}

/** Everything that shows the message's state is asked again, whatever came of it. */
export function useSendAgain() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api(`/api/sequences/messages/${id}/send-again`, { method: 'POST' }),
    onSettled: () =>
      Promise.all(
        [['messages'], ['message'], ['overview'], ['timeline']].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
  });
}

/** Mail that was kept here instead of being sent. */
export function useCaptured() {
  return useInfiniteQuery({
    queryKey: ['captured'],
    queryFn: ({ pageParam, signal }) =>
      api<CapturedList>(`/api/captured-inbox${queryString({ cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: 5000,
  });
}

export function useCapturedMessage(id: string | undefined) {
  return useQuery({
    queryKey: ['captured-message', id],
    queryFn: ({ signal }) => api<CapturedMessage>(`/api/captured-inbox/${id}`, { signal }),
    enabled: id !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
