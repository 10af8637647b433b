import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ListSkeleton } from '../design/skeleton.tsx';
import { AnswerError } from './answer-error.tsx';

interface AnswerProps<T> {
  readonly query: UseQueryResult<T>;
  readonly skeleton?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** The three states of a question: on its way, failed, answered. An old answer stays in view while a new one comes. */
export function Answer<T>({ query, skeleton, children }: AnswerProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <AnswerError error={query.error} onRetry={query.refetch} />;
  return <>{skeleton ?? <ListSkeleton />}</>;
}
