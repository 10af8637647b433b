import type { SequenceDuration } from '@growthos/contracts/sequence/duration.ts';
import type { Step, StepKind } from '@growthos/contracts/sequence/step.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import {
  CalendarClock,
  CirclePause,
  GitBranch,
  Hourglass,
  LogOut,
  type LucideIcon,
  Mail,
  MessageSquare,
  Shuffle,
  Tag,
  Users,
  Webhook,
} from 'lucide-react';

/** What each kind of step is called, and what a fresh one looks like. Texts only: the server decides what a step does. */
export const STEP_KINDS: Readonly<Record<StepKind, { label: string; says: string; icon: LucideIcon }>> = {
  email: { label: 'Send an e-mail', says: 'To the person, designed or as if you had typed it.', icon: Mail },
  in_app: { label: 'Show something in the app', says: 'A banner, card, dialog or confetti.', icon: MessageSquare },
  notify_team: { label: 'Tell the team', says: 'An e-mail or Slack message to you, not to the customer.', icon: Users },
  wait_for: { label: 'Wait', says: 'A number of days, hours or minutes.', icon: Hourglass },
  wait_until: { label: 'Wait until a date', says: 'Such as 3 days before the trial ends.', icon: CalendarClock },
  wait_for_event: {
    label: 'Wait for something to happen',
    says: 'And go another way if it does not.',
    icon: CirclePause,
  },
  branch: { label: 'Go different ways', says: 'By what is true about the person.', icon: GitBranch },
  split: { label: 'Split by chance', says: 'To compare two versions.', icon: Shuffle },
  set_property: { label: 'Write down a trait', says: 'On the contact, for segments.', icon: Tag },
  webhook: { label: 'Call another system', says: 'By an outbound webhook.', icon: Webhook },
  exit: { label: 'End here', says: 'Whoever comes here leaves the sequence.', icon: LogOut },
};

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

function durationText(duration: SequenceDuration): string {
  const parts = [
    duration.days ? plural(duration.days, 'day') : '',
    duration.hours ? plural(duration.hours, 'hour') : '',
    duration.minutes ? plural(duration.minutes, 'minute') : '',
  ].filter(Boolean);
  return parts.length === 0 ? 'no time' : parts.join(', ');
}

/** "3 days before", "2 hours after", "on". */
export function offsetText(offset: {
  days?: number | undefined;
  hours?: number | undefined;
  minutes?: number | undefined;
}): string {
  const sign = Math.sign((offset.days ?? 0) * 1440 + (offset.hours ?? 0) * 60 + (offset.minutes ?? 0));
  if (sign === 0) return 'on';
  const abs = (value: number | undefined) => Math.abs(value ?? 0);
  return `${durationText({ days: abs(offset.days), hours: abs(offset.hours), minutes: abs(offset.minutes) })} ${sign < 0 ? 'before' : 'after'}`;
}

const plain = (name: string): string => name.replaceAll('_', ' ').replaceAll('.', ' ');

/** One line that says what the step does, for the closed card. */
export function stepLine(step: Step): string {
  switch (step.kind) {
    case 'email':
      return step.content.subject;
    case 'in_app':
      return step.content.title;
    case 'notify_team':
      return step.title;
    case 'wait_for':
      return durationText(step.duration);
    case 'wait_until':
      return step.until.kind === 'window'
        ? `Between ${step.until.window.from} and ${step.until.window.to}`
        : `${offsetText(step.until.offset)} ${plain(step.until.kind === 'contact_date' ? step.until.property : step.until.field)}`;
    case 'wait_for_event':
      return `${plain(step.event.type)}, at most ${durationText(step.timeout)}`;
    case 'branch':
      return `${plural(step.arms.length, 'way')}, else another`;
    case 'split':
      return step.arms.map((arm) => `${arm.percent} %`).join(' / ');
    case 'set_property':
      return `${step.trait} = ${String(step.value)}`;
    case 'webhook':
      return step.endpoint === '' ? 'No destination chosen' : 'To an outbound webhook';
    case 'exit':
      return 'Nothing more';
  }
}

function idFor(kind: StepKind, taken: ReadonlySet<string>): string {
  let count = 1;
  while (taken.has(`${kind}_${count}`)) count += 1;
  return `${kind}_${count}`;
}

/** Every id in use, inside branches too: an id may not come twice. */
export function stepIds(steps: readonly Step[], into = new Set<string>()): Set<string> {
  for (const step of steps) {
    into.add(step.id);
    for (const arm of stepArms(step)) stepIds(arm, into);
  }
  return into;
}

function stepArms(step: Step): readonly (readonly Step[])[] {
  if (step.kind === 'branch') return [...step.arms.map((arm) => arm.steps), step.otherwise];
  if (step.kind === 'split') return step.arms.map((arm) => arm.steps);
  if (step.kind === 'wait_for_event') return [step.onEvent, step.onTimeout];
  return [];
}

export function findStep(steps: readonly Step[], id: string): Step | null {
  for (const step of steps) {
    if (step.id === id) return step;
    for (const arm of stepArms(step)) {
      const found = findStep(arm, id);
      if (found !== null) return found;
    }
  }
  return null;
}

type FreshSteps = { readonly [K in StepKind]: (id: string) => Extract<Step, { kind: K }> };

const FRESH: FreshSteps = {
  email: (id) => ({
    id,
    kind: 'email',
    sender: 'team',
    content: {
      format: 'plain',
      subject: 'Hello {{ contact.name | first_name | default: "there" }}',
      text: 'Hi {{ contact.name | first_name | default: "there" }},\n\n',
    },
  }),
  in_app: (id) => ({
    id,
    kind: 'in_app',
    content: { style: 'card', title: 'A short title', body: '', canSnooze: false },
    expiresAfter: { days: 7 },
  }),
  notify_team: (id) => ({
    id,
    kind: 'notify_team',
    destination: 'founder',
    title: 'Look at {{ contact.name | default: contact.email }}',
    text: 'What happened, and what you could do.',
  }),
  wait_for: (id) => ({ id, kind: 'wait_for', duration: { days: 1 } }),
  wait_until: (id) => ({
    id,
    kind: 'wait_until',
    until: { kind: 'contact_date', property: 'trial_end_date', offset: { days: -3 } },
    ifMissing: {},
  }),
  wait_for_event: (id) => ({
    id,
    kind: 'wait_for_event',
    event: { type: 'payment_succeeded', where: [], match: [] },
    timeout: { days: 3 },
    onEvent: [],
    onTimeout: [],
  }),
  branch: (id) => ({
    id,
    kind: 'branch',
    arms: [{ when: { kind: 'contact', filter: { version: 1, where: { op: 'and', of: [] } } }, steps: [] }],
    otherwise: [],
  }),
  split: (id) => ({
    id,
    kind: 'split',
    arms: [
      { percent: 50, steps: [] },
      { percent: 50, steps: [] },
    ],
  }),
  set_property: (id) => ({ id, kind: 'set_property', trait: 'stage', value: 'contacted' }),
  webhook: (id) => ({ id, kind: 'webhook', endpoint: '' }),
  exit: (id) => ({ id, kind: 'exit' }),
};

export const freshStep = (kind: StepKind, taken: ReadonlySet<string>): Step => FRESH[kind](idFor(kind, taken));

/** A sequence to begin with: one e-mail to whoever comes into the segment, or whose payment fails. */
export function freshSequence(input: {
  segment: string | undefined;
  segmentName: string | undefined;
}): SequenceDefinition {
  return {
    name: input.segmentName === undefined ? '' : `${input.segmentName}: follow up`,
    description: '',
    trigger:
      input.segment === undefined
        ? { kind: 'event', type: 'trial_started', where: [] }
        : { kind: 'segment', on: 'entered', segment: input.segment },
    reentry: { rule: 'never' },
    exits: { goals: [], onSegmentLeft: input.segment !== undefined },
    category: 'product',
    priority: 50,
    quietHours: { from: '21:00', to: '08:00' },
    isExemptFromCaps: false,
    holdoutPercent: 0,
    goalWindowDays: 30,
    steps: [freshStep('email', new Set())],
  };
}
