/**
 * The one place that says whether a message goes, at the moment when it would. Pure: facts in, a decision out. A `skip`
 * is for ever and is told on the contact's timeline with its sentence; a `hold` says until when. In the order in which a
 * person would want to hear the reasons.
 */
import {
  MESSAGE_CATEGORIES,
  type MessageCategory,
  type MessageChannel,
} from '@growthos/contracts/sequence/category.ts';
import type { QuietHours } from '@growthos/contracts/sequence/duration.ts';
import { addMs, durationMs } from '#base/clock.ts';
import { EVERY_DAY, localClock, nextOutside } from '#base/local-time.ts';
import { suppressedWords } from './consent/suppressed-words.ts';

/** A capped message waits for the window to free; longer than this, and it is dropped: it would be stale. */
const CAP_HOLD_MAX_MS = durationMs({ hours: 48 });

export interface SendFacts {
  readonly now: Date;
  readonly channel: MessageChannel;
  readonly category: MessageCategory;
  readonly requestedAt: Date;
  /** What its run says against it (respond/sequences). */
  readonly objection: { readonly kind: 'hold' | 'skip'; readonly reason: string; readonly sentence: string } | null;
  readonly isDryRun: boolean;
  readonly contact: {
    readonly name: string;
    readonly email: string | null;
    readonly isGone: boolean;
    readonly zone: string;
    /** In the companies that they belong to; empty without a company. */
    readonly roles: readonly string[];
  } | null;
  readonly rolesWanted: readonly string[] | null;
  readonly suppression: { readonly reason: string } | null;
  readonly isOptedOut: boolean;
  readonly quietHours: QuietHours | null;
  readonly cap: {
    readonly isExempt: boolean;
    readonly limit: number;
    readonly windowMs: number;
    /** When the counted messages of the window went, oldest first. */
    readonly sentAt: readonly Date[];
  };
}

export type Decision =
  | { readonly kind: 'send' }
  | { readonly kind: 'hold'; readonly until: Date; readonly reason: string; readonly sentence: string }
  | { readonly kind: 'skip'; readonly reason: string; readonly sentence: string };

/** Every reason for which a message can be skipped here. Its run adds its own, rendering too. */
export const SKIP_REASONS = [
  'workspace_dry_run',
  'contact_gone',
  'role',
  'no_address',
  'suppressed',
  'unsubscribed',
  'capped',
] as const;

const HOLD_AGAIN_MS = durationMs({ minutes: 15 });

export function decide(facts: SendFacts): Decision {
  const { objection, contact } = facts;
  if (objection?.kind === 'skip') return skip(objection.reason, objection.sentence);
  if (objection)
    return {
      kind: 'hold',
      until: addMs(facts.now, HOLD_AGAIN_MS),
      reason: objection.reason,
      sentence: objection.sentence,
    };
  if (facts.isDryRun)
    return skip(
      'workspace_dry_run',
      'Not sent: this workspace only rehearses, until somebody switches that off in Settings.',
    );
  if (facts.channel === 'team' || facts.channel === 'webhook') return { kind: 'send' };
  if (contact === null || contact.isGone) return skip('contact_gone', 'Not sent: the contact was erased or merged.');
  if (
    facts.rolesWanted !== null &&
    contact.roles.length > 0 &&
    !contact.roles.some((role) => facts.rolesWanted?.includes(role))
  ) {
    return skip(
      'role',
      `Not sent: it is meant for ${facts.rolesWanted.join(' or ')}, and ${contact.name} is ${contact.roles.join(', ')}.`,
    );
  }
  return facts.channel === 'email' ? decideEmail(facts, contact) : { kind: 'send' };
}

function decideEmail(facts: SendFacts, contact: NonNullable<SendFacts['contact']>): Decision {
  if (contact.email === null) return skip('no_address', `Not sent: no e-mail address is known of ${contact.name}.`);
  if (facts.suppression) {
    return skip(
      'suppressed',
      `Not sent: the address is blocked, because ${suppressedWords(facts.suppression.reason)}.`,
    );
  }
  const category = MESSAGE_CATEGORIES[facts.category];
  if (facts.isOptedOut && category.isOptional) {
    return skip('unsubscribed', `Not sent: ${contact.name} has unsubscribed from ${category.label.toLowerCase()}.`);
  }
  return decideCap(facts) ?? decideQuiet(facts, contact.zone) ?? { kind: 'send' };
}

function decideCap(facts: SendFacts): Decision | null {
  const { cap, now } = facts;
  if (cap.isExempt || !MESSAGE_CATEGORIES[facts.category].isOptional) return null;
  const counted = cap.sentAt.filter((at) => now.getTime() - at.getTime() < cap.windowMs);
  if (counted.length < cap.limit) return null;
  // Free again when so many have left the window that one more fits.
  const leaving = counted[counted.length - cap.limit];
  const until = addMs(leaving ?? now, cap.windowMs);
  const words = `${cap.limit} in ${Math.round(cap.windowMs / 3_600_000)} hours`;
  if (until.getTime() - facts.requestedAt.getTime() > CAP_HOLD_MAX_MS) {
    return skip('capped', `Not sent: the limit of ${words} is reached, and it would be stale when that is over.`);
  }
  return { kind: 'hold', until, reason: 'capped', sentence: `Held back: the limit of ${words} is reached.` };
}

function decideQuiet(facts: SendFacts, zone: string): Decision | null {
  if (facts.quietHours === null) return null;
  const until = nextOutside({ ...facts.quietHours, days: EVERY_DAY }, { at: facts.now, zone });
  if (until.getTime() <= facts.now.getTime()) return null;
  const sentence = `Held back until ${localClock(until, zone)} (${zone}) for quiet hours.`;
  return { kind: 'hold', until, reason: 'quiet_hours', sentence };
}

function skip(reason: string, sentence: string): Decision {
  return { kind: 'skip', reason, sentence };
}
