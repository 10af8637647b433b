import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { NewBusEvent } from '#bus/index.ts';
import type { EndReason } from './run-states.ts';

export interface RunRef {
  readonly workspaceId: string;
  readonly contactId: string;
  readonly enrolmentId: string;
  readonly sequenceId: string;
  readonly key: string | null;
  readonly name: string;
}

/**
 * An event about a run. `once` makes it one event for ever: (run, `once`). Null where the run's own row, locked and moved
 * in the same transaction, already sees to that: a unique key costs an index entry on the hot path.
 */
export function runEvent(
  run: RunRef,
  input: { type: string; time: Date; data: Record<string, unknown>; cause: EventCause | null; once: string | null },
): NewBusEvent {
  return {
    workspaceId: run.workspaceId,
    contactId: run.contactId,
    type: input.type,
    source: 'growthos',
    time: input.time,
    data: {
      sequence_id: run.sequenceId,
      sequence_key: run.key,
      sequence_name: run.name,
      enrolment_id: run.enrolmentId,
      ...input.data,
    },
    cause: input.cause,
    ...(input.once === null ? {} : { dedupeKey: `run:${run.enrolmentId}:${input.once}` }),
  };
}

export function exitedEvent(
  run: RunRef,
  input: { time: Date; reason: EndReason; detail: string | null; goalEventId: string | null; cause: EventCause | null },
): NewBusEvent {
  return runEvent(run, {
    type: 'sequence_exited',
    time: input.time,
    data: {
      reason: input.reason === 'no_longer_true' ? 'left_segment' : input.reason,
      detail: input.detail,
      goal_event_id: input.goalEventId,
    },
    cause: input.cause,
    once: 'exited',
  });
}
