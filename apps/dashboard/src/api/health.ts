import type { HealthPage } from '@growthos/contracts/http/health.ts';
import { useQuery } from '@tanstack/react-query';
import { followServerClock } from '../design/time-ago.tsx';
import { api } from './client.ts';

const EVERY_MS = 20_000;

/** Whether the server keeps up, and its clock: every "5 minutes ago" of the pages follows it. */
export function useHealth() {
  return useQuery({
    queryKey: ['health'],
    queryFn: async ({ signal }) => {
      const health = await api<HealthPage>('/api/health', { signal });
      followServerClock(health.at);
      return health;
    },
    refetchInterval: EVERY_MS,
  });
}
