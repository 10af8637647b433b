import type {
  SuppressionRow,
  TeamDestination,
  TeamDestinationBody,
  WebhookEndpoint,
  WebhookEndpointBody,
  WebhookEndpointMade,
} from '@growthos/contracts/http/sending.ts';
import type {
  DryRunResult,
  EditPreview,
  PlannedSends,
  PreviewResult,
  RunDetail,
  RunList,
  SequenceDetail,
  SequenceGallery,
  SequenceList,
  SequenceRow,
} from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, queryString } from './client.ts';

export function useSequences() {
  return useQuery({
    queryKey: ['sequences'],
    queryFn: ({ signal }) => api<SequenceList>('/api/sequences', { signal }),
  });
}

export function useSequenceGallery() {
  return useQuery({
    queryKey: ['sequence-gallery'],
    queryFn: ({ signal }) => api<SequenceGallery>('/api/sequences/templates', { signal }),
    staleTime: 60_000,
  });
}

export function useSequence(id: string) {
  return useQuery({
    queryKey: ['sequence', id],
    queryFn: ({ signal }) => api<SequenceDetail>(`/api/sequences/${id}`, { signal }),
  });
}

export function useRuns(sequenceId: string, filter: Readonly<Record<string, string | undefined>>) {
  return useInfiniteQuery({
    queryKey: ['sequence', sequenceId, 'runs', filter],
    queryFn: ({ pageParam, signal }) =>
      api<RunList>(`/api/sequences/${sequenceId}/runs${queryString({ ...filter, cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

export function useRun(runId: string | null) {
  return useQuery({
    queryKey: ['run', runId],
    queryFn: ({ signal }) => api<RunDetail>(`/api/sequences/runs/${runId}`, { signal }),
    enabled: runId !== null,
  });
}

export function usePlannedSends(days: number) {
  return useInfiniteQuery({
    queryKey: ['planned', days],
    queryFn: ({ pageParam, signal }) =>
      api<PlannedSends>(`/api/sequences/planned${queryString({ days, cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  });
}

/** One step as a contact would get it; nothing is stored or sent. */
export function useStepPreview(
  input: { definition: SequenceDefinition; stepId: string; contactId: string | null } | null,
) {
  return useQuery({
    queryKey: ['step-preview', input],
    queryFn: ({ signal }) => api<PreviewResult>('/api/sequences/preview', { method: 'POST', body: input, signal }),
    enabled: input !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** After a change, everything about sequences is asked again. */
function useSequenceChange<Input, Output>(call: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSettled: async () => {
      for (const key of ['sequences', 'sequence', 'sequence-gallery', 'run', 'planned', 'contact', 'overview']) {
        await client.invalidateQueries({ queryKey: [key] });
      }
    },
  });
}

const post = <T>(path: string, body: unknown = {}): Promise<T> => api<T>(path, { method: 'POST', body });

export const useInstallTemplate = () =>
  useSequenceChange((key: string) => post<SequenceRow>(`/api/sequences/templates/${key}`));
export const useCreateSequence = () =>
  useSequenceChange((definition: SequenceDefinition) => post<SequenceRow>('/api/sequences', { definition }));
export const useSaveSequence = (id: string) =>
  useSequenceChange((body: { definition: SequenceDefinition } | { yaml: string }) =>
    api<SequenceRow>(`/api/sequences/${id}`, { method: 'PUT', body }),
  );
export const useSwitchOn = (id: string) =>
  useSequenceChange((includeNow: boolean) => post(`/api/sequences/${id}/switch-on`, { includeNow }));
export const useSwitchOff = (id: string) =>
  useSequenceChange((runs: 'finish' | 'exit') => post(`/api/sequences/${id}/switch-off`, { runs }));
export const usePauseSequence = (id: string) => useSequenceChange(() => post(`/api/sequences/${id}/pause`));
export const useResumeSequence = (id: string) =>
  useSequenceChange((overdue: 'send' | 'skip') => post(`/api/sequences/${id}/resume`, { overdue }));
export const useRunAction = (runId: string) =>
  useSequenceChange((action: 'pause' | 'resume' | 'skip' | 'exit' | 'replay') =>
    post<RunDetail>(`/api/sequences/runs/${runId}/${action}`),
  );
export const usePauseRuns = () =>
  useSequenceChange((runIds: readonly string[]) =>
    post<{ paused: number }>('/api/sequences/planned/pause', { runIds }),
  );

export function useOverdue(id: string, isAsked: boolean) {
  return useQuery({
    queryKey: ['overdue', id],
    queryFn: ({ signal }) =>
      api<{ runs: number; messages: number; sentence: string }>(`/api/sequences/${id}/overdue`, { signal }),
    enabled: isAsked,
    staleTime: 0,
  });
}

export const useEditPreview = (id: string) =>
  useMutation({
    mutationFn: (definition: SequenceDefinition) =>
      post<EditPreview>(`/api/sequences/${id}/edit-preview`, { definition }),
  });
export const useDryRun = () =>
  useMutation({
    mutationFn: (definition: SequenceDefinition) =>
      post<DryRunResult>('/api/sequences/dry-run?days=90', { definition }),
  });
export const useTestSend = () =>
  useMutation({
    mutationFn: (body: { definition: SequenceDefinition; stepId: string; contactId: string | null; to: string }) =>
      post<{ messageId: string; isCaptured: boolean }>('/api/sequences/test-send', body),
  });

type TeamDestinationView = (typeof TeamDestination)['_output'];
type WebhookEndpointView = (typeof WebhookEndpoint)['_output'];

export function useTeamDestinations() {
  return useQuery({
    queryKey: ['team-destinations'],
    queryFn: ({ signal }) => api<{ rows: TeamDestinationView[] }>('/api/sequences/team-destinations', { signal }),
  });
}

export function useWebhookEndpoints() {
  return useQuery({
    queryKey: ['webhook-endpoints'],
    queryFn: ({ signal }) => api<{ rows: WebhookEndpointView[] }>('/api/sequences/webhook-endpoints', { signal }),
  });
}

export function useSuppressions() {
  return useQuery({
    queryKey: ['suppressions'],
    queryFn: ({ signal }) =>
      api<{ rows: (typeof SuppressionRow)['_output'][] }>('/api/sequences/suppressions', { signal }),
  });
}

function useListChange<Input, Output>(key: string, call: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: call, onSettled: () => client.invalidateQueries({ queryKey: [key] }) });
}

export const useAddDestination = () =>
  useListChange('team-destinations', (body: (typeof TeamDestinationBody)['_output']) =>
    post<TeamDestinationView>('/api/sequences/team-destinations', body),
  );
export const useRemoveDestination = () =>
  useListChange('team-destinations', (id: string) =>
    api(`/api/sequences/team-destinations/${id}`, { method: 'DELETE' }),
  );
export const useAddEndpoint = () =>
  useListChange('webhook-endpoints', (body: (typeof WebhookEndpointBody)['_output']) =>
    post<(typeof WebhookEndpointMade)['_output']>('/api/sequences/webhook-endpoints', body),
  );
export const useRemoveEndpoint = () =>
  useListChange('webhook-endpoints', (id: string) =>
    api(`/api/sequences/webhook-endpoints/${id}`, { method: 'DELETE' }),
  );
export const useLiftSuppression = () =>
  useListChange('suppressions', (address: string) =>
    api(`/api/sequences/suppressions/${encodeURIComponent(address)}`, { method: 'DELETE' }),
  );
