import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.ts';

const FRESH_MS = 10_000;
const RETRIES_MAX = 2;

/** Asks again only where that may help: the server was away or overloaded. A refusal stays a refusal. */
const mayRetry = (failures: number, error: Error): boolean =>
  failures < RETRIES_MAX && error instanceof ApiError && (error.status === 0 || error.status >= 500);

/** A session that ended meanwhile shows in any answer: then it is asked for again, and the page leads to signing in. */
function onError(error: Error): void {
  if (error instanceof ApiError && error.status === 401) void queryClient.invalidateQueries({ queryKey: ['session'] });
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  defaultOptions: { queries: { staleTime: FRESH_MS, retry: mayRetry, refetchOnWindowFocus: true } },
});
