/**
 * Who leaves a sequence, or is woken in it. In: events of contacts that are in runs, in the order of the log. Out: runs
 * ended, with `sequence_exited` and `sequence_goal_met` in the same transaction; waits that the event ends made due at
 * once. The same event twice changes nothing more. A goal counts only when it came after the event that started the run.
 */
import { groupBy } from '#base/group-by.ts';
import type { BusEvent, Publisher } from '#bus/index.ts';
import { addMs, type Clock, durationMs } from '#base/clock.ts';
import { json, many, type Tx } from '#db/db.ts';
import { closedStripeObjects } from './closed-objects.ts';
import { FilterAnswers, type MatchContacts } from './contact-matcher.ts';
import { judgeRunEvent, type OpenRun, type RunVerdict } from './judge-run-event.ts';
import { type LoadedSequence, loadVersions, versionKey } from './load-programs.ts';
import { exitedEvent, runEvent, type RunRef } from './run-events.ts';

/** The longest goal window that a definition may ask for. */
const GOAL_WINDOW_MAX_MS = durationMs({ days: 180 });

export interface ExitDeps {
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly matchContacts: MatchContacts;
}

interface RunRow {
  id: string;
  workspace_id: string;
  sequence_id: string;
  version: number;
  contact_id: string;
  status: OpenRun['status'];
  is_holdout: boolean;
  trigger_position: bigint;
  trigger_type: string;
  trigger_data: Record<string, unknown>;
  entry_key: string;
  step_id: string | null;
  waits_for: string | null;
  step_entered_at: Date | null;
  entered_at: Date;
  goal_met_at: Date | null;
}

/** Applies the events to the runs of their contacts. Returns how many runs were ended or woken. */
export async function exitByEvents(deps: ExitDeps, input: { tx: Tx; events: readonly BusEvent[] }): Promise<number> {
  const events = input.events.filter((event) => event.contactId !== null && !isOwnEvent(event));
  if (events.length === 0) return 0;
  const contactIds = events.map((event) => event.contactId ?? '');
  const runs = await loadRuns(input.tx, { contactIds, now: deps.clock.now() });
  if (runs.length === 0) return 0;
  const facts = await loadFacts(deps, { tx: input.tx, runs, events });
  const byContact = groupBy(events, (event) => event.contactId);
  const verdicts: { run: OpenRun; verdict: RunVerdict }[] = [];
  for (const run of runs) {
    for (const event of byContact.get(run.contactId) ?? []) {
      const verdict = judgeRunEvent(run, { event, facts });
      if (verdict === null) continue;
      verdicts.push({ run, verdict });
      if (verdict.kind === 'end') break;
    }
  }
  await applyVerdicts(deps, { tx: input.tx, verdicts });
  return verdicts.length;
}

/** What sequences and sending say themselves never ends or wakes a run; message_seen may be waited for. */
function isOwnEvent(event: BusEvent): boolean {
  return event.type.startsWith('sequence_') || (event.type.startsWith('message_') && event.type !== 'message_seen');
}

/** Open runs, and ended ones whose goal may still be reached: started after `$2`. */
const MAY_CHANGE = `contact_id = any($1::uuid[]) and (status in ('active', 'paused', 'failed')
  or (status = 'completed' and goal_met_at is null and entered_at > $2))`;

function runsOf(input: { contactIds: readonly string[]; now: Date }): unknown[] {
  return [[...new Set(input.contactIds)], addMs(input.now, -GOAL_WINDOW_MAX_MS)];
}

/** Which of these contacts have runs that an event may end or wake. */
export async function contactsInRuns(
  tx: Tx,
  input: { contactIds: readonly string[]; now: Date },
): Promise<ReadonlySet<string>> {
  const rows = await many<{ contact_id: string }>(tx, {
    name: 'contacts_in_runs',
    text: `select distinct contact_id from enrolment where ${MAY_CHANGE}`,
    values: runsOf(input),
  });
  return new Set(rows.map((row) => row.contact_id));
}

async function loadRuns(tx: Tx, input: { contactIds: readonly string[]; now: Date }): Promise<OpenRun[]> {
  const rows = await many<RunRow>(tx, {
    name: 'exit_runs',
    text: `select id, workspace_id, sequence_id, version, contact_id, status, is_holdout, trigger_position, trigger_type,
             trigger_data, entry_key, step_id, waits_for, step_entered_at, entered_at, goal_met_at
           from enrolment where ${MAY_CHANGE} order by id for update`,
    values: runsOf(input),
  });
  const sequences = await loadVersions(
    tx,
    rows.map((row) => ({ sequenceId: row.sequence_id, version: row.version })),
  );
  return rows.flatMap((row) => {
    const sequence = sequences.get(versionKey(row.sequence_id, row.version));
    return sequence ? [openRun(row, sequence)] : [];
  });
}

function openRun(row: RunRow, sequence: LoadedSequence): OpenRun {
  return {
    id: row.id,
    contactId: row.contact_id,
    workspaceId: row.workspace_id,
    status: row.status,
    isHoldout: row.is_holdout,
    triggerPosition: row.trigger_position,
    triggerType: row.trigger_type,
    payload: row.trigger_data,
    entryKey: row.entry_key,
    stepId: row.step_id,
    waitsFor: row.waits_for,
    stepEnteredAt: row.step_entered_at,
    enteredAt: row.entered_at,
    hasMetGoal: row.goal_met_at !== null,
    sequence,
  };
}

async function loadFacts(
  deps: ExitDeps,
  input: { tx: Tx; runs: readonly OpenRun[]; events: readonly BusEvent[] },
): Promise<{ answers: FilterAnswers; closed: ReadonlyMap<string, string> }> {
  const answers = new FilterAnswers(deps.matchContacts);
  const updated = new Set(input.events.filter((e) => e.type === 'contact_updated').map((event) => event.contactId));
  const open = input.runs.filter((run) => updated.has(run.contactId) && run.status !== 'completed');
  for (const [sequence, runs] of groupBy(open, (run) => run.sequence)) {
    const { keepWhile } = sequence.program.definition.exits;
    if (keepWhile?.kind !== 'contact') continue;
    const contactIds = runs.map((run) => run.contactId);
    await answers.ask(input.tx, { workspaceId: sequence.workspaceId, filters: [keepWhile.filter], contactIds });
  }
  return { answers, closed: await closedStripeObjects(input.tx, open) };
}

async function applyVerdicts(
  deps: ExitDeps,
  input: { tx: Tx; verdicts: readonly { run: OpenRun; verdict: RunVerdict }[] },
): Promise<void> {
  const now = deps.clock.now();
  const ended = input.verdicts.flatMap(({ run, verdict }) => (verdict.kind === 'end' ? [{ run, verdict }] : []));
  const met = input.verdicts.flatMap(({ run, verdict }) => (verdict.kind === 'goal' ? [{ run, verdict }] : []));
  const woken = input.verdicts.flatMap(({ run, verdict }) => (verdict.kind === 'wake' ? [{ run, verdict }] : []));
  if (ended.length > 0) {
    await input.tx.query({
      name: 'exit_end',
      text: `update enrolment e set status = 'exited', ended_at = $6, next_due_at = null, waits_for = null,
               end_reason = u.reason, end_detail = u.detail, goal_event_id = u.goal_event_id,
               goal_met_at = case when u.is_success then $6::timestamptz end
             from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bool[])
               as u (id, reason, detail, goal_event_id, is_success)
             where e.id = u.id`,
      values: [
        ended.map(({ run }) => run.id),
        ended.map(({ verdict }) => verdict.reason),
        ended.map(({ verdict }) => verdict.detail),
        ended.map(({ verdict }) => verdict.goalEventId),
        ended.map(({ verdict }) => verdict.isSuccess),
        now,
      ],
    });
  }
  if (met.length > 0) {
    await input.tx.query({
      name: 'exit_goal',
      text: `update enrolment e set goal_met_at = $3, goal_event_id = u.event_id
             from unnest($1::uuid[], $2::uuid[]) as u (id, event_id) where e.id = u.id and e.goal_met_at is null`,
      values: [met.map(({ run }) => run.id), met.map(({ verdict }) => verdict.goalEventId), now],
    });
  }
  if (woken.length > 0) await wake(input.tx, { woken, now });
  publishVerdicts(deps, { ...input, now });
}

/** A woken run is due at once; what woke it stands in its state until the worker has walked on. */
async function wake(
  tx: Tx,
  input: { woken: readonly { run: OpenRun; verdict: Extract<RunVerdict, { kind: 'wake' }> }[]; now: Date },
): Promise<void> {
  await tx.query({
    name: 'exit_wake',
    text: `update enrolment e set next_due_at = least(e.next_due_at, $3), step_state = e.step_state || u.state::jsonb
           from unnest($1::uuid[], $2::text[]) as u (id, state) where e.id = u.id and e.status in ('active', 'paused')`,
    values: [
      input.woken.map(({ run }) => run.id),
      input.woken.map(({ verdict }) => json(verdict.wokenBy === null ? {} : { wokenBy: verdict.wokenBy })),
      input.now,
    ],
  });
}

function publishVerdicts(
  deps: ExitDeps,
  input: { tx: Tx; verdicts: readonly { run: OpenRun; verdict: RunVerdict }[]; now: Date },
): void {
  const { now } = input;
  for (const { run, verdict } of input.verdicts) {
    if (verdict.kind === 'wake') continue;
    const ref: RunRef = { contactId: run.contactId, enrolmentId: run.id, ...run.sequence };
    const isGoal = verdict.kind === 'goal' || verdict.isSuccess;
    if (isGoal && verdict.goalEventId !== null) {
      deps.publisher.publish(input.tx, [
        runEvent(ref, {
          type: 'sequence_goal_met',
          time: now,
          data: { is_holdout: run.isHoldout, goal_event_id: verdict.goalEventId },
          cause: verdict.cause,
          once: 'goal',
        }),
      ]);
    }
    if (verdict.kind === 'end') deps.publisher.publish(input.tx, [exitedEvent(ref, { time: now, ...verdict })]);
  }
}
