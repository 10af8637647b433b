import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import type { z } from 'zod';
import { CANCELLATION_WIN_BACK } from './cancellation-win-back.ts';
import { FAILED_PAYMENT_RECOVERY } from './failed-payment-recovery.ts';
import { TRIAL_EXPIRY } from './trial-expiry.ts';
import { UPGRADE_CELEBRATION } from './upgrade-celebration.ts';

/** Configuration that ships with the product: installed as a draft, and the team's own from then on. */
export interface SequenceTemplate {
  readonly key: string;
  readonly says: string;
  readonly definition: z.input<typeof SequenceDefinition>;
}

export interface ReadyTemplate {
  readonly key: string;
  readonly says: string;
  readonly definition: SequenceDefinition;
}

export const SEQUENCE_TEMPLATES: readonly ReadyTemplate[] = [
  FAILED_PAYMENT_RECOVERY,
  TRIAL_EXPIRY,
  UPGRADE_CELEBRATION,
  CANCELLATION_WIN_BACK,
].map((template) => ({ ...template, definition: SequenceDefinition.parse(template.definition) }));

export function templateByKey(key: string): ReadyTemplate | undefined {
  return SEQUENCE_TEMPLATES.find((template) => template.key === key);
}
