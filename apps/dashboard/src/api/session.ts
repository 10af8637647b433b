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

/**
 * Remembers, in this browser, that somebody was signed in: only then is the session asked for, so that a first visit is
 * not an error. It opens no door: the cookie does, and a script cannot read that.
 */
const KEY = 'growthos.signed-in';

function wasSignedIn(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true; // Forbidden storage: ask.
  }
}

function remember(isSignedIn: boolean): void {
  try {
    if (isSignedIn) localStorage.setItem(KEY, '1');
    else localStorage.removeItem(KEY);
  } catch {
    // Forbidden storage: asked again on the next visit.
  }
}

async function askSession(signal: AbortSignal): Promise<Session | null> {
  try {
    return await api<Session>('/api/session', { signal });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    return null;
  }
}

/** Who is signed in; null when nobody is. In the demo the visitor is signed in by itself. */
async function readSession(signal: AbortSignal): Promise<Session | null> {
  let session = wasSignedIn() ? await askSession(signal) : null;
  if (session === null) {
    const start = await api<SessionStart>('/api/session/start', { signal });
    if (start.state === 'demo') session = await api<Session>('/api/session/demo', { method: 'POST', body: {} });
  }
  remember(session !== null);
  return session;
}

export function useSession() {
  return useQuery({ queryKey: ['session'], queryFn: ({ signal }) => readSession(signal), staleTime: 60_000 });
}

/** Whether the viewer may change what `editor` may change; the server decides again on every request. */
export function useMayEdit(): boolean {
  const role = useSession().data?.role;
  return role !== undefined && role !== 'viewer';
}

/** Whether the viewer may do what only `admin` and `owner` may. */
export function useMayAdminister(): boolean {
  const role = useSession().data?.role;
  return role === 'admin' || role === 'owner';
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
      remember(true);
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
    onSuccess: () => {
      remember(false);
      client.clear();
    },
  });
}
