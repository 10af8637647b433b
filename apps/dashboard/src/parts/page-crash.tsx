import type { ErrorComponentProps } from '@tanstack/react-router';
import { AnswerError } from './answer-error.tsx';

const OLD_PAGE = 'This page could not be loaded. A new version may be in place: load it again.';

/** A page that could not be drawn, or fetched: a new version was put in place, or the connection is gone. */
export function PageCrash({ error }: ErrorComponentProps) {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className="p-6">
      <AnswerError
        error={new Error(/import|fetch/i.test(message) ? OLD_PAGE : message)}
        onRetry={() => window.location.reload()}
      />
    </div>
  );
}
