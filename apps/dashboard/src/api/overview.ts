import type { Overview } from '@growthos/contracts/http/overview.ts';
import { useQuery } from '@tanstack/react-query';
import { api, queryString } from './client.ts';
import { viewerTimezone } from './viewer-timezone.ts';

export function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => api<Overview>(`/api/overview${queryString({ timezone: viewerTimezone })}`, { signal }),
    refetchInterval: 60_000,
  });
}
