import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import { isMeantEvent, type Payload, payloadValue } from '@growthos/contracts/sequence/payload-test.ts';
import { addMs, durationMs } from '#base/clock.ts';
import type { BusEvent } from '#bus/index.ts';
import type { FilterAnswers } from './contact-matcher.ts';
import type { LoadedSequence } from './load-programs.ts';
import type { EndReason, RunStatus } from './run-states.ts';

export interface OpenRun {
  readonly id: string;
  readonly contactId: string;
  readonly workspaceId: string;
  readonly status: RunStatus;
  readonly isHoldout: boolean;
  readonly triggerPosition: bigint;
  readonly triggerType: string;
  readonly payload: Payload;
  readonly entryKey: string;
  readonly stepId: string | null;
  readonly waitsFor: string | null;
  readonly stepEnteredAt: Date | null;
  readonly enteredAt: Date;
  readonly hasMetGoal: boolean;
  readonly sequence: LoadedSequence;
}

export interface RunFacts {
  readonly answers: FilterAnswers;
  /** Run id to why its invoice or subscription is over, as a sentence. */
  readonly closed: ReadonlyMap<string, string>;
}

export type RunVerdict =
  | {
      readonly kind: 'end';
      readonly reason: EndReason;
      readonly detail: string | null;
      readonly goalEventId: string | null;
      readonly isSuccess: boolean;
      readonly cause: EventCause;
    }
  /** The goal of a run that has ended already. */
  | { readonly kind: 'goal'; readonly goalEventId: string; readonly cause: EventCause }
  | { readonly kind: 'wake'; readonly wokenBy: string | null };

/** What one event does to one run: pure. Null: nothing. */
export function judgeRunEvent(run: OpenRun, input: { event: BusEvent; facts: RunFacts }): RunVerdict | null {
  const { event, facts } = input;
  if (event.position <= run.triggerPosition) return null;
  const cause: EventCause = { kind: 'event', id: event.id, type: event.type };
  const goal = run.sequence.program.definition.exits.goals.find((one) => isGoal(run, { goal: one, event }));
  if (run.status === 'completed') {
    return goal?.isSuccess && !run.hasMetGoal ? { kind: 'goal', goalEventId: event.id, cause } : null;
  }
  if (goal) {
    const detail = `Ended by ${event.type.replaceAll('_', ' ')}.`;
    return { kind: 'end', reason: 'goal', detail, goalEventId: event.id, isSuccess: goal.isSuccess, cause };
  }
  const end = (reason: EndReason, detail: string): RunVerdict => ({
    kind: 'end',
    reason,
    detail,
    goalEventId: null,
    isSuccess: false,
    cause,
  });
  if (isSegmentLeft(run, event))
    return end('left_segment', `Left the segment "${String(event.data['segment_name'])}".`);
  if (event.type === 'contact_updated') {
    const sentence = untrueSince(run, { event, facts });
    if (sentence !== null) return end('no_longer_true', sentence);
  }
  return wakes(run, event);
}

function isGoal(
  run: OpenRun,
  input: { goal: OpenRun['sequence']['program']['definition']['exits']['goals'][number]; event: BusEvent },
): boolean {
  const { definition } = run.sequence.program;
  const until = addMs(run.enteredAt, durationMs({ days: definition.goalWindowDays }));
  if (run.status === 'completed' && input.event.recordedAt > until) return false;
  return isMeantEvent(input.goal, { type: input.event.type, data: input.event.data, startedBy: run.payload });
}

function isSegmentLeft(run: OpenRun, event: BusEvent): boolean {
  const { trigger, exits } = run.sequence.program.definition;
  if (!exits.onSegmentLeft || trigger.kind !== 'segment' || event.type !== 'segment_left') return false;
  return event.data['segment_key'] === trigger.segment || event.data['segment_id'] === trigger.segment;
}

/** Why a run is no longer right, as a sentence; null: it still is. */
function untrueSince(run: OpenRun, input: { event: BusEvent; facts: RunFacts }): string | null {
  const { trigger, exits } = run.sequence.program.definition;
  const closed = input.facts.closed.get(run.id);
  if (closed !== undefined) return closed;
  if (trigger.kind === 'date' && run.triggerType === 'date') {
    const change = changeOf(input.event, trigger.property);
    if (change && change.new !== run.payload['date']) return 'The date that started it has moved.';
  }
  if (exits.keepWhile) {
    const who = { workspaceId: run.workspaceId, contactId: run.contactId, payload: run.payload };
    if (!input.facts.answers.holds(exits.keepWhile, who))
      return 'The contact no longer matches what the sequence asks for.';
  }
  return null;
}

function wakes(run: OpenRun, event: BusEvent): RunVerdict | null {
  if (run.waitsFor === null) return null;
  // What a replay tells of the time before the wait is not what is waited for.
  if (event.isReplay === true && (run.stepEnteredAt === null || event.recordedAt < run.stepEnteredAt)) return null;
  if (run.waitsFor.startsWith('property:')) {
    const isAbout = changeOf(event, run.waitsFor.slice('property:'.length)) !== undefined;
    return isAbout ? { kind: 'wake', wokenBy: null } : null;
  }
  if (run.waitsFor !== `event:${event.type}` || run.stepId === null) return null;
  const step = run.sequence.program.steps.get(run.stepId)?.step;
  if (step?.kind !== 'wait_for_event') return null;
  const isMeant = isMeantEvent(step.event, { type: event.type, data: event.data, startedBy: run.payload });
  return isMeant ? { kind: 'wake', wokenBy: event.id } : null;
}

/** The change of one property that a `contact_updated` tells of. */
export function changeOf(event: Pick<BusEvent, 'type' | 'data'>, property: string): { new: unknown } | undefined {
  if (event.type !== 'contact_updated') return undefined;
  const changes = payloadValue(event.data, 'changes');
  if (!Array.isArray(changes)) return undefined;
  return changes.find((change: unknown): change is { property: string; new: unknown } => {
    return change !== null && typeof change === 'object' && 'property' in change && change.property === property;
  });
}
