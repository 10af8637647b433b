import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from './cn.ts';
import { TONE_SOFT } from './tone.ts';

const ICONS = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert } as const;

interface NoticeProps {
  readonly tone?: keyof typeof ICONS;
  readonly children: ReactNode;
  readonly action?: ReactNode;
  readonly className?: string;
}

/** Something the reader should know now, with a shape for each kind beside the colour. */
export function Notice({ tone = 'info', children, action, className }: NoticeProps) {
  const Icon = ICONS[tone];
  return (
    <div
      className={cn('flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl px-3.5 py-2.5', TONE_SOFT[tone], className)}
    >
      <Icon className="size-4.5 shrink-0 self-start mt-0.5" aria-hidden />
      <div className="min-w-0 flex-1 basis-48">{children}</div>
      {action}
    </div>
  );
}
