import type { AskedReplay, AskReplay, ReplayList } from '@growthos/contracts/http/replays.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from './client.ts';

/** While one runs, milliseconds to the next look. */
const LOOK_MS = 1_500;

/** Who can be told again, and the last replays; looks again while one of them runs. */
export function useReplays() {
  return useQuery({
    queryKey: ['replays'],
    queryFn: ({ signal }) => api<ReplayList>('/api/replays', { signal }),
    refetchInterval: ({ state }) => (state.data?.replays.some((one) => one.endedAt === null) ? LOOK_MS : false),
  });
}

export function useAskReplay() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: AskReplay) => api<AskedReplay>('/api/replays', { method: 'POST', body }),
    onSettled: async () => {
      for (const key of ['replays', 'dead-letters']) await client.invalidateQueries({ queryKey: [key] });
    },
  });
}
