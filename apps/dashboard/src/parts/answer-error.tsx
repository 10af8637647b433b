import { RefreshCw } from 'lucide-react';
import { Button } from '../design/button.tsx';
import { Notice } from '../design/notice.tsx';

/** A question that got no answer: what went wrong, in the server's own sentence, and a way to ask again. */
export function AnswerError({ error, onRetry }: { error: Error; onRetry?: (() => unknown) | undefined }) {
  return (
    <div role="alert">
      <Notice
        tone="bad"
        action={
          onRetry !== undefined && (
            <Button size="sm" onClick={() => void onRetry()}>
              <RefreshCw aria-hidden /> Try again
            </Button>
          )
        }
      >
        {error.message}
      </Notice>
    </div>
  );
}
