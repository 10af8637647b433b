import type { ReactNode } from 'react';

interface EmptyStateProps {
  readonly icon?: ReactNode;
  readonly title: ReactNode;
  /** What to do about it, in a sentence. */
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center px-4 py-10 text-center">
      {icon !== undefined && (
        <div className="mb-3 rounded-full bg-accent-soft p-3 text-accent-ink [&_svg]:size-6" aria-hidden>
          {icon}
        </div>
      )}
      <p className="font-semibold">{title}</p>
      {children !== undefined && <div className="mt-1 max-w-md text-ink-2">{children}</div>}
      {action !== undefined && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
