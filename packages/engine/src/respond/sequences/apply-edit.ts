import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { Publisher } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';
import { type LoadedSequence, loadVersions, versionKey } from './load-programs.ts';
import { planEdit } from './plan-edit.ts';
import type { Program } from './program.ts';
import { exitedEvent } from './run-events.ts';

/** Takes everybody who is inside to the version `to`, by the table in `plan-edit.ts`: one statement per step of a version. */
export async function applyEdit(
  deps: { publisher: Publisher },
  input: { tx: Tx; sequenceId: string; to: LoadedSequence; now: Date; cause: EventCause },
): Promise<void> {
  const { tx, sequenceId, to, now } = input;
  const versions = await many<{ version: number }>(tx, {
    text: `select distinct version from enrolment
           where sequence_id = $1 and version <> $2 and status in ('active', 'paused', 'failed')`,
    values: [sequenceId, to.version],
  });
  const before = await loadVersions(
    tx,
    versions.map(({ version }) => ({ sequenceId, version })),
  );
  for (const { version } of versions) {
    const program = before.get(versionKey(sequenceId, version))?.program;
    if (program) await moveVersion(deps, { ...input, version, before: program });
  }
  await tx.query({
    text: `update enrolment set version = $2, step_count = $3
           where sequence_id = $1 and version <> $2 and status in ('active', 'paused', 'failed')`,
    values: [sequenceId, to.version, to.program.stepCount],
  });
  await tx.query({
    text: `update enrolment set next_due_at = $3 where sequence_id = $1 and version = $2 and status = 'active'
             and not is_holdout and next_due_at is null`,
    values: [sequenceId, to.version, now],
  });
}

async function moveVersion(
  deps: { publisher: Publisher },
  input: {
    tx: Tx;
    sequenceId: string;
    to: LoadedSequence;
    now: Date;
    cause: EventCause;
    version: number;
    before: Program;
  },
): Promise<void> {
  const { tx, sequenceId, to, now, version } = input;
  for (const [stepId, fate] of planEdit(input.before, to.program)) {
    if (fate.kind === 'leave') {
      await leave(deps, { ...input, stepId });
      continue;
    }
    const target = fate.kind === 'move' ? fate.toStepId : stepId;
    await tx.query({
      text: `update enrolment set version = $4, step_count = $5, step_id = $6, step_number = $7,
               step_entered_at = case when $8 then null else step_entered_at end,
               step_state = case when $8 then step_state - 'wokenBy' else step_state end,
               waits_for = case when $8 then null else waits_for end,
               next_due_at = case when $9 and not is_holdout and status = 'active' then $10::timestamptz else next_due_at end
             where sequence_id = $1 and version = $2 and step_id = $3 and status in ('active', 'paused', 'failed')`,
      values: [
        sequenceId,
        version,
        stepId,
        to.version,
        to.program.stepCount,
        target,
        to.program.steps.get(target)?.number ?? 1,
        fate.kind === 'move',
        fate.kind !== 'stay',
        now,
      ],
    });
  }
}

async function leave(
  deps: { publisher: Publisher },
  input: {
    tx: Tx;
    sequenceId: string;
    to: LoadedSequence;
    now: Date;
    cause: EventCause;
    version: number;
    stepId: string;
  },
): Promise<void> {
  const detail = 'The step where it stood was taken out of the sequence, and none is left behind it.';
  const rows = await many<{ id: string; contact_id: string }>(input.tx, {
    text: `update enrolment set status = 'exited', ended_at = $4, end_reason = 'edited', end_detail = $5, next_due_at = null
           where sequence_id = $1 and version = $2 and step_id = $3 and status in ('active', 'paused', 'failed')
             and not is_holdout
           returning id, contact_id`,
    values: [input.sequenceId, input.version, input.stepId, input.now, detail],
  });
  deps.publisher.publish(
    input.tx,
    rows.map((row) =>
      exitedEvent(
        { ...input.to, contactId: row.contact_id, enrolmentId: row.id },
        { time: input.now, reason: 'edited', detail, goalEventId: null, cause: input.cause },
      ),
    ),
  );
}
