import type { Tone as ServerTone } from '@growthos/contracts/http/money-view.ts';
import { CircleAlert, CircleCheck, Info, type LucideIcon, TriangleAlert } from 'lucide-react';
import type { Tone } from './tone.ts';

/** The server says how urgent something is; this says how it looks. Each has a shape of its own beside its colour. */
export const TONE_OF: Readonly<Record<ServerTone, Tone>> = { bad: 'bad', warn: 'warn', good: 'good', neutral: 'mute' };

export const ICON_OF: Readonly<Record<ServerTone, LucideIcon>> = {
  bad: CircleAlert,
  warn: TriangleAlert,
  good: CircleCheck,
  neutral: Info,
};
