import { Link } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { buttonClass } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';

export function NotFound() {
  return (
    <EmptyState
      icon={<Compass />}
      title="There is no page at this address"
      action={
        <Link to="/" className={buttonClass({ look: 'primary' })}>
          Go to the overview
        </Link>
      }
    >
      The link may be old, or what it showed was deleted.
    </EmptyState>
  );
}
