/**
 * Whether a run may still speak: looked at once more when a message is about to go, because what was true when it was
 * asked for may have stopped being true. Reads the log itself for goals, so it also knows of a payment that no consumer
 * has come to yet. `main.ts` hands this to `send`; the stages don't know each other.
 */
import { isMeantEvent } from '@growthos/contracts/sequence/payload-test.ts';
import { groupBy } from '#base/group-by.ts';
import { many, type Queryable } from '#db/db.ts';
import { CONTACT_COLUMNS } from '#project/catalogue.ts';
import { closedStripeObjects } from './closed-objects.ts';
import { FilterAnswers, type MatchContacts } from './contact-matcher.ts';
import { type LoadedSequence, loadVersions, versionKey } from './load-programs.ts';

export interface RunObjection {
  /** `hold`: not now, ask again; `skip`: never. */
  readonly kind: 'hold' | 'skip';
  readonly reason: string;
  readonly sentence: string;
}

/** Of each run that may not speak: why. */
export type CheckRuns = (
  db: Queryable,
  asked: readonly { enrolmentId: string; requestedAt: Date }[],
) => Promise<ReadonlyMap<string, RunObjection>>;

interface CheckedRun {
  readonly id: string;
  readonly workspaceId: string;
  readonly contactId: string;
  readonly status: string;
  readonly endReason: string | null;
  readonly endDetail: string | null;
  readonly isHoldout: boolean;
  readonly triggerType: string;
  readonly triggerPosition: bigint;
  readonly payload: Record<string, unknown>;
  readonly sequenceStatus: string;
  readonly skipOverdueTo: Date | null;
  readonly sequence: LoadedSequence;
}

const skip = (reason: string, sentence: string): RunObjection => ({ kind: 'skip', reason, sentence });

export function createCheckRuns(deps: { matchContacts: MatchContacts }): CheckRuns {
  return async (db, asked) => {
    const requestedAt = new Map(asked.map((one) => [one.enrolmentId, one.requestedAt]));
    const runs = await loadRuns(db, [...requestedAt.keys()]);
    const objections = new Map<string, RunObjection>();
    for (const run of runs) {
      const objection = objectionOfState(run, requestedAt.get(run.id) ?? null);
      if (objection) objections.set(run.id, objection);
    }
    const open = (): CheckedRun[] => runs.filter((run) => !objections.has(run.id));
    for (const check of [goalsMet, closedObjects, movedDates]) {
      for (const [id, objection] of await check(db, open())) objections.set(id, objection);
    }
    for (const [id, objection] of await unmatched(deps, { db, runs: open() })) objections.set(id, objection);
    return objections;
  };
}

async function loadRuns(db: Queryable, ids: readonly string[]): Promise<CheckedRun[]> {
  const rows = await many<Omit<CheckedRun, 'sequence'> & { sequenceId: string; version: number }>(db, {
    name: 'still_true_runs',
    text: `select e.id, e.workspace_id as "workspaceId", e.contact_id as "contactId", e.status,
             e.end_reason as "endReason", e.end_detail as "endDetail", e.is_holdout as "isHoldout",
             e.trigger_type as "triggerType", e.trigger_position as "triggerPosition", e.trigger_data as payload,
             e.sequence_id as "sequenceId", e.version, s.status as "sequenceStatus", s.skip_overdue_to as "skipOverdueTo"
           from enrolment e join sequence s on s.id = e.sequence_id where e.id = any($1::uuid[])`,
    values: [[...ids]],
  });
  const sequences = await loadVersions(db, rows);
  return rows.flatMap((row) => {
    const sequence = sequences.get(versionKey(row.sequenceId, row.version));
    return sequence ? [{ ...row, sequence }] : [];
  });
}

function objectionOfState(run: CheckedRun, requestedAt: Date | null): RunObjection | null {
  if (run.status === 'exited') {
    const isGoal = run.endReason === 'goal';
    return skip(isGoal ? 'goal_met' : 'run_ended', `Not sent: the run had ended. ${run.endDetail ?? ''}`.trim());
  }
  if (run.isHoldout) return skip('holdout', 'Not sent: held out on purpose, to measure the effect.');
  if (run.sequenceStatus === 'archived') return skip('sequence_archived', 'Not sent: the sequence was archived.');
  if (run.skipOverdueTo !== null && requestedAt !== null && requestedAt <= run.skipOverdueTo) {
    return skip(
      'overdue',
      'Not sent: it was overdue when the sequence was resumed, and somebody chose to leave it out.',
    );
  }
  if (run.sequenceStatus === 'paused') {
    return { kind: 'hold', reason: 'sequence_paused', sentence: 'Held back while the sequence is paused.' };
  }
  if (run.status === 'paused')
    return { kind: 'hold', reason: 'run_paused', sentence: 'Held back while the run is paused.' };
  return null;
}

type Found = Iterable<readonly [string, RunObjection]>;

async function goalsMet(db: Queryable, runs: readonly CheckedRun[]): Promise<Found> {
  const asked = runs.filter((run) => run.sequence.program.definition.exits.goals.length > 0);
  if (asked.length === 0) return [];
  const types = asked.flatMap((run) => run.sequence.program.definition.exits.goals.map((goal) => goal.type));
  const events = await many<{ contactId: string; type: string; data: Record<string, unknown>; position: bigint }>(db, {
    name: 'still_true_goals',
    text: `select contact_id as "contactId", type, data, position from bus_event
           where contact_id = any($1::uuid[]) and type = any($2::text[]) and position > $3`,
    values: [
      [...new Set(asked.map((run) => run.contactId))],
      [...new Set(types)],
      asked.reduce(
        (least, run) => (run.triggerPosition < least ? run.triggerPosition : least),
        asked[0]?.triggerPosition ?? 0n,
      ),
    ],
  });
  const byContact = groupBy(events, (event) => event.contactId);
  return asked.flatMap((run) => {
    const met = (byContact.get(run.contactId) ?? []).find(
      (event) =>
        event.position > run.triggerPosition &&
        run.sequence.program.definition.exits.goals.some((goal) =>
          isMeantEvent(goal, { type: event.type, data: event.data, startedBy: run.payload }),
        ),
    );
    return met ? [[run.id, skip('goal_met', `Not sent: ${met.type} came first.`)] as const] : [];
  });
}

async function closedObjects(db: Queryable, runs: readonly CheckedRun[]): Promise<Found> {
  const closed = await closedStripeObjects(db, runs);
  return [...closed].map(
    ([id, sentence]) =>
      [id, skip('billing_closed', `Not sent: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`)] as const,
  );
}

async function movedDates(db: Queryable, runs: readonly CheckedRun[]): Promise<Found> {
  const columns: Readonly<Record<string, string>> = CONTACT_COLUMNS;
  const dated = runs.filter((run) => run.triggerType === 'date');
  if (dated.length === 0) return [];
  const contacts = await many<Record<string, unknown> & { id: string }>(db, {
    text: 'select * from contact where id = any($1::uuid[])',
    values: [dated.map((run) => run.contactId)],
  });
  const byId = new Map(contacts.map((contact) => [contact.id, contact]));
  return dated.flatMap((run) => {
    const { trigger } = run.sequence.program.definition;
    if (trigger.kind !== 'date') return [];
    const value = byId.get(run.contactId)?.[columns[trigger.property] ?? ''];
    const isSame = value instanceof Date && value.toISOString() === run.payload['date'];
    return isSame ? [] : [[run.id, skip('date_moved', 'Not sent: the date that started it has moved.')] as const];
  });
}

async function unmatched(
  deps: { matchContacts: MatchContacts },
  input: { db: Queryable; runs: readonly CheckedRun[] },
): Promise<Found> {
  const found: [string, RunObjection][] = [];
  for (const [sequence, runs] of groupBy(input.runs, (run) => run.sequence)) {
    const { exits, trigger } = sequence.program.definition;
    const answers = new FilterAnswers(deps.matchContacts);
    const contactIds = runs.map((run) => run.contactId);
    const { workspaceId } = sequence;
    if (exits.keepWhile?.kind === 'contact') {
      await answers.ask(input.db, { workspaceId, filters: [exits.keepWhile.filter], contactIds });
    }
    const members =
      exits.onSegmentLeft && trigger.kind === 'segment'
        ? await segmentMembers(input.db, { workspaceId, segment: trigger.segment, contactIds })
        : null;
    for (const run of runs) {
      const who = { workspaceId, contactId: run.contactId, payload: run.payload };
      if (members && !members.has(run.contactId)) {
        found.push([run.id, skip('left_segment', 'Not sent: the contact had left the segment.')]);
      } else if (exits.keepWhile && !answers.holds(exits.keepWhile, who)) {
        found.push([
          run.id,
          skip('no_longer_true', 'Not sent: the contact no longer matches what the sequence asks for.'),
        ]);
      }
    }
  }
  return found;
}

async function segmentMembers(
  db: Queryable,
  input: { workspaceId: string; segment: string; contactIds: readonly string[] },
): Promise<ReadonlySet<string>> {
  const rows = await many<{ contact_id: string }>(db, {
    text: `select m.contact_id from segment s join segment_membership m on m.segment_id = s.id and m.version = s.version
           where s.workspace_id = $1 and (s.key = $2 or s.id::text = $2) and m.is_member and m.contact_id = any($3::uuid[])`,
    values: [input.workspaceId, input.segment, [...input.contactIds]],
  });
  return new Set(rows.map((row) => row.contact_id));
}
