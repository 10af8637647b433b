import type {
  Connection,
  ConnectionsAnswer,
  DisconnectAnswer,
  DriftReport,
  DriftReportsAnswer,
  RestrictedKeyAnswer,
  StartConnectAnswer,
} from '@growthos/contracts/http/connections.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from './client.ts';

const WATCH_MS = 1500;
const REST_MS = 15_000;

/** Every connected Stripe account with its health. Asked often while a backfill runs, so that the bar moves. */
export function useConnections() {
  return useQuery({
    queryKey: ['connections'],
    queryFn: ({ signal }) => api<ConnectionsAnswer>('/api/connections', { signal }),
    refetchInterval: (query) =>
      query.state.data?.connections.some((one) => one.backfill?.state === 'running') === true ? WATCH_MS : REST_MS,
  });
}

/** Starts the round trip to Stripe: the browser leaves this page. */
export function useStartConnect() {
  return useMutation({
    mutationFn: (method: 'connect' | 'app') =>
      api<StartConnectAnswer>('/api/connections/start', { method: 'POST', body: { method } }),
    onSuccess: ({ url }) => window.location.assign(url),
  });
}

export function useConnectByKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: string) =>
      api<RestrictedKeyAnswer>('/api/connections/restricted-key', { method: 'POST', body: { key } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['connections'] }),
  });
}

function useConnectionAction<T>(call: (id: string) => Promise<T>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ['connections'] });
      await client.invalidateQueries({ queryKey: ['drift-reports'] });
    },
  });
}

export const useDisconnect = () =>
  useConnectionAction((id) => api<DisconnectAnswer>(`/api/connections/${id}`, { method: 'DELETE' }));
export const useReadEverythingAgain = () =>
  useConnectionAction((id) => api<Connection>(`/api/connections/${id}/backfill`, { method: 'POST', body: {} }));
export const useReconcile = () =>
  useConnectionAction((id) => api<DriftReport>(`/api/connections/${id}/reconcile`, { method: 'POST', body: {} }));
export const useCheckEndpoint = () =>
  useConnectionAction((id) => api<Connection>(`/api/connections/${id}/check`, { method: 'POST', body: {} }));
export const useChangeSecret = () =>
  useConnectionAction((id) => api<Connection>(`/api/connections/${id}/signing-secret`, { method: 'POST', body: {} }));

export function useDriftReports(id: string) {
  return useQuery({
    queryKey: ['drift-reports', id],
    queryFn: ({ signal }) => api<DriftReportsAnswer>(`/api/connections/${id}/drift-reports`, { signal }),
  });
}
