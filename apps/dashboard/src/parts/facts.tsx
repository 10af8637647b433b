import type { ReactNode } from 'react';
import { cn } from '../design/cn.ts';

export type Fact = readonly [label: string, value: ReactNode];

/** Label and value, pair by pair. Side by side where there is room, one below the other on a phone. */
export function Facts({ facts, stacked = false }: { facts: readonly Fact[]; stacked?: boolean }) {
  return (
    <dl className={cn('grid gap-x-8 gap-y-2.5', !stacked && 'sm:grid-cols-2')}>
      {facts.map(([label, value]) => (
        <div key={label} className={cn('min-w-0', stacked && 'flex justify-between gap-4')}>
          <dt className="shrink-0 text-[0.8125rem] text-ink-3">{label}</dt>
          <dd className={cn('min-w-0 break-words', stacked && 'text-right')}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
