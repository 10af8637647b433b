import { isMeantEvent } from '@growthos/contracts/sequence/payload-test.ts';
import { EVERY_DAY, nextOutside } from '#base/local-time.ts';
import { CONTACT_COLUMNS } from '#project/catalogue.ts';
import type { FilterAnswers } from '../contact-matcher.ts';
import { eventWords } from '../describe.ts';
import type { Program } from '../program.ts';
import { moveRun, type RunPosition, type StepEffect, type StepFacts } from '../step.ts';
import type { PastEvent } from './past-events.ts';
import type { Person } from './people.ts';

export interface Rehearsed {
  readonly person: Person;
  readonly enteredAt: Date;
  readonly sends: readonly { stepId: string; at: Date; stopped: { reason: string; sentence: string } | null }[];
  readonly end: string;
  readonly endedByGoal: boolean;
}

/** One run from its start to its end, or to now. */
export function rehearse(
  program: Program,
  input: {
    start: PastEvent;
    person: Person;
    later: readonly PastEvent[];
    matches: (condition: { filter: Parameters<FilterAnswers['matches']>[0] }) => boolean;
    now: Date;
  },
): Rehearsed {
  const { start, person, now } = input;
  const endEvent = input.later.find((event) => isEnd(program, { start, event }));
  const endAt = endEvent && endEvent.time < now ? endEvent.time : now;
  const sends: { stepId: string; at: Date; stopped: { reason: string; sentence: string } | null }[] = [];
  let position: RunPosition = { stepId: program.firstStepId, enteredAt: null, wokenBy: null, skipsDue: false };
  let at = start.time;
  let isThrough = false;
  while (at <= endAt && !isThrough) {
    const moved = moveRun(program, { position, facts: factsAt(at, input) });
    for (const effect of moved.effects) {
      const send = sendOf(program, {
        effect,
        at,
        person,
        endAt: endEvent ? endAt : null,
        endType: endEvent?.type ?? '',
      });
      if (send) sends.push(send);
    }
    const { waiting } = moved;
    if (waiting === null) isThrough = true;
    else {
      const woken = wakeOf(program, { start, waiting, later: input.later, from: at });
      at = woken && woken.time < waiting.wakeAt ? woken.time : waiting.wakeAt;
      position = {
        stepId: waiting.stepId,
        enteredAt: waiting.enteredAt,
        wokenBy: woken && woken.time <= at ? woken.id : null,
        skipsDue: false,
      };
    }
  }
  const endedByGoal = !isThrough && endEvent !== undefined;
  const end = isThrough
    ? 'Came to its end'
    : endedByGoal
      ? `Ended: ${eventWords(endEvent.type)}`
      : 'Would still be in it';
  return { person, enteredAt: start.time, sends, end, endedByGoal };
}

function factsAt(
  now: Date,
  input: {
    start: PastEvent;
    person: Person;
    matches: (condition: { filter: Parameters<FilterAnswers['matches']>[0] }) => boolean;
  },
): StepFacts {
  const columns: Readonly<Record<string, string>> = CONTACT_COLUMNS;
  const { person } = input;
  return {
    now,
    zone: person.zone,
    contactId: person.id,
    payload: input.start.data,
    contactDate(property) {
      const value = person.row[columns[property] ?? ''];
      return value instanceof Date ? value : null;
    },
    matches: input.matches,
  };
}

function isEnd(program: Program, input: { start: PastEvent; event: PastEvent }): boolean {
  const { start, event } = input;
  const { exits, trigger } = program.definition;
  if (event.time < start.time) return false;
  if (exits.onSegmentLeft && event.type === 'segment_left' && trigger.kind === 'segment') {
    return event.data['segment_key'] === trigger.segment || event.data['segment_id'] === trigger.segment;
  }
  return exits.goals.some((goal) => isMeantEvent(goal, { type: event.type, data: event.data, startedBy: start.data }));
}

function wakeOf(
  program: Program,
  input: { start: PastEvent; waiting: { stepId: string }; later: readonly PastEvent[]; from: Date },
): PastEvent | undefined {
  const step = program.steps.get(input.waiting.stepId)?.step;
  if (step?.kind !== 'wait_for_event') return undefined;
  return input.later.find(
    (event) =>
      event.time >= input.from &&
      isMeantEvent(step.event, { type: event.type, data: event.data, startedBy: input.start.data }),
  );
}

/** When a message would really have gone, and what would have stopped it. */
function sendOf(
  program: Program,
  input: { effect: StepEffect; at: Date; person: Person; endAt: Date | null; endType: string },
): { stepId: string; at: Date; stopped: { reason: string; sentence: string } | null } | null {
  const { effect, person, endAt } = input;
  if (effect.kind !== 'message') return null;
  const { quietHours } = program.definition;
  const isMail = effect.channel === 'email';
  const at =
    isMail && quietHours
      ? nextOutside({ ...quietHours, days: EVERY_DAY }, { at: input.at, zone: person.zone })
      : input.at;
  const stop = (reason: string, sentence: string) => ({ stepId: effect.step.id, at, stopped: { reason, sentence } });
  if (isMail && person.email === null) return stop('no_address', 'No e-mail address is known.');
  if (isMail && person.isSuppressed) return stop('suppressed', 'The address is blocked.');
  if (isMail && person.isOptedOut) return stop('unsubscribed', 'They have unsubscribed.');
  if (endAt !== null && at > endAt)
    return stop('goal_met', `Held for quiet hours, and then ${eventWords(input.endType)}.`);
  return { stepId: effect.step.id, at, stopped: null };
}
