import type {
  EditPreview,
  SequenceDetail,
  SequenceGallery,
  SequenceRow,
  StepCounts,
} from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { walkSteps } from '@growthos/contracts/sequence/definition.ts';
import { stringify } from 'yaml';
import { addMs, durationMs, type Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { groupBy } from '#base/group-by.ts';
import { many, one, type Db, type Queryable } from '#db/db.ts';
import { capital, exitWords, stepWords, triggerWords } from './describe.ts';
import { goalLift } from './lift.ts';
import { planEdit } from './plan-edit.ts';
import { compileProgram } from './program.ts';
import { loadVersions, versionKey } from './load-programs.ts';
import { SEQUENCE_TEMPLATES } from './templates/index.ts';

const STATUS_LABELS = { draft: 'Off', live: 'On', paused: 'Paused', archived: 'Archived' } as const;

/** A run is stuck when its step was due so long ago and nothing moved it. */
const STUCK_AFTER_MS = durationMs({ minutes: 5 });

export async function readGallery(db: Queryable, input: { workspaceId: string }): Promise<SequenceGallery> {
  const installed = await many<{ key: string; id: string }>(db, {
    text: `select key, id from sequence where workspace_id = $1 and key is not null and status <> 'archived'`,
    values: [input.workspaceId],
  });
  return {
    rows: SEQUENCE_TEMPLATES.map(({ key, says, definition }) => ({
      key,
      says,
      name: definition.name,
      category: definition.category,
      steps: definition.steps.map((step, index) => `${index + 1}. ${step.name ?? stepWords(step)}`),
      exits: exitWords(definition),
      sequenceId: installed.find((row) => row.key === key)?.id ?? null,
      definition,
    })),
  };
}

interface ListRow {
  id: string;
  key: string | null;
  name: string;
  status: keyof typeof STATUS_LABELS;
  latest_version: number;
  live_version: number | null;
  updated_at: Date;
  definition: SequenceDefinition;
  active: number;
  entered: number;
  completed: number;
  exited: number;
  reached: number;
  holdout: number;
  held_goals: number;
}

const LIST = `
  select s.id, s.key, s.name, s.status, s.latest_version, s.live_version, s.updated_at, v.definition,
    coalesce(n.active, 0)::int as active, coalesce(n.entered, 0)::int as entered, coalesce(n.completed, 0)::int as completed,
    coalesce(n.exited, 0)::int as exited, coalesce(n.reached, 0)::int as reached, coalesce(n.holdout, 0)::int as holdout,
    coalesce(n.held_goals, 0)::int as held_goals
  from sequence s join sequence_version v on v.sequence_id = s.id and v.version = s.latest_version
  left join lateral (
    select count(*) filter (where e.status in ('active', 'paused', 'failed') and not e.is_holdout) as active,
      count(*) filter (where not e.is_holdout) as entered,
      count(*) filter (where e.status = 'completed' and not e.is_holdout) as completed,
      count(*) filter (where e.status = 'exited' and not e.is_holdout) as exited,
      count(*) filter (where e.goal_met_at is not null and not e.is_holdout) as reached,
      count(*) filter (where e.is_holdout) as holdout,
      count(*) filter (where e.is_holdout and e.goal_met_at is not null) as held_goals
    from enrolment e where e.sequence_id = s.id) n on true
  where s.workspace_id = $1 and s.status <> 'archived'`;

export async function listSequences(db: Queryable, input: { workspaceId: string }): Promise<SequenceRow[]> {
  const rows = await many<ListRow>(db, { text: `${LIST} order by s.name, s.id`, values: [input.workspaceId] });
  return rows.map(rowOf);
}

function rowOf(row: ListRow): SequenceRow {
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    description: row.definition.description,
    status: row.status,
    statusLabel: row.status === 'draft' && row.live_version === null ? 'Draft' : STATUS_LABELS[row.status],
    triggerText: triggerWords(row.definition.trigger),
    stepCount: row.definition.steps.length,
    category: row.definition.category,
    version: row.latest_version,
    hasUnpublishedChanges: row.live_version !== null && row.live_version !== row.latest_version,
    counts: {
      active: row.active,
      entered: row.entered,
      completed: row.completed,
      exited: row.exited,
      reachedGoal: row.reached,
      holdout: row.holdout,
    },
    updatedAt: row.updated_at.toISOString(),
  };
}

async function findRow(db: Queryable, input: { workspaceId: string; sequenceId: string }): Promise<ListRow> {
  const row = await one<ListRow>(db, { text: `${LIST} and s.id = $2`, values: [input.workspaceId, input.sequenceId] });
  if (!row) throw new NotFoundError('There is no such sequence.');
  return row;
}

export async function readSequenceRow(
  db: Queryable,
  input: { workspaceId: string; sequenceId: string },
): Promise<SequenceRow> {
  return rowOf(await findRow(db, input));
}

export async function readSequence(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; sequenceId: string },
): Promise<SequenceDetail> {
  const row = await findRow(deps.db, input);
  const versions = await many<{ version: number; created_at: Date; created_by: string | null }>(deps.db, {
    text: `select version, created_at, created_by from sequence_version where sequence_id = $1 order by version desc limit 50`,
    values: [row.id],
  });
  const stuck = await one<{ count: number }>(deps.db, {
    text: `select count(*)::int as count from enrolment where sequence_id = $1 and status = 'active' and next_due_at < $2`,
    values: [row.id, addMs(deps.clock.now(), -STUCK_AFTER_MS)],
  });
  return {
    ...rowOf(row),
    definition: row.definition,
    yaml: stringify(row.definition),
    liveVersion: row.live_version,
    steps: await readStepCounts(deps.db, { sequenceId: row.id, definition: row.definition }),
    lift: goalLift({
      inRuns: row.entered,
      inGoals: row.reached,
      holdoutRuns: row.holdout,
      holdoutGoals: row.held_goals,
    }),
    versions: versions.map((one) => ({
      version: one.version,
      createdAt: one.created_at.toISOString(),
      createdBy: one.created_by,
    })),
    stuckCount: row.status === 'paused' ? 0 : (stuck?.count ?? 0),
  };
}

async function readStepCounts(
  db: Queryable,
  input: { sequenceId: string; definition: SequenceDefinition },
): Promise<StepCounts[]> {
  const values = [input.sequenceId];
  const here = await many<{ step_id: string; count: number }>(db, {
    text: `select step_id, count(*)::int as count from enrolment where sequence_id = $1
             and status in ('active', 'paused', 'failed') and not is_holdout group by step_id`,
    values,
  });
  const done = await many<{ step_id: string; count: number }>(db, {
    text: 'select step_id, count(*)::int as count from enrolment_step where sequence_id = $1 group by step_id',
    values,
  });
  const messages = await many<{
    step_id: string;
    status: string;
    reason: string | null;
    sentence: string | null;
    count: number;
  }>(db, {
    text: `select step_id, status, case when status = 'skipped' then reason end as reason,
             max(case when status = 'skipped' then reason_sentence end) as sentence, count(*)::int as count
           from message where sequence_id = $1 and not is_test group by step_id, status, 3`,
    values,
  });
  const byStep = groupBy(messages, (message) => message.step_id);
  const countOf = (rows: readonly { step_id: string; count: number }[], stepId: string): number =>
    rows.find((row) => row.step_id === stepId)?.count ?? 0;
  const numbers = numberSteps(input.definition);
  return [...walkSteps(input.definition.steps)].map(({ step, depth }) => {
    const own = byStep.get(step.id) ?? [];
    const sum = (...statuses: string[]): number =>
      own.filter((one) => statuses.includes(one.status)).reduce((total, one) => total + one.count, 0);
    return {
      stepId: step.id,
      number: numbers.get(step.id) ?? '',
      depth,
      kind: step.kind,
      text: step.name ?? stepWords(step),
      here: countOf(here, step.id),
      done: countOf(done, step.id),
      sent: sum('sent', 'ready'),
      skipped: sum('skipped', 'withdrawn'),
      failed: sum('failed', 'uncertain'),
      waiting: sum('requested', 'sending'),
      skipReasons: own
        .flatMap((one) =>
          one.reason === null ? [] : [{ reason: one.reason, sentence: one.sentence ?? one.reason, count: one.count }],
        )
        .toSorted((a, b) => b.count - a.count),
    };
  });
}

/** "2" for the second top-level step, "2.1", "2.2" for what is inside it, in the order of reading. */
function numberSteps(definition: SequenceDefinition): Map<string, string> {
  const numbers = new Map<string, string>();
  const inside = new Map<number, number>();
  for (const { step, number, depth } of walkSteps(definition.steps)) {
    if (depth === 0) numbers.set(step.id, String(number));
    else {
      const nth = (inside.get(number) ?? 0) + 1;
      inside.set(number, nth);
      numbers.set(step.id, `${number}.${nth}`);
    }
  }
  return numbers;
}

/** What publishing a definition would do to the people inside now. */
export async function previewEdit(
  db: Queryable,
  input: { workspaceId: string; sequenceId: string; definition: SequenceDefinition },
): Promise<EditPreview> {
  const row = await findRow(db, input);
  const standing = await many<{ version: number; step_id: string; count: number }>(db, {
    text: `select version, step_id, count(*)::int as count from enrolment where sequence_id = $1
             and status in ('active', 'paused', 'failed') and not is_holdout group by version, step_id order by version, step_id`,
    values: [row.id],
  });
  const versions = await loadVersions(
    db,
    standing.map(({ version }) => ({ sequenceId: row.id, version })),
  );
  const after = compileProgram(input.definition);
  const steps = standing.flatMap((group) => {
    const before = versions.get(versionKey(row.id, group.version))?.program;
    const fate = before ? planEdit(before, after).get(group.step_id) : undefined;
    const step = before?.steps.get(group.step_id)?.step;
    if (!fate || !step) return [];
    const isStay = fate.kind === 'stay' || fate.kind === 'recount';
    return [
      {
        stepId: group.step_id,
        text: step.name ?? stepWords(step),
        here: group.count,
        stay: isStay ? group.count : 0,
        moveOn: fate.kind === 'move' ? group.count : 0,
        leave: fate.kind === 'leave' ? group.count : 0,
      },
    ];
  });
  return { steps, sentences: steps.map(editSentence) };
}

function editSentence(step: { text: string; here: number; stay: number; moveOn: number; leave: number }): string {
  const parts = [
    [step.stay, 'stay'],
    [step.moveOn, 'move on'],
    [step.leave, 'leave, because no step is left behind it'],
  ] as const;
  const words = parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  return `${capital(`${step.here} wait at`)} “${step.text}”: ${words.join(', ')}.`;
}
