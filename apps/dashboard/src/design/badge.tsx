import type { ReactNode } from 'react';
import { cn } from './cn.ts';
import { TONE_SOFT, type Tone } from './tone.ts';

interface BadgeProps {
  readonly tone?: Tone;
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
  readonly title?: string | undefined;
}

/** A small word in a coloured pill. The word carries the meaning. */
export function Badge({ tone = 'mute', icon, children, className, title }: BadgeProps) {
  return (
    <span
      title={title}
      className={cn(
        'inline-flex min-h-5.5 items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap [&_svg]:size-3.5 [&_svg]:shrink-0',
        TONE_SOFT[tone],
        className,
      )}
    >
      {icon}
      {children}
    </span>
  );
}
