import { type ReactNode, useEffect } from 'react';
import { cn } from '../design/cn.ts';

interface PageProps {
  readonly title: string;
  /** The page draws its own heading. */
  readonly bare?: boolean;
  readonly says?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

/** The frame of every page: its title in the tab, one heading, what the page is for, and its actions. */
export function Page({ title, bare = false, says, actions, children, wide = false }: PageProps) {
  useEffect(() => {
    document.title = `${title} · GrowthOS`;
  }, [title]);
  return (
    <div className={cn('mx-auto w-full px-4 py-5 sm:px-6 lg:px-8 lg:py-7', wide ? 'max-w-[90rem]' : 'max-w-6xl')}>
      {!bare && (
        <header className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
          <div className="min-w-0">
            <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
            {says !== undefined && <p className="mt-1 max-w-2xl text-ink-2">{says}</p>}
          </div>
          {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
        </header>
      )}
      {children}
    </div>
  );
}
