import type { PlannedSends, RunDetail, RunList, RunRow } from '@growthos/contracts/http/sequences.ts';
import type { MessageChannel } from '@growthos/contracts/sequence/category.ts';
import { addMs, durationMs, type Clock, parseInstant } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { many, one, type Db, type Queryable } from '#db/db.ts';
import { stepWords } from './describe.ts';
import { type LoadedSequence, loadVersions, versionKey } from './load-programs.ts';
import { channelOf, type MessageStep } from './step.ts';

const END_WORDS: Readonly<Record<string, string>> = {
  completed: 'Came to the end',
  goal: 'Reached the goal',
  left_segment: 'Left the segment',
  person: 'Ended by a person',
  edited: 'Its step was taken out',
  holdout_done: 'Holdout: its time is over',
  failed: 'Failed',
  no_longer_true: 'No longer true',
};

interface RunData {
  id: string;
  contact_id: string;
  contact_name: string;
  contact_email: string | null;
  sequence_id: string;
  sequence_name: string;
  status: RunRow['status'];
  version: number;
  is_holdout: boolean;
  entered_at: Date;
  step_id: string | null;
  step_number: number;
  step_count: number;
  next_due_at: Date | null;
  ended_at: Date | null;
  end_reason: string | null;
  end_detail: string | null;
  goal_met_at: Date | null;
  trigger_type: string;
  trigger_data: Record<string, unknown>;
}

const RUN_COLUMNS = `e.id, e.contact_id, e.sequence_id, s.name as sequence_name, e.status, e.version, e.is_holdout, e.entered_at,
  e.step_id, e.step_number, e.step_count, e.next_due_at, e.ended_at, e.end_reason, e.end_detail, e.goal_met_at,
  e.trigger_type, e.trigger_data, c.email as contact_email,
  coalesce(nullif(c.name, ''), c.email, c.user_id, 'Unknown person') as contact_name`;

export async function listRuns(
  db: Queryable,
  input: {
    workspaceId: string;
    sequenceId: string;
    status?: string | undefined;
    stepId?: string | undefined;
    isHoldout?: boolean | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<RunList> {
  const after = readCursor(input.cursor);
  const rows = await many<RunData>(db, {
    text: `select ${RUN_COLUMNS} from enrolment e join sequence s on s.id = e.sequence_id join contact c on c.id = e.contact_id
           where e.workspace_id = $1 and e.sequence_id = $2 and ($3::text is null or e.status = $3)
             and ($4::text is null or e.step_id = $4) and ($5::bool is null or e.is_holdout = $5)
             and ($6::timestamptz is null or (e.entered_at, e.id) < ($6, $7::uuid))
           order by e.entered_at desc, e.id desc limit $8`,
    values: [
      input.workspaceId,
      input.sequenceId,
      input.status ?? null,
      input.stepId ?? null,
      input.isHoldout ?? null,
      after?.at ?? null,
      after?.id ?? null,
      input.limit + 1,
    ],
  });
  const shown = rows.slice(0, input.limit);
  const last = shown.at(-1);
  const sequences = await sequencesOf(db, shown);
  return {
    rows: shown.map((row) => runRow(row, sequences)),
    nextCursor: rows.length > input.limit && last ? writeCursor(last.entered_at, last.id) : null,
  };
}

function sequencesOf(db: Queryable, rows: readonly RunData[]): Promise<Map<string, LoadedSequence>> {
  return loadVersions(
    db,
    rows.map((row) => ({ sequenceId: row.sequence_id, version: row.version })),
  );
}

function runRow(row: RunData, sequences: ReadonlyMap<string, LoadedSequence>): RunRow {
  const isOver = row.ended_at !== null;
  const program = sequences.get(versionKey(row.sequence_id, row.version))?.program;
  const step = row.step_id === null ? undefined : program?.steps.get(row.step_id)?.step;
  const reason = row.end_reason ?? row.status;
  return {
    id: row.id,
    contact: { id: row.contact_id, name: row.contact_name, email: row.contact_email },
    status: row.status,
    version: row.version,
    isHoldout: row.is_holdout,
    enteredAt: row.entered_at.toISOString(),
    step: isOver || row.is_holdout ? null : row.step_number,
    stepCount: row.step_count,
    stepText: isOver || row.is_holdout || !step ? null : (step.name ?? stepWords(step)),
    nextDueAt: row.next_due_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    endText:
      isOver || row.status === 'failed'
        ? [END_WORDS[reason] ?? reason, row.end_detail].filter(Boolean).join(': ')
        : null,
    reachedGoal: row.goal_met_at !== null,
  };
}

export async function readRun(db: Queryable, input: { workspaceId: string; runId: string }): Promise<RunDetail> {
  const row = await one<RunData>(db, {
    text: `select ${RUN_COLUMNS} from enrolment e join sequence s on s.id = e.sequence_id join contact c on c.id = e.contact_id
           where e.workspace_id = $1 and e.id = $2`,
    values: [input.workspaceId, input.runId],
  });
  if (!row) throw new NotFoundError('There is no such run.');
  const sequences = await sequencesOf(db, [row]);
  const program = sequences.get(versionKey(row.sequence_id, row.version))?.program;
  const steps = await many<{ step_id: string; done_at: Date; outcome: string }>(db, {
    text: 'select step_id, done_at, outcome from enrolment_step where enrolment_id = $1 order by done_at, step_id',
    values: [row.id],
  });
  const messages = await many<{
    id: string;
    step_id: string | null;
    channel: MessageChannel;
    status: string;
    subject: string | null;
    at: Date;
    reason: string | null;
  }>(db, {
    text: `select id, step_id, channel, status, subject, coalesce(sent_at, ended_at, requested_at) as at, reason_sentence as reason
           from message where enrolment_id = $1 order by requested_at, id`,
    values: [row.id],
  });
  return {
    ...runRow(row, sequences),
    sequence: { id: row.sequence_id, name: row.sequence_name },
    triggerType: row.trigger_type,
    triggerData: row.trigger_data,
    steps: steps.map((step) => {
      const known = program?.steps.get(step.step_id)?.step;
      const text = known ? (known.name ?? stepWords(known)) : step.step_id;
      return { at: step.done_at.toISOString(), stepId: step.step_id, text, outcome: step.outcome };
    }),
    messages: messages.map((message) => ({
      id: message.id,
      stepId: message.step_id,
      channel: message.channel,
      status: message.status,
      title: message.subject,
      at: message.at.toISOString(),
      reason: message.reason,
    })),
  };
}

/**
 * What will be sent in the next days if nothing stops it: messages that are asked for and held, and the first message
 * behind each wait that ends in that time. Soonest first.
 */
export async function listPlanned(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; days: number; cursor?: string | undefined; limit: number },
): Promise<PlannedSends> {
  const after = readCursor(input.cursor);
  const rows = await many<
    RunData & { due_at: Date; message_id: string | null; message_step: string | null; note: string | null }
  >(deps.db, {
    text: `select * from (
             select ${RUN_COLUMNS}, m.not_before as due_at, m.id as message_id, m.step_id as message_step, m.reason_sentence as note
             from message m join enrolment e on e.id = m.enrolment_id join sequence s on s.id = e.sequence_id
             join contact c on c.id = e.contact_id
             where m.workspace_id = $1 and m.status = 'requested' and m.not_before < $2
             union all
             select ${RUN_COLUMNS}, e.next_due_at as due_at, null::uuid, null, null
             from enrolment e join sequence s on s.id = e.sequence_id join contact c on c.id = e.contact_id
             where e.workspace_id = $1 and e.status = 'active' and not e.is_holdout and s.status in ('live', 'draft')
               and e.next_due_at < $2) planned
           where ($3::timestamptz is null or (due_at, id) > ($3, $4::uuid))
           order by due_at, id limit $5`,
    values: [
      input.workspaceId,
      addMs(deps.clock.now(), durationMs({ days: input.days })),
      after?.at ?? null,
      after?.id ?? null,
      input.limit + 1,
    ],
  });
  const shown = rows.slice(0, input.limit);
  const last = shown.at(-1);
  const sequences = await sequencesOf(deps.db, shown);
  return {
    rows: shown.flatMap((row) => {
      const program = sequences.get(versionKey(row.sequence_id, row.version))?.program;
      const next =
        row.message_step === null ? nextMessage(program, row.step_id) : program?.steps.get(row.message_step)?.step;
      if (!next || !isMessageStep(next)) return [];
      return [
        {
          runId: row.id,
          messageId: row.message_id,
          contact: { id: row.contact_id, name: row.contact_name, email: row.contact_email },
          sequence: { id: row.sequence_id, name: row.sequence_name },
          stepId: next.id,
          step: program?.steps.get(next.id)?.number ?? row.step_number,
          stepCount: row.step_count,
          action: stepWords(next),
          channel: channelOf(next),
          dueAt: row.due_at.toISOString(),
          note: row.note,
        },
      ];
    }),
    nextCursor: rows.length > input.limit && last ? writeCursor(last.due_at, last.id) : null,
  };
}

/** The first message behind the step where a run stands, as far as it is sure: a branch ends the look. */
function nextMessage(program: LoadedSequence['program'] | undefined, from: string | null): MessageStep | undefined {
  for (let stepId = from; stepId !== null && program; ) {
    const here = program.steps.get(stepId);
    if (!here) return undefined;
    const { step } = here;
    if (isMessageStep(step)) return step;
    if (step.kind === 'branch' || step.kind === 'split' || step.kind === 'exit') return undefined;
    stepId = (step.kind === 'wait_for_event' ? step.onTimeout[0]?.id : undefined) ?? here.follow;
  }
  return undefined;
}

function isMessageStep(step: { kind: string }): step is MessageStep {
  return ['email', 'in_app', 'notify_team', 'webhook'].includes(step.kind);
}

/** How many runs and messages fell due while a sequence was paused: the question before it is resumed. */
export async function readOverdue(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; sequenceId: string },
): Promise<{ runs: number; messages: number; sentence: string }> {
  const row = await one<{ runs: number; messages: number }>(deps.db, {
    text: `select (select count(*)::int from enrolment where sequence_id = $1 and workspace_id = $2 and not is_holdout
               and ((status = 'paused' and step_state ->> 'pausedBy' = 'sequence') or (status = 'active' and next_due_at <= $3))) as runs,
             (select count(*)::int from message where sequence_id = $1 and workspace_id = $2 and status = 'requested') as messages`,
    values: [input.sequenceId, input.workspaceId, deps.clock.now()],
  });
  const runs = row?.runs ?? 0;
  const messages = row?.messages ?? 0;
  const sentence =
    runs + messages === 0
      ? 'Nothing fell due meanwhile.'
      : `${runs} ${runs === 1 ? 'run' : 'runs'} and ${messages} ${messages === 1 ? 'message' : 'messages'} fell due meanwhile. Send what is overdue now, or leave it out?`;
  return { runs, messages, sentence };
}

function writeCursor(at: Date, id: string): string {
  return Buffer.from(`${at.toISOString()}|${id}`).toString('base64url');
}

function readCursor(cursor: string | undefined): { at: Date; id: string } | null {
  if (cursor === undefined) return null;
  const [text = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split('|');
  const at = parseInstant(text);
  return at === null || !/^[0-9a-f-]{36}$/.test(id) ? null : { at, id };
}
