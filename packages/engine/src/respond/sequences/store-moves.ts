import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { NewBusEvent, Publisher } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import type { DueRun } from './advance.ts';
import type { LoadedSequence } from './load-programs.ts';
import { exitedEvent, runEvent, type RunRef } from './run-events.ts';
import type { EndReason, RunStatus } from './run-states.ts';
import type { Moved, StepEffect } from './step.ts';

export type MovedRun = { readonly run: DueRun; readonly sequence: LoadedSequence } & (
  | { readonly kind: 'moved' /** Null: a holdout whose window is over. */; readonly moved: Moved | null }
  /** Its sequence is paused: it waits, still due, until that is resumed. */
  | { readonly kind: 'parked' }
  | { readonly kind: 'stumbled'; readonly attempts: number; readonly error: string; readonly retryAt: Date | null }
);

/** Writes traits of contacts, as the graph's owner does it (with history and event). Given by `main.ts`. */
export type TraitWriter = (
  tx: Tx,
  input: readonly {
    workspaceId: string;
    contactId: string;
    traits: Readonly<Record<string, unknown>>;
    cause: EventCause;
  }[],
) => Promise<void>;

interface Deps {
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly setTraits: TraitWriter;
}

interface NewPlace {
  readonly id: string;
  readonly status: RunStatus;
  readonly stepId: string | null;
  readonly number: number;
  readonly enteredAt: Date | null;
  readonly waitsFor: string | null;
  readonly dueAt: Date | null;
  readonly endReason: EndReason | null;
  readonly endDetail: string | null;
  readonly attempts: number;
  readonly state: string;
}

/** Everything that a batch of moves changes, in a handful of statements. */
export async function storeMoves(deps: Deps, input: { tx: Tx; moves: readonly MovedRun[]; now: Date }): Promise<void> {
  const { tx, moves, now } = input;
  await writePlaces(tx, { places: moves.map(placeOf), now });
  await writeDone(tx, { moves, now });
  await writeTraits(deps, { tx, moves });
  deps.publisher.publish(
    tx,
    moves.flatMap((move) => eventsOf(move, now)),
  );
}

function placeOf(move: MovedRun): NewPlace {
  const { run, sequence } = move;
  const here: NewPlace = {
    id: run.id,
    status: 'active',
    dueAt: null,
    stepId: run.step_id,
    number: (run.step_id !== null && sequence.program.steps.get(run.step_id)?.number) || 1,
    enteredAt: run.step_entered_at,
    waitsFor: null,
    endReason: null,
    endDetail: null,
    attempts: 0,
    state: '{}',
  };
  if (move.kind === 'parked') {
    return {
      ...here,
      status: 'paused',
      dueAt: run.next_due_at,
      state: JSON.stringify({ ...run.step_state, pausedBy: 'sequence' }),
    };
  }
  if (move.kind === 'stumbled') {
    const isOver = move.retryAt === null;
    const state = JSON.stringify(run.step_state);
    return {
      ...here,
      status: isOver ? 'failed' : 'active',
      dueAt: move.retryAt,
      endDetail: move.error,
      attempts: move.attempts,
      state,
    };
  }
  const { moved } = move;
  if (moved === null) return { ...here, status: 'completed', dueAt: null, endReason: 'holdout_done' };
  const { waiting } = moved;
  if (waiting === null) {
    const last = moved.done.at(-1);
    return { ...here, status: 'completed', dueAt: null, endReason: 'completed', number: last?.number ?? here.number };
  }
  return {
    ...here,
    status: 'active',
    stepId: waiting.stepId,
    number: waiting.number,
    enteredAt: waiting.enteredAt,
    waitsFor: waiting.waitsFor,
    dueAt: waiting.wakeAt,
  };
}

async function writePlaces(tx: Tx, input: { places: readonly NewPlace[]; now: Date }): Promise<void> {
  const { places, now } = input;
  await tx.query({
    name: 'advance_places',
    text: `update enrolment e set status = u.status, step_id = u.step_id, step_number = u.step_number,
             step_entered_at = u.entered_at, waits_for = u.waits_for, next_due_at = u.due_at, end_reason = u.end_reason,
             end_detail = u.end_detail, attempts = u.attempts, step_state = u.state::jsonb,
             ended_at = case when u.status = 'completed' then $12::timestamptz end
           from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::timestamptz[],
             $8::text[], $9::text[], $10::smallint[], $11::text[]) as u (id, status, step_id, step_number, entered_at,
             waits_for, due_at, end_reason, end_detail, attempts, state)
           where e.id = u.id`,
    values: [
      places.map((place) => place.id),
      places.map((place) => place.status),
      places.map((place) => place.stepId),
      places.map((place) => place.number),
      places.map((place) => place.enteredAt?.toISOString() ?? null),
      places.map((place) => place.waitsFor),
      places.map((place) => place.dueAt?.toISOString() ?? null),
      places.map((place) => place.endReason),
      places.map((place) => place.endDetail),
      places.map((place) => place.attempts),
      places.map((place) => place.state),
      now,
    ],
  });
}

async function writeDone(tx: Tx, input: { moves: readonly MovedRun[]; now: Date }): Promise<void> {
  const done = input.moves.flatMap((move) =>
    move.kind === 'moved' && move.moved ? move.moved.done.map((step) => ({ run: move.run, ...step })) : [],
  );
  if (done.length === 0) return;
  await tx.query({
    name: 'advance_done',
    text: `insert into enrolment_step (enrolment_id, step_id, workspace_id, sequence_id, done_at, outcome)
           select u.enrolment_id, u.step_id, u.workspace_id, u.sequence_id, $6, u.outcome
           from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[])
             as u (enrolment_id, step_id, workspace_id, sequence_id, outcome)
           on conflict do nothing`,
    values: [
      done.map((step) => step.run.id),
      done.map((step) => step.stepId),
      done.map((step) => step.run.workspace_id),
      done.map((step) => step.run.sequence_id),
      done.map((step) => step.outcome),
      input.now,
    ],
  });
}

async function writeTraits(deps: Deps, input: { tx: Tx; moves: readonly MovedRun[] }): Promise<void> {
  const wanted = input.moves.flatMap((move) =>
    effectsOf(move).flatMap((effect) =>
      effect.kind === 'set_property'
        ? [
            {
              workspaceId: move.run.workspace_id,
              contactId: move.run.contact_id,
              traits: { [effect.trait]: effect.value },
              cause: causeOf(move.run),
            },
          ]
        : [],
    ),
  );
  if (wanted.length > 0) await deps.setTraits(input.tx, wanted);
}

function effectsOf(move: MovedRun): readonly StepEffect[] {
  return move.kind === 'moved' && move.moved ? move.moved.effects : [];
}

function causeOf(run: DueRun): EventCause {
  return run.trigger_event_id === null
    ? { kind: 'time', id: null, type: run.trigger_type }
    : { kind: 'event', id: run.trigger_event_id, type: run.trigger_type };
}

function eventsOf(move: MovedRun, now: Date): NewBusEvent[] {
  if (move.kind !== 'moved') return [];
  const { run, sequence, moved } = move;
  const ref: RunRef = { contactId: run.contact_id, enrolmentId: run.id, ...sequence };
  const cause = causeOf(run);
  const ends = (reason: EndReason): NewBusEvent =>
    exitedEvent(ref, { time: now, reason, detail: null, goalEventId: null, cause });
  if (moved === null) return [ends('holdout_done')];
  const events = moved.done.map((step) =>
    runEvent(ref, {
      type: 'sequence_step_done',
      time: now,
      data: { step_id: step.stepId, step_index: step.number - 1, outcome: step.outcome },
      cause,
      once: null,
    }),
  );
  for (const effect of moved.effects) {
    if (effect.kind === 'message') events.push(requestOf({ ref, sequence, effect, cause, now }));
  }
  if (moved.waiting === null) events.push(ends('completed'));
  return events;
}

/** The request for one message. What it says is read from the version that asked for it, when it is sent. */
function requestOf(input: {
  ref: RunRef;
  sequence: LoadedSequence;
  effect: Extract<StepEffect, { kind: 'message' }>;
  cause: EventCause;
  now: Date;
}): NewBusEvent {
  const { ref, sequence, effect, cause, now } = input;
  const { step, channel } = effect;
  const { category, priority } = sequence.program.definition;
  return runEvent(ref, {
    type: 'message_requested',
    time: now,
    data: {
      message_id: newId(),
      channel,
      step_id: step.id,
      title: titleOf(step),
      key: `${ref.enrolmentId}:${step.id}`,
      sequence_version: sequence.version,
      category,
      priority,
    },
    cause,
    once: null,
  });
}

function titleOf(step: Extract<StepEffect, { kind: 'message' }>['step']): string | null {
  switch (step.kind) {
    case 'email':
      return step.content.subject;
    case 'in_app':
      return step.content.title;
    case 'notify_team':
      return step.title;
    case 'webhook':
      return null;
  }
}
