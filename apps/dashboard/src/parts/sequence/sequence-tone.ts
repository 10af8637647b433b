import type { SequenceRow } from '@growthos/contracts/http/sequences.ts';
import type { Tone } from '../../design/tone.ts';

export const SEQUENCE_TONE: Readonly<Record<SequenceRow['status'], Tone>> = {
  draft: 'mute',
  live: 'good',
  paused: 'warn',
  archived: 'mute',
};
