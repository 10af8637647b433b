/** The events that GrowthOS makes itself, in plain words: segments, sequences, messages, changes. */
import { isDeepStrictEqual } from 'node:util';
import { CONTACT_PROPERTIES } from '@growthos/contracts/contact-properties.ts';
import type { EngineEventName } from '@growthos/contracts/events/engine.ts';
import type { TimelineKind } from '@growthos/contracts/http/timeline.ts';
import { parseInstant } from '#base/clock.ts';
import { isRecord } from '#base/is-record.ts';
import { sentenceCase, statusWords } from './billing-words.ts';
import { dayText, type Viewer } from './date-text.ts';
import { type DataReader, dataReader } from './event-data.ts';
import type { TitleParts } from './event-title.ts';
import { moneyView } from './money-text.ts';

interface EngineTitle {
  readonly kind: TimelineKind;
  readonly say: (read: DataReader, viewer: Viewer) => TitleParts;
}

const TITLES: Readonly<Record<EngineEventName, EngineTitle>> = {
  contact_updated: { kind: 'change', say: contactUpdated },
  contact_merged: {
    kind: 'identity',
    say: (read) => ({
      title:
        read.text('by') === 'person'
          ? 'A person of your team merged another contact into this one'
          : 'Two contacts turned out to be this person',
    }),
  },
  contact_split: {
    kind: 'identity',
    say: (read) => ({
      title:
        read.text('merge_id') !== null
          ? 'A merge was undone: these are two people again'
          : 'Part of one contact turned out to belong to another one',
    }),
  },
  segment_entered: {
    kind: 'segment',
    say: (read) => ({ title: `Entered segment ${read.text('segment_name') ?? ''}`.trim() }),
  },
  segment_left: {
    kind: 'segment',
    say: (read) => ({ title: `Left segment ${read.text('segment_name') ?? ''}`.trim() }),
  },
  sequence_entered: {
    kind: 'sequence',
    say: (read) => ({
      title: `Started on ${read.text('sequence_name') ?? 'a sequence'}`,
      detail: read.isTrue('is_holdout') ? 'Held out on purpose, to measure the effect: gets no messages.' : null,
    }),
  },
  sequence_step_done: {
    kind: 'sequence',
    say: (read) => {
      const index = read.number('step_index');
      const step = index === null ? 'A step' : `Step ${index + 1}`;
      const outcome = read.text('outcome');
      return {
        title: `${step} of ${read.text('sequence_name') ?? 'a sequence'} done`,
        detail: outcome === null ? null : `${sentenceCase(outcome)}.`,
      };
    },
  },
  sequence_goal_met: {
    kind: 'sequence',
    say: (read) => ({ title: `Reached the goal of ${read.text('sequence_name') ?? 'a sequence'}`, tone: 'good' }),
  },
  sequence_exited: {
    kind: 'sequence',
    say: (read) => {
      const reason = read.text('reason') ?? '';
      return {
        title: `Left ${read.text('sequence_name') ?? 'a sequence'}: ${exitWords(reason)}`,
        detail: read.text('detail'),
        tone: reason === 'goal' ? 'good' : reason === 'failed' ? 'bad' : 'neutral',
      };
    },
  },
  message_requested: { kind: 'message', say: (read) => message(read, 'asked for') },
  message_sent: { kind: 'message', say: (read) => message(read, 'sent') },
  message_skipped: {
    kind: 'message',
    say: (read) => ({ ...message(read, 'not sent'), detail: read.text('sentence') ?? read.text('reason') }),
  },
  message_failed: {
    kind: 'message',
    say: (read) => {
      const reason = read.text('reason') ?? '';
      const isOpen = read.isTrue('will_retry');
      const what = reason === UNKNOWN_OUTCOME ? 'may not have arrived' : 'could not be sent';
      return {
        ...message(read, isOpen ? 'not sent yet, trying again' : what),
        detail: FAILURES[reason] ?? null,
        tone: isOpen || reason === UNKNOWN_OUTCOME ? 'warn' : 'bad',
      };
    },
  },
  message_seen: {
    kind: 'message',
    say: (read) => {
      const outcome = read.text('outcome') ?? 'seen';
      return {
        ...message(read, OUTCOME_WORDS[outcome] ?? outcome),
        detail: outcomeDetail(outcome, read.text('detail')),
        tone: OUTCOME_TONES[outcome] ?? 'neutral',
      };
    },
  },
};

export const ENGINE_TITLES: Readonly<Record<string, EngineTitle | undefined>> = TITLES;

const UNKNOWN_OUTCOME = 'outcome_unknown';

/** Why a channel did not take a message, by the reasons of send/outbox. */
const FAILURES: Readonly<Record<string, string>> = {
  [UNKNOWN_OUTCOME]:
    'The connection broke before the mail server answered, so nobody knows whether it took the mail. It is not sent again by itself: see the message.',
  mail_server: 'The mail server did not take it.',
  hard_bounce: 'The mail server does not know the address, so the address gets no more mail.',
  refused: 'It was refused by whoever should have taken it.',
  unreachable: 'The receiver did not answer.',
  gone: 'The receiver says that it is gone for good.',
  forbidden_address: 'Its address is inside a private network, so it was not called.',
  no_destination: 'The team destination is not there any more.',
  no_endpoint: 'The webhook is not there any more, or is switched off.',
};

const OUTCOME_TONES: Readonly<Record<string, 'good' | 'warn' | 'bad'>> = {
  clicked: 'good',
  bounced: 'bad',
  soft_bounced: 'warn',
  complained: 'bad',
  unsubscribed: 'warn',
};

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  bounced: 'came back: it cannot be delivered',
  soft_bounced: 'came back for now',
  complained: 'was marked as spam',
  unsubscribed: 'led to unsubscribing',
};

/** What follows from it, and what the other side said. */
const OUTCOME_FOLLOWS: Readonly<Record<string, string>> = {
  bounced: 'The address gets no more mail until somebody allows it again in Settings.',
  soft_bounced: 'Nothing is blocked: later mails to the address still go out.',
  complained: 'The address gets no more mail until somebody allows it again in Settings.',
};

function outcomeDetail(outcome: string, said: string | null): string | null {
  const follows = OUTCOME_FOLLOWS[outcome];
  if (follows === undefined) return null;
  return said === null ? follows : `${follows} The other side said: ${said}`;
}

const EXITS: Readonly<Record<string, string>> = {
  completed: 'went through all of it',
  goal: 'reached its goal',
  left_segment: 'left the segment',
  person: 'taken out by hand',
  edited: 'its step was taken away',
  holdout_done: 'the measuring is over',
  failed: 'a step failed',
};

export function exitWords(reason: string): string {
  return EXITS[reason] ?? reason.replaceAll('_', ' ');
}

const CHANNELS: Readonly<Record<string, string>> = {
  email: 'E-mail',
  in_app: 'In-app message',
  team: 'Note to the team',
  webhook: 'Webhook',
};

export function channelWords(channel: string): string {
  return CHANNELS[channel] ?? sentenceCase(channel);
}

function message(read: DataReader, what: string): TitleParts {
  const title = read.text('title');
  const name = `${channelWords(read.text('channel') ?? 'email')}${title === null ? '' : ` “${title}”`}`;
  return { title: `${name} ${what}`, messageId: read.text('message_id') };
}

/** Changes that are told by an event of their own, or come with nearly every event: not worth a line each. */
const QUIET_PROPERTIES = new Set([
  'last_seen_at',
  'engagement_score',
  'mrr_by_currency',
  'ltv_by_currency',
  'failed_payment',
  'billing_warnings',
]);
/** What a title names first, the most telling in front; everything else follows in the order in which it was told. */
const TELLING = ['billing_status', 'plan_name', 'mrr', 'trial_end_date', 'cancels_at', 'tier'];
const TITLES_MAX = 2;

function contactUpdated(read: DataReader, viewer: Viewer): TitleParts {
  const changes = read
    .list('changes')
    .filter(isRecord)
    .filter((change) => !QUIET_PROPERTIES.has(String(change['property'])))
    .sort((left, right) => rankOf(left['property']) - rankOf(right['property']))
    .map((change) => {
      const property = String(change['property']);
      return {
        label: propertyLabel(property),
        old: valueText(change['old'], { property, viewer }),
        new: valueText(change['new'], { property, viewer }),
      };
    });
  if (read.isTrue('is_new')) return { title: 'Became known here', changes, tone: 'good' };
  const [first, ...others] = changes.map(
    (change) => `${change.label}: ${change.old ?? 'empty'} → ${change.new ?? 'empty'}`,
  );
  if (first === undefined) return { title: 'Details changed', changes };
  const shown = [first, ...others.slice(0, TITLES_MAX - 1)].join(', ');
  const rest = changes.length - TITLES_MAX;
  return { title: rest > 0 ? `${shown}, and ${rest} more` : shown, changes };
}

function rankOf(property: unknown): number {
  const rank = TELLING.indexOf(String(property));
  return rank === -1 ? TELLING.length : rank;
}

/** The changes of several updates as one: from each property's first old value to its last new one. Oldest first. */
export function mergeChanges(updates: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown>[] {
  const merged = new Map<string, { property: string; old: unknown; new: unknown }>();
  for (const data of updates) {
    for (const change of dataReader(data).list('changes').filter(isRecord)) {
      const property = String(change['property']);
      const before = merged.get(property);
      merged.set(property, { property, old: before ? before.old : change['old'], new: change['new'] });
    }
  }
  return [...merged.values()].filter((change) => !isDeepStrictEqual(change.old, change.new));
}

export function propertyLabel(property: string): string {
  const known: Readonly<Record<string, { label: string } | undefined>> = CONTACT_PROPERTIES;
  return known[property]?.label ?? sentenceCase(property.replace(/^traits\./, ''));
}

/** A stored value as a person reads it; null where there is none. */
function valueText(value: unknown, context: { property: string; viewer: Viewer }): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (isRecord(value)) {
    const money = dataReader(value);
    return moneyView(money.number('amount_minor'), money.text('currency'))?.formatted ?? JSON.stringify(value);
  }
  if (context.property === 'billing_status' && typeof value === 'string') return statusWords(value).label;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') {
    const types: Readonly<Record<string, { type: string } | undefined>> = CONTACT_PROPERTIES;
    const date = types[context.property]?.type === 'date' ? parseInstant(value) : null;
    return date === null ? value : dayText(date, context.viewer);
  }
  return typeof value === 'number' ? value.toLocaleString('en-US') : JSON.stringify(value);
}

/** True for an update that changed nothing which a person would want a line for. */
export function isQuietUpdate(event: { type: string; data: Readonly<Record<string, unknown>> }): boolean {
  if (event.type !== 'contact_updated' || event.data['is_new'] === true) return false;
  const changes = event.data['changes'];
  return (
    Array.isArray(changes) &&
    changes.every((change) => isRecord(change) && QUIET_PROPERTIES.has(String(change['property'])))
  );
}
