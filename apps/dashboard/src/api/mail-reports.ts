import type { MailReportProvider, MailReportSettings } from '@growthos/contracts/http/mail-reports.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from './client.ts';

const PATH = '/api/sequences/mail-reports';
const KEY = ['mail-reports'];

/** Holds secret addresses, so it answers people who may change settings only. */
export function useMailReports() {
  return useQuery({ queryKey: KEY, queryFn: ({ signal }) => api<MailReportSettings>(PATH, { signal }) });
}

export function useRotateMailReports() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api<MailReportSettings>(`${PATH}/rotate`, { method: 'POST' }),
    onSuccess: (settings) => client.setQueryData(KEY, settings),
  });
}

/** `key` null takes it away. */
export function useSetReportKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ provider, key }: { provider: MailReportProvider; key: string | null }) =>
      api<MailReportSettings>(`${PATH}/keys/${provider}`, { method: 'PUT', body: { key } }),
    onSuccess: (settings) => client.setQueryData(KEY, settings),
  });
}
