import type {
  Comparison,
  ContactMerges,
  IdentityConflicts,
  ResolveConflict,
} from '@growthos/contracts/http/identity.ts';
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, queryString } from './client.ts';

/** Questions of who is who that wait for a person, the newest first. */
export function useConflicts() {
  return useQuery({
    queryKey: ['who-is-who', 'conflicts'],
    queryFn: ({ signal }) => api<IdentityConflicts>('/api/identity/conflicts', { signal }),
  });
}

export function useRecentMerges() {
  return useQuery({
    queryKey: ['who-is-who', 'merges'],
    queryFn: ({ signal }) => api<ContactMerges>('/api/identity/merges', { signal }),
  });
}

/** What was merged into one contact. */
export function useContactMerges(id: string) {
  return useQuery({
    queryKey: ['contact', id, 'merges'],
    queryFn: ({ signal }) => api<ContactMerges>(`/api/contacts/${id}/merges`, { signal }),
  });
}

/** People side by side; asked while both are chosen. */
export function useComparison(contactIds: readonly string[]) {
  return useQuery({
    queryKey: ['who-is-who', 'compare', ...contactIds],
    queryFn: ({ signal }) =>
      api<Comparison>(`/api/identity/compare${queryString({ contactIds: contactIds.join(',') })}`, { signal }),
    enabled: contactIds.length > 1,
  });
}

/**
 * Who somebody is changes what they pay, what they did and where they stand: everything in view is asked again. Not waited
 * for: the question that was answered goes with the new answers, and whoever asked must still hear that it worked.
 */
function forgetAnswers(client: QueryClient): void {
  void client.invalidateQueries();
}

export function useResolveConflict() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: ResolveConflict & { id: string }) =>
      api(`/api/identity/conflicts/${id}/resolve`, { method: 'POST', body }),
    onSuccess: () => forgetAnswers(client),
  });
}

export function useMergeContacts() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ from, into }: { from: string; into: string }) =>
      api<{ mergeId: string; contactId: string }>(`/api/contacts/${from}/merge`, { method: 'POST', body: { into } }),
    onSuccess: () => forgetAnswers(client),
  });
}

export function useUndoMerge() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (mergeId: string) =>
      api<{ contactId: string; restoredContactId: string }>(`/api/identity/merges/${mergeId}/undo`, { method: 'POST' }),
    onSuccess: () => forgetAnswers(client),
  });
}
