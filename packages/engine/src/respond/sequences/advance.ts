/**
 * Moves the runs that are due. In: a batch of enrolments found by the index on `next_due_at`, locked with SKIP LOCKED so
 * that several workers share the work. Out, in one transaction: the run's new place and next time, the steps it has done,
 * and a `message_requested` for each message, whose key (run, step) makes it one message for ever. A crash before the
 * commit leaves the run due; a wait is never a key, so no run can be lost by being taken for done.
 */
import { addMs, type Clock } from '#base/clock.ts';
import type { CrashPoints } from '#base/crash-points.ts';
import { noCrashes } from '#base/crash-points.ts';
import { messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { groupBy } from '#base/group-by.ts';
import { backoffMs } from '#base/retry.ts';
import { zoneOfPerson } from '#base/local-time.ts';
import type { Worker } from '#base/worker.ts';
import type { Publisher } from '#bus/index.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { CONTACT_COLUMNS } from '#project/catalogue.ts';
import { FilterAnswers, type MatchContacts } from './contact-matcher.ts';
import { type LoadedSequence, loadVersions, versionKey } from './load-programs.ts';
import { type MovedRun, storeMoves, type TraitWriter } from './store-moves.ts';
import { moveRun, type StepFacts } from './step.ts';

const BATCH_SIZE = 500;
const ATTEMPTS_MAX = 5;
const BACKOFF = { firstMs: 30_000, maxMs: 3_600_000 };

export interface AdvanceDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly matchContacts: MatchContacts;
  readonly setTraits: TraitWriter;
  readonly crashes?: CrashPoints;
  readonly batchSize?: number;
}

export interface DueRun {
  readonly id: string;
  readonly workspace_id: string;
  readonly sequence_id: string;
  readonly version: number;
  readonly contact_id: string;
  readonly is_holdout: boolean;
  readonly trigger_event_id: string | null;
  readonly trigger_type: string;
  readonly trigger_data: Record<string, unknown>;
  readonly step_id: string | null;
  readonly step_entered_at: Date | null;
  readonly step_state: { readonly wokenBy?: string; readonly skipsDue?: boolean };
  readonly next_due_at: Date;
  readonly attempts: number;
  readonly explicit_zone: string | null;
  readonly browser_zone: string | null;
  readonly country: string | null;
  readonly workspace_zone: string | null;
}

export function advanceWorker(deps: AdvanceDeps): Worker {
  return {
    name: 'sequences-advance',
    runOnce: () => deps.db.transaction((tx) => advanceBatch(deps, tx)),
    async nextDueAt() {
      const row = await one<{ due_at: Date | null }>(deps.db, {
        name: 'advance_next',
        text: `select next_due_at as due_at from enrolment where status = 'active' and next_due_at is not null
               order by next_due_at limit 1`,
      });
      return row?.due_at ?? null;
    },
  };
}

async function advanceBatch(deps: AdvanceDeps, tx: Tx): Promise<number> {
  const now = deps.clock.now();
  const runs = await many<DueRun>(tx, {
    name: 'advance_due',
    text: `select e.id, e.workspace_id, e.sequence_id, e.version, e.contact_id, e.is_holdout, e.trigger_event_id,
             e.trigger_type, e.trigger_data, e.step_id, e.step_entered_at, e.step_state, e.next_due_at, e.attempts,
             c.traits ->> 'timezone' as explicit_zone, c.timezone as browser_zone, c.country, w.timezone as workspace_zone
           from enrolment e join contact c on c.id = e.contact_id join workspace w on w.id = e.workspace_id
           where e.status = 'active' and e.next_due_at <= $1
           order by e.next_due_at limit $2 for update of e skip locked`,
    values: [now, deps.batchSize ?? BATCH_SIZE],
  });
  if (runs.length === 0) return 0;
  const sequences = await loadVersions(
    tx,
    runs.map((run) => ({ sequenceId: run.sequence_id, version: run.version })),
  );
  const known = runs.flatMap((run) => {
    const sequence = sequences.get(versionKey(run.sequence_id, run.version));
    return sequence ? [{ run, sequence }] : [];
  });
  const facts = await loadFacts(deps, { tx, known });
  const moves = known.map(({ run, sequence }) => moveOne(deps, { run, sequence, facts, now }));
  await storeMoves(deps, { tx, moves, now });
  (deps.crashes ?? noCrashes).reach('sequences.advance.before-commit');
  return runs.length;
}

interface BatchFacts {
  readonly answers: FilterAnswers;
  readonly dates: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** What the batch's steps may ask: the filters of each sequence at once, and the dates of contacts that wait for one. */
async function loadFacts(
  deps: AdvanceDeps,
  input: { tx: Tx; known: readonly { run: DueRun; sequence: LoadedSequence }[] },
): Promise<BatchFacts> {
  const answers = new FilterAnswers(deps.matchContacts);
  const withDates: string[] = [];
  // Parked runs and holdouts take no step, so nothing is asked of them.
  const walking = input.known.filter(({ run, sequence }) => sequence.status !== 'paused' && !run.is_holdout);
  for (const [sequence, members] of groupBy(walking, (one) => one.sequence)) {
    const { workspaceId, program } = sequence;
    const contactIds = members.map((member) => member.run.contact_id);
    if (program.needsContactDates) withDates.push(...contactIds);
    await answers.ask(input.tx, { workspaceId, filters: program.filters, contactIds });
  }
  const rows =
    withDates.length === 0
      ? []
      : await many<Record<string, unknown> & { id: string }>(input.tx, {
          text: 'select * from contact where id = any($1::uuid[])',
          values: [[...new Set(withDates)]],
        });
  return { answers, dates: new Map(rows.map((row) => [row.id, row])) };
}

function moveOne(
  deps: AdvanceDeps,
  input: { run: DueRun; sequence: LoadedSequence; facts: BatchFacts; now: Date },
): MovedRun {
  const { run, sequence, now } = input;
  if (sequence.status === 'paused') return { run, sequence, kind: 'parked' };
  if (run.is_holdout) return { run, sequence, kind: 'moved', moved: null };
  try {
    const position = {
      stepId: run.step_id,
      enteredAt: run.step_entered_at,
      wokenBy: run.step_state.wokenBy ?? null,
      skipsDue: run.step_state.skipsDue ?? false,
    };
    const moved = moveRun(sequence.program, { position, facts: factsOf(input) });
    return { run, sequence, kind: 'moved', moved };
  } catch (error) {
    deps.log.warn({ enrolmentId: run.id, err: error }, `a run could not be moved: ${messageOf(error)}`);
    const attempts = run.attempts + 1;
    return {
      run,
      sequence,
      kind: 'stumbled',
      attempts,
      error: messageOf(error),
      retryAt: attempts >= ATTEMPTS_MAX ? null : addMs(now, backoffMs(attempts, BACKOFF)),
    };
  }
}

function factsOf(input: { run: DueRun; sequence: LoadedSequence; facts: BatchFacts; now: Date }): StepFacts {
  const { run, sequence, facts, now } = input;
  const columns: Readonly<Record<string, string>> = CONTACT_COLUMNS;
  return {
    now,
    zone: zoneOfPerson({
      explicit: run.explicit_zone,
      browser: run.browser_zone,
      country: run.country,
      workspace: run.workspace_zone,
    }),
    contactId: run.contact_id,
    payload: run.trigger_data,
    contactDate(property) {
      const value = facts.dates.get(run.contact_id)?.[columns[property] ?? ''];
      return value instanceof Date ? value : null;
    },
    matches: (condition) =>
      facts.answers.matches(condition.filter, { workspaceId: sequence.workspaceId, contactId: run.contact_id }),
  };
}
