/** Definitions in plain words, for people who never see the data. */
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import type { Condition, PayloadTest } from '@growthos/contracts/sequence/condition.ts';
import type { DateOffset, LocalWindow, SequenceDuration } from '@growthos/contracts/sequence/duration.ts';
import type { Step } from '@growthos/contracts/sequence/step.ts';
import { propertyLabel, readBackNode } from '@growthos/contracts/filter/read-back.ts';

const EVENT_WORDS: Readonly<Record<string, string>> = {
  'invoice.payment_failed': 'a payment fails',
  payment_succeeded: 'a payment goes through',
  payment_recovered: 'a failed payment is recovered',
  subscription_created: 'a subscription begins',
  subscription_updated: 'a subscription changes',
  subscription_canceled: 'a subscription ends',
  subscription_reactivated: 'somebody pays again',
  trial_started: 'a trial begins',
  trial_converted: 'a trial becomes a subscription',
  trial_expired: 'a trial ends without a subscription',
  'customer.subscription.trial_will_end': 'Stripe says that a trial ends soon',
  card_expiring: 'a card is about to expire',
};

export function eventWords(type: string): string {
  return EVENT_WORDS[type] ?? `"${type}" happens`;
}

export function triggerWords(trigger: SequenceDefinition['trigger']): string {
  switch (trigger.kind) {
    case 'event': {
      const where = trigger.where.length === 0 ? '' : ` (${trigger.where.map(testWords).join(' and ')})`;
      return `When ${eventWords(trigger.type)}${where}`;
    }
    case 'segment':
      return `When somebody ${trigger.on === 'entered' ? 'comes into' : 'leaves'} the segment "${trigger.segment}"`;
    case 'date':
      return `${capital(offsetWords(trigger.offset))} the date "${propertyLabel(trigger.property)}"`;
  }
}

export function exitWords(definition: SequenceDefinition): string[] {
  const { exits } = definition;
  const words = exits.goals.map((goal) => {
    const tie = goal.match.map((match) => match.field.replace(/_id$/, '')).join(' and ');
    return `${capital(eventWords(goal.type))}${tie === '' ? '' : `, for the same ${tie}`}`;
  });
  if (exits.invoiceClosed !== undefined) words.push('The invoice is paid, voided or written off');
  if (exits.subscriptionEnded !== undefined) words.push('The subscription has ended');
  if (exits.onSegmentLeft) words.push('They leave the segment');
  if (exits.keepWhile) words.push(`Not so any more: ${conditionWords(exits.keepWhile)}`);
  return words;
}

/** A step in one line: "E-mail “Welcome to Pro!”", "Wait 3 days". */
export function stepWords(step: Step): string {
  const only = step.onlyIf ? ` (only if ${conditionWords(step.onlyIf)})` : '';
  return `${bareWords(step)}${only}`;
}

function bareWords(step: Step): string {
  switch (step.kind) {
    case 'wait_for':
      return `Wait ${durationWords(step.duration)}${step.window ? `, then until ${windowWords(step.window)}` : ''}`;
    case 'wait_until':
      if (step.until.kind === 'window') return `Wait until ${windowWords(step.until.window)}`;
      return `Wait until ${offsetWords(step.until.offset)} ${
        step.until.kind === 'contact_date' ? propertyLabel(step.until.property) : fieldWords(step.until.field)
      }`;
    case 'wait_for_event':
      return `Wait until ${eventWords(step.event.type)}, at most ${durationWords(step.timeout)}`;
    case 'branch':
      return `Branch: ${step.arms.map((arm) => conditionWords(arm.when)).join('; or else ')}`;
    case 'split':
      return `Split ${step.arms.map((arm) => `${arm.percent}%`).join(' / ')}`;
    case 'email':
      return `E-mail “${step.content.subject}”${step.sender === 'founder' ? ' from the founder' : ''}`;
    case 'in_app':
      return `In the app: “${step.content.title}”`;
    case 'notify_team':
      return `Tell the team: “${step.title}”`;
    case 'webhook':
      return 'Call a webhook';
    case 'set_property':
      return step.value === null ? `Clear "${step.trait}"` : `Set "${step.trait}" to ${JSON.stringify(step.value)}`;
    case 'exit':
      return 'End here';
  }
}

export function conditionWords(condition: Condition): string {
  if (condition.kind === 'contact') return readBackNode(condition.filter.where);
  return condition.all.map(testWords).join(' and ');
}

function testWords(test: PayloadTest): string {
  const field = fieldWords(test.field);
  switch (test.op) {
    case 'is':
    case 'is_not':
      return `${field} ${test.op === 'is' ? 'is' : 'is not'} ${String(test.value)}`;
    case 'in':
    case 'not_in':
      return `${field} is ${test.op === 'in' ? '' : 'not '}one of ${listWords(test.value.map(String))}`;
    case 'is_present':
      return `${field} is known`;
    case 'is_missing':
      return `${field} is not known`;
    default:
      return `${field} is ${COMPARISONS[test.op]} ${test.value}`;
  }
}

const COMPARISONS = { gt: 'more than', gte: 'at least', lt: 'less than', lte: 'at most' } as const;

function listWords(values: readonly string[]): string {
  const shown = values.slice(0, 3).map((value) => value.replaceAll('_', ' '));
  return values.length > 3 ? `${shown.join(', ')} and ${values.length - 3} more` : shown.join(' or ');
}

function fieldWords(field: string): string {
  return field.replaceAll('_', ' ').replaceAll('.', ' ');
}

export function durationWords(duration: SequenceDuration): string {
  const parts = [
    [duration.days ?? 0, 'day'],
    [duration.hours ?? 0, 'hour'],
    [duration.minutes ?? 0, 'minute'],
  ] as const;
  const words = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`);
  return words.length === 0 ? 'not at all' : words.join(' ');
}

function offsetWords(offset: DateOffset): string {
  const total = ((offset.days ?? 0) * 24 + (offset.hours ?? 0)) * 60 + (offset.minutes ?? 0);
  if (total === 0) return 'on';
  const minutes = Math.abs(total);
  const duration = {
    days: Math.floor(minutes / 1440),
    hours: Math.floor((minutes % 1440) / 60),
    minutes: minutes % 60,
  };
  return `${durationWords(duration)} ${total < 0 ? 'before' : 'after'}`;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function windowWords(window: LocalWindow): string {
  const days = window.days.length === 7 ? 'any day' : window.days.map((day) => DAYS[day - 1] ?? '').join(', ');
  return `${window.from}–${window.to} their time, ${days}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
