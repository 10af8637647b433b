import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { Clock } from '#base/clock.ts';
import { ConflictError, NotFoundError } from '#base/errors.ts';
import type { Publisher } from '#bus/index.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { loadVersions, versionKey } from './load-programs.ts';
import { exitedEvent } from './run-events.ts';

export type RunAction = 'pause' | 'resume' | 'skip' | 'exit' | 'replay';

interface RunRow {
  id: string;
  contact_id: string;
  sequence_id: string;
  version: number;
  status: 'active' | 'paused' | 'completed' | 'exited' | 'failed';
  step_id: string | null;
}

/** What a person does to one run. @throws ConflictError where the run's state does not allow it. */
export async function actOnRun(
  deps: { db: Db; clock: Clock; publisher: Publisher },
  input: { workspaceId: string; runId: string; action: RunAction; cause: EventCause },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const run = await one<RunRow>(tx, {
      text: `select id, contact_id, sequence_id, version, status, step_id from enrolment
             where id = $1 and workspace_id = $2 for update`,
      values: [input.runId, input.workspaceId],
    });
    if (!run) throw new NotFoundError('There is no such run.');
    const isAllowed = ALLOWED[input.action].includes(run.status);
    if (!isAllowed) throw new ConflictError(`A run that is ${run.status} cannot be ${WORDS[input.action]}.`);
    switch (input.action) {
      case 'pause':
        await setStatus(tx, { runId: run.id, status: 'paused', state: { pausedBy: 'person' } });
        return;
      case 'resume':
      case 'replay':
        await tx.query({
          text: `update enrolment set status = 'active', attempts = 0, step_state = step_state - 'pausedBy', end_detail = null,
                   next_due_at = coalesce(next_due_at, $2) where id = $1`,
          values: [run.id, deps.clock.now()],
        });
        return;
      case 'skip':
        await skipStep(deps, { tx, run, cause: input.cause });
        return;
      case 'exit':
        await endRun(deps, { tx, runId: run.id, detail: 'Ended by a person.', cause: input.cause });
    }
  });
}

const ALLOWED: Readonly<Record<RunAction, readonly RunRow['status'][]>> = {
  pause: ['active'],
  resume: ['paused'],
  skip: ['active', 'paused', 'failed'],
  exit: ['active', 'paused', 'failed'],
  replay: ['failed'],
};

const WORDS: Readonly<Record<RunAction, string>> = {
  pause: 'paused',
  resume: 'resumed',
  skip: 'moved on',
  exit: 'ended',
  replay: 'started again',
};

/** Many runs at once: the planned sends of the next days. Those that are over are left alone. */
export async function pauseRuns(
  deps: { db: Db },
  input: { workspaceId: string; runIds: readonly string[] },
): Promise<number> {
  const rows = await many(deps.db, {
    text: `update enrolment set status = 'paused', step_state = step_state || '{"pausedBy": "person"}'::jsonb
           where workspace_id = $1 and id = any($2::uuid[]) and status = 'active' returning id`,
    values: [input.workspaceId, [...input.runIds]],
  });
  return rows.length;
}

async function setStatus(
  tx: Tx,
  input: { runId: string; status: string; state: Readonly<Record<string, unknown>> },
): Promise<void> {
  await tx.query({
    text: 'update enrolment set status = $2, step_state = step_state || $3::jsonb where id = $1',
    values: [input.runId, input.status, JSON.stringify(input.state)],
  });
}

async function skipStep(
  deps: { clock: Clock; publisher: Publisher },
  input: { tx: Tx; run: RunRow; cause: EventCause },
): Promise<void> {
  const { tx, run } = input;
  const loaded = await loadVersions(tx, [{ sequenceId: run.sequence_id, version: run.version }]);
  const program = loaded.get(versionKey(run.sequence_id, run.version))?.program;
  const here = run.step_id === null ? undefined : program?.steps.get(run.step_id);
  if (!program || !here || run.step_id === null) throw new ConflictError('This run stands at no step.');
  const now = deps.clock.now();
  await tx.query({
    text: `insert into enrolment_step (enrolment_id, step_id, workspace_id, sequence_id, done_at, outcome)
           select id, step_id, workspace_id, sequence_id, $2, 'skipped_by_person' from enrolment where id = $1
           on conflict do nothing`,
    values: [run.id, now],
  });
  if (here.follow === null) {
    await endRun(deps, {
      tx,
      runId: run.id,
      detail: 'Its last step was stepped over by a person.',
      cause: input.cause,
    });
    return;
  }
  await tx.query({
    text: `update enrolment set step_id = $2, step_number = $3, step_entered_at = null, step_state = '{}', waits_for = null,
             status = 'active', attempts = 0, next_due_at = $4 where id = $1`,
    values: [run.id, here.follow, program.steps.get(here.follow)?.number ?? here.number, now],
  });
}

async function endRun(
  deps: { clock: Clock; publisher: Publisher },
  input: { tx: Tx; runId: string; detail: string; cause: EventCause },
): Promise<void> {
  await endWhere(deps, { ...input, where: 'e.id = $1', value: input.runId });
}

/** Ends every run of a sequence that is not over. */
export async function exitRuns(
  deps: { clock: Clock; publisher: Publisher },
  input: { tx: Tx; sequenceId: string; detail: string; cause: EventCause },
): Promise<void> {
  await endWhere(deps, { ...input, where: 'e.sequence_id = $1', value: input.sequenceId });
}

async function endWhere(
  deps: { clock: Clock; publisher: Publisher },
  input: { tx: Tx; where: 'e.id = $1' | 'e.sequence_id = $1'; value: string; detail: string; cause: EventCause },
): Promise<void> {
  const now = deps.clock.now();
  const rows = await many<{
    id: string;
    workspace_id: string;
    contact_id: string;
    sequence_id: string;
    key: string | null;
    name: string;
  }>(input.tx, {
    text: `update enrolment e set status = 'exited', ended_at = $2, end_reason = 'person', end_detail = $3,
             next_due_at = null, waits_for = null
           from sequence s where s.id = e.sequence_id and ${input.where} and e.status in ('active', 'paused', 'failed')
           returning e.id, e.workspace_id, e.contact_id, e.sequence_id, s.key, s.name`,
    values: [input.value, now, input.detail],
  });
  deps.publisher.publish(
    input.tx,
    rows.map((row) =>
      exitedEvent(
        {
          workspaceId: row.workspace_id,
          contactId: row.contact_id,
          enrolmentId: row.id,
          sequenceId: row.sequence_id,
          key: row.key,
          name: row.name,
        },
        { time: now, reason: 'person', detail: input.detail, goalEventId: null, cause: input.cause },
      ),
    ),
  );
}
