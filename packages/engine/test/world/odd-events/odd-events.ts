import { IN_EVERY_VERSION } from './every-version.ts';
import { MONEY } from './money.ts';
import type { OddEvent } from './odd-event.ts';
import { OTHERS } from './others.ts';
import { SUBSCRIPTIONS } from './subscriptions.ts';

export const ODD_EVENTS: readonly OddEvent[] = [...IN_EVERY_VERSION, ...SUBSCRIPTIONS, ...MONEY, ...OTHERS];
