/** How a status looks. It always stands beside a word or an icon with a shape of its own, never as colour alone. */
export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'mute' | 'accent';

export const TONE_TEXT: Readonly<Record<Tone, string>> = {
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  mute: 'text-mute',
  accent: 'text-accent-ink',
};

export const TONE_SOFT: Readonly<Record<Tone, string>> = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  info: 'bg-info-soft text-info',
  mute: 'bg-mute-soft text-mute',
  accent: 'bg-accent-soft text-accent-ink',
};
