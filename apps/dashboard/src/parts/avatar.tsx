import { cn } from '../design/cn.ts';
import { TONE_SOFT } from '../design/tone.ts';

const TONES = ['accent', 'info', 'warn', 'mute', 'good'] as const;

/** Initials on a ground that stays the same for the same name. */
export function Avatar({ name, size = 'md' }: { name: string; size?: 'sm' | 'md' | 'lg' }) {
  const words = name
    .replace(/@.*/, '')
    .split(/[\s._-]+/)
    .filter((word) => word !== '');
  const initials = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.[0] ?? '').join('');
  const tone = TONES[(name.length * 7 + name.charCodeAt(0)) % TONES.length] ?? 'accent';
  return (
    <span
      aria-hidden
      className={cn(
        'inline-flex shrink-0 items-center justify-center rounded-full font-semibold uppercase',
        { sm: 'size-7 text-[0.6875rem]', md: 'size-9 text-xs', lg: 'size-12 text-base' }[size],
        TONE_SOFT[tone],
      )}
    >
      {initials || '?'}
    </span>
  );
}
