import type {
  CreateSegment,
  FilledTemplate,
  FilterCatalogue,
  Segment,
  SegmentExplanation,
  SegmentList,
  SegmentMembers,
  SegmentPreview,
  SegmentTemplates,
  UpdateSegment,
} from '@growthos/contracts/http/segments.ts';
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, queryString } from './client.ts';

const COMPUTING_MS = 1000;

export function useSegments() {
  return useQuery({
    queryKey: ['segments'],
    queryFn: ({ signal }) => api<SegmentList>('/api/segments', { signal }),
    refetchInterval: (query) =>
      query.state.data?.segments.some((one) => one.status === 'computing') === true ? COMPUTING_MS : 30_000,
  });
}

export function useSegment(id: string) {
  return useQuery({
    queryKey: ['segment', id],
    queryFn: ({ signal }) => api<Segment>(`/api/segments/${id}`, { signal }),
    refetchInterval: (query) => (query.state.data?.status === 'computing' ? COMPUTING_MS : 30_000),
  });
}

/** `asOf` changes whenever the membership may have: the list is then asked again, while the old one stays in view. */
export function useSegmentMembers(id: string, asOf: string) {
  return useInfiniteQuery({
    queryKey: ['segment', id, 'members', asOf],
    queryFn: ({ pageParam, signal }) =>
      api<SegmentMembers>(`/api/segments/${id}/members${queryString({ cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

export const segmentExportUrl = (id: string): string => `/api/segments/${id}/members.csv`;

export function useSegmentTemplates() {
  return useQuery({
    queryKey: ['segment-templates'],
    queryFn: ({ signal }) => api<SegmentTemplates>('/api/segments/templates', { signal }),
    staleTime: 300_000,
  });
}

/** What the builder can offer in this workspace. */
export function useFilterCatalogue() {
  return useQuery({
    queryKey: ['filter-catalogue'],
    queryFn: ({ signal }) => api<FilterCatalogue>('/api/segments/catalogue', { signal }),
    staleTime: 60_000,
  });
}

export function useFillTemplate() {
  return useMutation({
    mutationFn: ({ key, parameters }: { key: string; parameters: Record<string, unknown> }) =>
      api<FilledTemplate>(`/api/segments/templates/${key}`, { method: 'POST', body: { parameters } }),
  });
}

const previewOf = (definition: Filter | null, exact: boolean) => ({
  queryKey: ['segment-preview', definition, exact],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    api<SegmentPreview>('/api/segments/preview', { method: 'POST', body: { definition, exact }, signal }),
  retry: false,
});

/**
 * Count, five people and the sentence of a tree that is being edited; null while it is not complete. Of a large workspace
 * the count is an estimate, so that it comes at once.
 */
export function useSegmentPreview(definition: Filter | null) {
  return useQuery({
    ...previewOf(definition, false),
    enabled: definition !== null,
    placeholderData: keepPreviousData,
  });
}

/** The same with everybody counted, which takes seconds where there are a million; null: don't. */
export function useCountedPreview(definition: Filter | null) {
  return useQuery({ ...previewOf(definition, true), enabled: definition !== null });
}

/** Why this person is in the segment, or not: leaf by leaf. */
export function useExplanation(segmentId: string | null, contactId: string | null) {
  return useQuery({
    queryKey: ['explanation', segmentId, contactId],
    queryFn: ({ signal }) =>
      api<SegmentExplanation>(`/api/segments/${segmentId}/explain${queryString({ contactId })}`, { signal }),
    enabled: segmentId !== null && contactId !== null,
    staleTime: 0,
  });
}

function useSegmentChange<Input, Output>(call: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSuccess: async () => {
      for (const key of ['segments', 'segment', 'overview', 'filter-catalogue']) {
        await client.invalidateQueries({ queryKey: [key] });
      }
    },
  });
}

export const useCreateSegment = () =>
  useSegmentChange((body: CreateSegment) => api<Segment>('/api/segments', { method: 'POST', body }));
export const useUpdateSegment = (id: string) =>
  useSegmentChange((body: UpdateSegment) => api<Segment>(`/api/segments/${id}`, { method: 'PATCH', body }));
export const useArchiveSegment = () =>
  useSegmentChange((id: string) => api(`/api/segments/${id}`, { method: 'DELETE' }));
