/**
 * Making, changing and switching sequences. A saved change is a new version; people enter the live version only, and
 * publishing takes those inside along (`plan-edit.ts`). Each call is one transaction.
 */
import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import type { Clock } from '#base/clock.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import type { Publisher } from '#bus/index.ts';
import { json, one, type Db, type Queryable, type Tx } from '#db/db.ts';
import { applyEdit } from './apply-edit.ts';
import type { MatchContacts } from './contact-matcher.ts';
import { armAllDates } from './date-triggers.ts';
import { enrolSegmentMembers } from './enrol-members.ts';
import { type LoadedSequence, loadVersions, versionKey } from './load-programs.ts';
import { exitRuns } from './run-actions.ts';
import { templateByKey } from './templates/index.ts';

export interface DefineDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly matchContacts: MatchContacts;
}

interface SequenceState {
  readonly id: string;
  readonly status: 'draft' | 'live' | 'paused' | 'archived';
  readonly latest_version: number;
  readonly live_version: number | null;
}

/**
 * A definition from outside, as an object or as YAML.
 * @throws InvalidInputError whose message names the first thing that is wrong and where.
 */
export function parseDefinition(input: { definition?: unknown; yaml?: string | undefined }): SequenceDefinition {
  const parsed = SequenceDefinition.safeParse(input.yaml === undefined ? input.definition : readYaml(input.yaml));
  if (parsed.success) return parsed.data;
  const issue = deepestIssue(parsed.error.issues);
  const place = issue?.path.join('.') ?? '';
  throw new InvalidInputError(
    `${place === '' ? 'The sequence' : `At ${place}`}: ${issue?.message ?? 'cannot be read'}`,
    {
      field: place,
    },
  );
}

function readYaml(text: string): unknown {
  try {
    return parseYaml(text, { maxAliasCount: 20 });
  } catch (error) {
    throw new InvalidInputError(`This is not YAML: ${error instanceof Error ? error.message : 'unreadable'}`, {
      field: 'yaml',
      cause: error,
    });
  }
}

/** Of a union, the problem inside the member that it was meant to be, rather than "invalid input". */
function deepestIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const issue = issues[0];
  if (issue?.code !== 'invalid_union') return issue;
  const inner = issue.errors.map(deepestIssue).find((one) => one !== undefined);
  return inner ? { ...inner, path: [...issue.path, ...inner.path] } : issue;
}

export async function createSequence(
  deps: DefineDeps,
  input: { workspaceId: string; definition: SequenceDefinition; key?: string | null; by: string | null },
): Promise<{ id: string }> {
  return deps.db.transaction((tx) => insertSequence(deps, { ...input, tx }));
}

async function insertSequence(
  deps: { clock: Clock },
  input: { tx: Tx; workspaceId: string; definition: SequenceDefinition; key?: string | null; by: string | null },
): Promise<{ id: string }> {
  const now = deps.clock.now();
  const id = newId();
  await input.tx.query({
    text: `insert into sequence (id, workspace_id, key, name, status, latest_version, created_at, updated_at)
           values ($1, $2, $3, $4, 'draft', 1, $5, $5)`,
    values: [id, input.workspaceId, input.key ?? null, input.definition.name, now],
  });
  await insertVersion({ ...input, sequenceId: id, version: 1, now });
  return { id };
}

async function insertVersion(input: {
  tx: Tx;
  workspaceId: string;
  sequenceId: string;
  version: number;
  definition: SequenceDefinition;
  by: string | null;
  now: Date;
}): Promise<void> {
  await input.tx.query({
    text: `insert into sequence_version (sequence_id, version, workspace_id, definition, step_count, created_at, created_by)
           values ($1, $2, $3, $4::jsonb, $5, $6, $7)`,
    values: [
      input.sequenceId,
      input.version,
      input.workspaceId,
      json(input.definition),
      input.definition.steps.length,
      input.now,
      input.by,
    ],
  });
}

/** Installs a template as a draft. A second time answers the sequence that is there. */
export async function installTemplate(
  deps: DefineDeps,
  input: { workspaceId: string; key: string; by: string | null },
): Promise<{ id: string }> {
  const template = templateByKey(input.key);
  if (!template) throw new NotFoundError(`There is no template "${input.key}".`);
  return deps.db.transaction(async (tx) => {
    await tx.query({ text: 'select 1 from workspace where id = $1 for update', values: [input.workspaceId] });
    const known = await one<{ id: string }>(tx, {
      text: `select id from sequence where workspace_id = $1 and key = $2 and status <> 'archived'`,
      values: [input.workspaceId, input.key],
    });
    return known ?? insertSequence(deps, { ...input, tx, definition: template.definition });
  });
}

/** Saves a new version; who is inside meets it only when it is published (`switchOn`). */
export async function saveVersion(
  deps: DefineDeps,
  input: { workspaceId: string; sequenceId: string; definition: SequenceDefinition; by: string | null },
): Promise<{ version: number }> {
  return deps.db.transaction(async (tx) => {
    const state = await lockSequence(tx, input);
    const now = deps.clock.now();
    const version = state.latest_version + 1;
    await insertVersion({ ...input, tx, version, now });
    await tx.query({
      text: 'update sequence set latest_version = $2, name = $3, updated_at = $4 where id = $1',
      values: [state.id, version, input.definition.name, now],
    });
    return { version };
  });
}

async function lockSequence(tx: Queryable, input: { workspaceId: string; sequenceId: string }): Promise<SequenceState> {
  const state = await one<SequenceState>(tx, {
    text: `select id, status, latest_version, live_version from sequence where id = $1 and workspace_id = $2 for update`,
    values: [input.sequenceId, input.workspaceId],
  });
  if (!state || state.status === 'archived') throw new NotFoundError('There is no such sequence.');
  return state;
}

/**
 * Publishes the latest version and lets people in. `includeNow`: those who match a segment or date trigger already start
 * too; without it only who comes from now on.
 */
export async function switchOn(
  deps: DefineDeps,
  input: { workspaceId: string; sequenceId: string; includeNow: boolean; cause: EventCause },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const state = await lockSequence(tx, input);
    if (state.status === 'paused') throw new ConflictError('The sequence is paused: resume it, then publish.');
    const now = deps.clock.now();
    await tx.query({
      text: `update sequence set status = 'live', live_version = latest_version, updated_at = $2,
               switched_on_at = case when status = 'live' then switched_on_at else $2 end where id = $1`,
      values: [state.id, now],
    });
    const to = await loadLatest(tx, state);
    if (state.live_version !== null && state.live_version !== to.version) {
      await applyEdit(deps, { tx, sequenceId: state.id, to, now, cause: input.cause });
    }
    await armAllDates(deps, { tx, sequence: to, includePast: input.includeNow || state.status === 'live' });
    if (input.includeNow) await enrolSegmentMembers(deps, { tx, sequence: to });
  });
}

async function loadLatest(tx: Tx, state: SequenceState): Promise<LoadedSequence> {
  const version = state.latest_version;
  const loaded = await loadVersions(tx, [{ sequenceId: state.id, version }]);
  const sequence = loaded.get(versionKey(state.id, version));
  if (!sequence) throw new NotFoundError('There is no such sequence.');
  return sequence;
}

/** Nobody enters any more. Those inside go on to their end, or leave now. */
export async function switchOff(
  deps: DefineDeps,
  input: { workspaceId: string; sequenceId: string; runs: 'finish' | 'exit'; archive?: boolean; cause: EventCause },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const state = await lockSequence(tx, input);
    const now = deps.clock.now();
    await tx.query({
      text: `update sequence set status = $3, updated_at = $2 where id = $1`,
      values: [state.id, now, input.archive === true ? 'archived' : 'draft'],
    });
    await tx.query({ text: 'delete from sequence_date_due where sequence_id = $1', values: [state.id] });
    await unpark(tx, { sequenceId: state.id, skipsDue: false, now });
    if (input.runs === 'exit') {
      await exitRuns(deps, { tx, sequenceId: state.id, detail: 'The sequence was switched off.', cause: input.cause });
    }
  });
}

/** Nobody enters and nobody moves, until it is resumed. Runs that fall due meanwhile are parked. */
export async function pauseSequence(
  deps: DefineDeps,
  input: { workspaceId: string; sequenceId: string },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const state = await lockSequence(tx, input);
    if (state.status !== 'live') throw new ConflictError('Only a sequence that is switched on can be paused.');
    await tx.query({
      text: `update sequence set status = 'paused', paused_at = $2, updated_at = $2 where id = $1`,
      values: [state.id, deps.clock.now()],
    });
  });
}

/** `overdue`: what fell due meanwhile is done now, or stepped over up to each run's next wait. */
export async function resumeSequence(
  deps: DefineDeps,
  input: { workspaceId: string; sequenceId: string; overdue: 'send' | 'skip' },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const state = await lockSequence(tx, input);
    if (state.status !== 'paused') throw new ConflictError('The sequence is not paused.');
    const now = deps.clock.now();
    const skipsDue = input.overdue === 'skip';
    await tx.query({
      text: `update sequence set status = 'live', paused_at = null, updated_at = $2,
               skip_overdue_to = case when $3 then $2 else skip_overdue_to end where id = $1`,
      values: [state.id, now, skipsDue],
    });
    await unpark(tx, { sequenceId: state.id, skipsDue, now });
  });
}

async function unpark(tx: Tx, input: { sequenceId: string; skipsDue: boolean; now: Date }): Promise<void> {
  await tx.query({
    text: `update enrolment set status = 'active',
             step_state = (step_state - 'pausedBy') || case when $2 then '{"skipsDue": true}'::jsonb else '{}'::jsonb end
           where sequence_id = $1 and ((status = 'paused' and step_state ->> 'pausedBy' = 'sequence')
             or ($2 and status = 'active' and next_due_at <= $3 and not is_holdout))`,
    values: [input.sequenceId, input.skipsDue, input.now],
  });
}
