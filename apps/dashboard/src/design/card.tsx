import type { ComponentProps, ReactNode } from 'react';
import { useId } from 'react';
import { cn } from './cn.ts';

export function Card({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={cn('min-w-0 rounded-xl border bg-surface', className)} {...rest} />;
}

interface SectionCardProps {
  readonly title: ReactNode;
  /** One line under the title, in plain words. */
  readonly says?: ReactNode;
  readonly action?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
  readonly bodyClassName?: string;
}

/** A card that is a landmark of the page: a heading, perhaps an action, and its content. */
export function SectionCard({ title, says, action, children, className, bodyClassName }: SectionCardProps) {
  const headingId = useId();
  return (
    <section aria-labelledby={headingId} className={cn('min-w-0 rounded-xl border bg-surface', className)}>
      <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 pt-3.5 pb-2">
        <div className="min-w-0 flex-1 basis-44">
          <h2 id={headingId} className="text-[0.9375rem] font-semibold">
            {title}
          </h2>
          {says !== undefined && <p className="mt-0.5 text-[0.8125rem] text-ink-3">{says}</p>}
        </div>
        {action}
      </header>
      <div className={cn('px-4 pb-4', bodyClassName)}>{children}</div>
    </section>
  );
}
