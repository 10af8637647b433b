import type {
  AcceptInvite,
  FirstSignUp,
  InviteView,
  Session,
  SessionStart,
  SignIn,
} from '@growthos/contracts/http/session.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiError, api } from './client.ts';

/** Who is signed in; null when nobody is. In the demo the visitor is signed in by itself. */
async function readSession(signal: AbortSignal): Promise<Session | null> {
  try {
    return await api<Session>('/api/session', { signal });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
  const start = await api<SessionStart>('/api/session/start', { signal });
  if (start.state === 'demo') return api<Session>('/api/session/demo', { method: 'POST', body: {} });
  return null;
}

export function useSession() {
  return useQuery({ queryKey: ['session'], queryFn: ({ signal }) => readSession(signal), staleTime: 60_000 });
}

/** Whether the viewer may change what `editor` may change; the server decides again on every request. */
export function useMayEdit(): boolean {
  const role = useSession().data?.role;
  return role !== undefined && role !== 'viewer';
}

export function useSessionStart() {
  return useQuery({
    queryKey: ['session-start'],
    queryFn: ({ signal }) => api<SessionStart>('/api/session/start', { signal }),
  });
}

export function useInvite(token: string) {
  return useQuery({
    queryKey: ['invite', token],
    queryFn: ({ signal }) => api<InviteView>(`/api/session/invite/${encodeURIComponent(token)}`, { signal }),
    retry: false,
  });
}

/** Every way in ends in a session; all that was asked before belonged to somebody else. */
function useWayIn<Input>(path: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Input) => api<Session>(path, { method: 'POST', body }),
    onSuccess: (session) => {
      client.clear();
      client.setQueryData(['session'], session);
    },
  });
}

export const useSignIn = () => useWayIn<SignIn>('/api/session/sign-in');
export const useFirstSignUp = () => useWayIn<FirstSignUp>('/api/session/first');
export const useAcceptInvite = () => useWayIn<AcceptInvite>('/api/session/accept-invite');
export const useSwitchWorkspace = () => useWayIn<{ workspaceId: string }>('/api/session/workspace');

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api('/api/session/sign-out', { method: 'POST', body: {} }),
    onSuccess: () => client.clear(),
  });
}
