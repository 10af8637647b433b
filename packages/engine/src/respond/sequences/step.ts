/**
 * What happens next in a run: pure. In: the program, where the run stands, and what is known now. Out: the steps that are
 * done, what they ask for, and where the run stands then. The worker and the dry run both walk with it, so a rehearsal
 * and the real thing cannot differ. Asking twice with the same input gives the same answer.
 */
import type { Condition } from '@growthos/contracts/sequence/condition.ts';
import type { DateOffset, SequenceDuration } from '@growthos/contracts/sequence/duration.ts';
import { type Payload, passesPayloadTest, payloadValue } from '@growthos/contracts/sequence/payload-test.ts';
import type { EmailStep, InAppStep, NotifyTeamStep, Step, WebhookStep } from '@growthos/contracts/sequence/step.ts';
import type { MessageChannel } from '@growthos/contracts/sequence/category.ts';
import type { z } from 'zod';
import { addMs, durationMs, parseInstant } from '#base/clock.ts';
import { stableHash } from '#base/ids.ts';
import { nextInside } from '#base/local-time.ts';
import type { Program } from './program.ts';

export type MessageStep = z.infer<typeof EmailStep | typeof InAppStep | typeof NotifyTeamStep | typeof WebhookStep>;

export interface RunPosition {
  readonly stepId: string | null;
  /** Null: the step was not begun yet. */
  readonly enteredAt: Date | null;
  /** The event that ended a `wait_for_event`. */
  readonly wokenBy: string | null;
  /** Step over what is due, up to the next wait: what a person chose for runs that were overdue after a pause. */
  readonly skipsDue: boolean;
}

export interface StepFacts {
  readonly now: Date;
  readonly zone: string;
  readonly contactId: string;
  /** Of the event that started the run. */
  readonly payload: Payload;
  contactDate(property: string): Date | null;
  /** Whether the contact matches a filter of this program now. */
  matches(condition: Extract<Condition, { kind: 'contact' }>): boolean;
}

export type StepEffect =
  | { readonly kind: 'message'; readonly channel: MessageChannel; readonly step: MessageStep }
  | { readonly kind: 'set_property'; readonly trait: string; readonly value: string | number | boolean | null };

export interface Waiting {
  readonly stepId: string;
  readonly number: number;
  readonly enteredAt: Date;
  readonly wakeAt: Date;
  /** `event:<type>` or `property:<name>`: what may wake it before its time. */
  readonly waitsFor: string | null;
}

export interface Moved {
  readonly done: readonly { readonly stepId: string; readonly number: number; readonly outcome: string }[];
  readonly effects: readonly StepEffect[];
  /** Null: the run is at its end. */
  readonly waiting: Waiting | null;
}

/** What one step does with a run that has just come to it, or stands at it. */
type Verdict =
  | { readonly kind: 'on'; readonly outcome: string; readonly effect?: StepEffect }
  | { readonly kind: 'into'; readonly outcome: string; readonly steps: readonly Step[] }
  | { readonly kind: 'wait'; readonly wakeAt: Date; readonly waitsFor: string | null }
  | { readonly kind: 'end'; readonly outcome: string };

export function moveRun(program: Program, input: { position: RunPosition; facts: StepFacts }): Moved {
  const { facts, position } = input;
  const done: { stepId: string; number: number; outcome: string }[] = [];
  const effects: StepEffect[] = [];
  let stepId = position.stepId;
  let standing: RunPosition | null = position.enteredAt === null ? null : position;
  while (stepId !== null) {
    const here = program.steps.get(stepId);
    if (!here) break;
    const enteredAt = standing?.enteredAt ?? facts.now;
    const isOver = standing === null && here.step.onlyIf !== undefined && !holds(here.step.onlyIf, facts);
    const verdict: Verdict = isOver
      ? { kind: 'on', outcome: 'stepped_over' }
      : judge(here.step, { facts, enteredAt, wokenBy: standing?.wokenBy ?? null });
    if (verdict.kind === 'wait') {
      const { wakeAt, waitsFor } = verdict;
      return { done, effects, waiting: { stepId, number: here.number, enteredAt, wakeAt, waitsFor } };
    }
    const isEffect = verdict.kind === 'on' && verdict.effect !== undefined;
    if (verdict.kind === 'on' && verdict.effect && !position.skipsDue) effects.push(verdict.effect);
    done.push({ stepId, number: here.number, outcome: isEffect && position.skipsDue ? 'overdue' : verdict.outcome });
    if (verdict.kind === 'end') break;
    stepId = (verdict.kind === 'into' ? verdict.steps[0]?.id : undefined) ?? here.follow;
    standing = null;
  }
  return { done, effects, waiting: null };
}

function judge(step: Step, input: { facts: StepFacts; enteredAt: Date; wokenBy: string | null }): Verdict {
  const { facts, enteredAt, wokenBy } = input;
  switch (step.kind) {
    case 'wait_for':
    case 'wait_until': {
      const wakeAt =
        step.kind === 'wait_for' ? endOfWait(step, { facts, enteredAt }) : endOfUntil(step, { facts, enteredAt });
      if (facts.now >= wakeAt) return { kind: 'on', outcome: 'waited' };
      const property = step.kind === 'wait_until' && step.until.kind === 'contact_date' ? step.until.property : null;
      return { kind: 'wait', wakeAt, waitsFor: property === null ? null : `property:${property}` };
    }
    case 'wait_for_event': {
      if (wokenBy !== null) return { kind: 'into', outcome: 'event', steps: step.onEvent };
      const wakeAt = addMs(enteredAt, durationMs(exact(step.timeout)));
      if (facts.now >= wakeAt) return { kind: 'into', outcome: 'timed_out', steps: step.onTimeout };
      return { kind: 'wait', wakeAt, waitsFor: `event:${step.event.type}` };
    }
    case 'branch': {
      const index = step.arms.findIndex((arm) => holds(arm.when, facts));
      const arm = step.arms[index];
      return arm
        ? { kind: 'into', outcome: `arm:${index + 1}`, steps: arm.steps }
        : { kind: 'into', outcome: 'otherwise', steps: step.otherwise };
    }
    case 'split': {
      const index = splitArm(step, facts.contactId);
      return { kind: 'into', outcome: `arm:${index + 1}`, steps: step.arms[index]?.steps ?? [] };
    }
    case 'set_property':
      return { kind: 'on', outcome: 'set', effect: { kind: 'set_property', trait: step.trait, value: step.value } };
    case 'exit':
      return { kind: 'end', outcome: 'exit' };
    default:
      return { kind: 'on', outcome: 'requested', effect: { kind: 'message', channel: channelOf(step), step } };
  }
}

export function channelOf(step: MessageStep): MessageChannel {
  return step.kind === 'notify_team' ? 'team' : step.kind;
}

/** The same contact always falls into the same arm of a split, whenever it gets there. */
function splitArm(step: Extract<Step, { kind: 'split' }>, contactId: string): number {
  const point = (stableHash(`${step.id}:${contactId}`) % 10_000) / 100;
  let bound = 0;
  for (const [index, arm] of step.arms.entries()) {
    bound += arm.percent;
    if (point < bound) return index;
  }
  return step.arms.length - 1;
}

function holds(condition: Condition, facts: StepFacts): boolean {
  return condition.kind === 'payload'
    ? condition.all.every((test) => passesPayloadTest(test, facts.payload))
    : facts.matches(condition);
}

function endOfWait(step: Extract<Step, { kind: 'wait_for' }>, input: { facts: StepFacts; enteredAt: Date }): Date {
  const end = addMs(input.enteredAt, durationMs(exact(step.duration)));
  return step.window ? (nextInside(step.window, { at: end, zone: input.facts.zone }) ?? end) : end;
}

function endOfUntil(step: Extract<Step, { kind: 'wait_until' }>, input: { facts: StepFacts; enteredAt: Date }): Date {
  const { enteredAt } = input;
  const wanted = dateOf(step.until, input) ?? addMs(enteredAt, durationMs(exact(step.ifMissing)));
  if (!step.waitMax) return wanted;
  const latest = addMs(enteredAt, durationMs(exact(step.waitMax)));
  return wanted > latest ? latest : wanted;
}

function dateOf(
  until: Extract<Step, { kind: 'wait_until' }>['until'],
  input: { facts: StepFacts; enteredAt: Date },
): Date | null {
  const { facts, enteredAt } = input;
  if (until.kind === 'window') return nextInside(until.window, { at: enteredAt, zone: facts.zone });
  const date =
    until.kind === 'contact_date'
      ? facts.contactDate(until.property)
      : dateIn(payloadValue(facts.payload, until.field));
  return date === null ? null : addMs(date, durationMs(exact(until.offset)));
}

function dateIn(value: unknown): Date | null {
  return typeof value === 'string' ? parseInstant(value) : null;
}

/** Durations of a definition as the clock takes them: parts that are absent count nothing. */
export function exact(duration: SequenceDuration | DateOffset): { days: number; hours: number; minutes: number } {
  return { days: duration.days ?? 0, hours: duration.hours ?? 0, minutes: duration.minutes ?? 0 };
}
