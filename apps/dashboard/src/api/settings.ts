import type { LtvByChannel } from '@growthos/contracts/http/ltv-by-channel.ts';
import type { ApiKeyMade, AuditLog, InviteMade, Keys, Members } from '@growthos/contracts/http/members.ts';
import type { RuleGroupName, Settings } from '@growthos/contracts/http/settings.ts';
import type { SendingRules } from '@growthos/contracts/http/sending.ts';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, queryString } from './client.ts';

export function useSettings() {
  return useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api<Settings>('/api/settings', { signal }),
  });
}

/** Saves one part; the answer is all settings as they are now. `part`: workspace, tiers or rules/<group>. */
export function useSaveSettings(part: 'workspace' | 'tiers' | `rules/${RuleGroupName}`) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: unknown) => api<Settings>(`/api/settings/${part}`, { method: 'PUT', body }),
    onSuccess: (settings) => client.setQueryData(['settings'], settings),
  });
}

export function useSendingRules() {
  return useQuery({
    queryKey: ['sending-rules'],
    queryFn: ({ signal }) => api<SendingRules>('/api/sequences/sending-rules', { signal }),
  });
}

export function useSaveSendingRules() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SendingRules) => api<SendingRules>('/api/sequences/sending-rules', { method: 'PUT', body }),
    onSuccess: (rules) => client.setQueryData(['sending-rules'], rules),
  });
}

export function useMembers() {
  return useQuery({ queryKey: ['members'], queryFn: ({ signal }) => api<Members>('/api/members', { signal }) });
}

export function useKeys() {
  return useQuery({ queryKey: ['keys'], queryFn: ({ signal }) => api<Keys>('/api/keys', { signal }) });
}

export function useAudit() {
  return useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam, signal }) => api<AuditLog>(`/api/audit${queryString({ cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  });
}

function useAdminChange<Input, Output>(key: 'members' | 'keys', call: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSettled: () => client.invalidateQueries({ queryKey: [key] }),
  });
}

export const useInviteMember = () =>
  useAdminChange('members', (body: { email: string; role: string }) =>
    api<InviteMade>('/api/members/invites', { method: 'POST', body }),
  );
export const useRevokeInvite = () =>
  useAdminChange('members', (id: string) => api(`/api/members/invites/${id}`, { method: 'DELETE' }));
export const useChangeRole = () =>
  useAdminChange('members', ({ personId, role }: { personId: string; role: string }) =>
    api(`/api/members/${personId}`, { method: 'PATCH', body: { role } }),
  );
export const useRemoveMember = () =>
  useAdminChange('members', (personId: string) => api(`/api/members/${personId}`, { method: 'DELETE' }));
export const useMakeApiKey = () =>
  useAdminChange('keys', (body: { name: string; scope: string }) =>
    api<ApiKeyMade>('/api/keys/api', { method: 'POST', body }),
  );
export const useMakeWriteKey = () =>
  useAdminChange('keys', (name: string) => api<Keys>('/api/keys/write', { method: 'POST', body: { name } }));
export const useRevokeKey = () =>
  useAdminChange('keys', ({ kind, id }: { kind: 'api' | 'write'; id: string }) =>
    api(`/api/keys/${kind}/${id}`, { method: 'DELETE' }),
  );

export function useLtvByChannel() {
  return useQuery({
    queryKey: ['ltv-by-channel'],
    queryFn: ({ signal }) => api<LtvByChannel>('/api/ltv-by-channel', { signal }),
    staleTime: 60_000,
  });
}
