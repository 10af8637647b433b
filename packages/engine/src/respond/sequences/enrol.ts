/**
 * Who starts on a sequence. In: events that may be triggers, or dates that fell due. Out: one `enrolment` row per new run
 * and a `sequence_entered` event in the same transaction. The same event twice makes one run; a run that the re-entry
 * rule or a running one forbids is not made. The holdout is drawn by a stable hash: the same contact is always on the
 * same side of the same sequence.
 */
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { Condition } from '@growthos/contracts/sequence/condition.ts';
import { type Payload, passesPayloadTest, payloadValue } from '@growthos/contracts/sequence/payload-test.ts';
import { addMs, durationMs, type Clock } from '#base/clock.ts';
import { groupBy } from '#base/group-by.ts';
import { newId, stableHash } from '#base/ids.ts';
import type { BusEvent, Publisher } from '#bus/index.ts';
import { json, many, type Tx } from '#db/db.ts';
import { FilterAnswers, type MatchContacts } from './contact-matcher.ts';
import type { LoadedSequence } from './load-programs.ts';
import { runEvent } from './run-events.ts';
import { exact } from './step.ts';

/** An event older than this starts nothing: a message about it would come out of the blue. */
const TRIGGER_AGE_MAX_MS = durationMs({ days: 7 });

export interface EnrolDeps {
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly matchContacts: MatchContacts;
}

export interface Candidate {
  readonly sequence: LoadedSequence;
  readonly contactId: string;
  readonly entryKey: string;
  readonly triggerEventId: string | null;
  readonly triggerType: string;
  readonly triggerPosition: bigint;
  readonly payload: Payload;
  readonly at: Date;
  readonly cause: EventCause;
  /** When the event of a replay was recorded: whoever has had a run since then starts none by it. */
  readonly replayedFrom?: Date;
}

/** Starts the runs that these events trigger among the live sequences of their workspaces. Returns how many. */
export async function enrolByEvents(
  deps: EnrolDeps,
  input: { tx: Tx; events: readonly BusEvent[]; live: readonly LoadedSequence[] },
): Promise<number> {
  const candidates: Candidate[] = [];
  for (const event of input.events) {
    if (event.contactId === null) continue;
    for (const sequence of input.live) {
      if (isStartOf(deps, { sequence, event })) candidates.push(candidateOf(sequence, event));
    }
  }
  return enrolCandidates(deps, { tx: input.tx, candidates });
}

/** Whether the event starts a run of the sequence for its contact, if conditions and re-entry rules allow it. */
export function isStartOf(deps: { clock: Clock }, input: { sequence: LoadedSequence; event: BusEvent }): boolean {
  const { sequence, event } = input;
  const { trigger } = sequence.program.definition;
  if (sequence.workspaceId !== event.workspaceId) return false;
  if (sequence.switchedOnAt !== null && event.recordedAt < sequence.switchedOnAt) return false;
  return isTriggerEvent(trigger, event) && !isTooOld(event, deps.clock.now());
}

/** Whether an event of the log is what a trigger asks for, whatever its age. */
export function isTriggerEvent(
  trigger: LoadedSequence['program']['definition']['trigger'],
  event: Pick<BusEvent, 'type' | 'data' | 'cause'>,
): boolean {
  if (trigger.kind === 'date') return false;
  if (trigger.kind === 'segment') {
    if (event.type !== (trigger.on === 'entered' ? 'segment_entered' : 'segment_left')) return false;
    return event.data['segment_key'] === trigger.segment || event.data['segment_id'] === trigger.segment;
  }
  // What a backfill tells happened before anybody was listening; the segments that it fills do start runs.
  if (event.type !== trigger.type || event.cause?.kind === 'backfill') return false;
  return trigger.where.every((test) => passesPayloadTest(test, event.data));
}

function isTooOld(event: BusEvent, now: Date): boolean {
  return now.getTime() - event.time.getTime() > TRIGGER_AGE_MAX_MS;
}

function candidateOf(sequence: LoadedSequence, event: BusEvent): Candidate {
  return {
    sequence,
    contactId: event.contactId ?? '',
    entryKey: entryKeyOf(sequence, event.data),
    triggerEventId: event.id,
    triggerType: event.type,
    triggerPosition: event.position,
    payload: event.data,
    at: event.time,
    cause: { kind: 'event', id: event.id, type: event.type },
    ...(event.isReplay === true ? { replayedFrom: event.recordedAt } : {}),
  };
}

export function entryKeyOf(sequence: Pick<LoadedSequence, 'program'>, payload: Payload): string {
  const { reentry } = sequence.program.definition;
  if (reentry.rule !== 'once_per') return '';
  const value = payloadValue(payload, reentry.field);
  return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
}

/** Stores the runs whose conditions and re-entry rules allow them; the others are no error. Returns how many started. */
export async function enrolCandidates(
  deps: EnrolDeps,
  input: { tx: Tx; candidates: readonly Candidate[] },
): Promise<number> {
  const allowed = await allowedCandidates(deps, input);
  if (allowed.length === 0) return 0;
  const now = deps.clock.now();
  const runs = allowed.map((candidate) => ({ candidate, id: newId(), isHoldout: isHeldOut(candidate) }));
  const rows = await many<{ id: string }>(input.tx, {
    name: 'enrol',
    text: INSERT,
    values: [
      runs.map((run) => run.id),
      runs.map((run) => run.candidate.sequence.workspaceId),
      runs.map((run) => run.candidate.sequence.sequenceId),
      runs.map((run) => run.candidate.sequence.version),
      runs.map((run) => run.candidate.contactId),
      runs.map((run) => run.isHoldout),
      runs.map((run) => run.candidate.entryKey),
      runs.map((run) => run.candidate.triggerEventId),
      runs.map((run) => run.candidate.triggerType),
      runs.map((run) => run.candidate.triggerPosition),
      runs.map((run) => json(run.candidate.payload)),
      runs.map((run) => run.candidate.sequence.program.firstStepId),
      runs.map((run) => run.candidate.sequence.program.stepCount),
      runs.map((run) => (run.isHoldout ? windowEnd(run.candidate, now) : now).toISOString()),
      runs.map((run) => againBefore(run.candidate, run.candidate.replayedFrom ?? now)?.toISOString() ?? null),
      runs.map((run) => run.candidate.sequence.program.definition.reentry.rule),
      now,
      runs.map((run) => run.candidate.replayedFrom?.toISOString() ?? null),
    ],
  });
  const started = new Set(rows.map((row) => row.id));
  deps.publisher.publish(
    input.tx,
    runs
      .filter((run) => started.has(run.id))
      .map(({ id, candidate, isHoldout }) =>
        runEvent(
          {
            workspaceId: candidate.sequence.workspaceId,
            contactId: candidate.contactId,
            enrolmentId: id,
            sequenceId: candidate.sequence.sequenceId,
            key: candidate.sequence.key,
            name: candidate.sequence.name,
          },
          {
            type: 'sequence_entered',
            time: now,
            data: { step_count: candidate.sequence.program.stepCount, is_holdout: isHoldout },
            cause: candidate.cause,
            once: 'entered',
          },
        ),
      ),
  );
  return started.size;
}

/**
 * `$15`: a former run that began before this instant doesn't stand in the way (rule `after`). The partial unique index
 * (one active run per sequence, contact and key) and that on the event are what holds when two workers meet.
 * `$18`: of a replay: the rule is asked as of then, and a run that began or still ran after it stands in the way.
 */
const INSERT = `
  insert into enrolment (id, workspace_id, sequence_id, version, contact_id, status, is_holdout, entry_key,
    trigger_event_id, trigger_type, trigger_position, trigger_data, step_id, step_number, step_count, next_due_at, entered_at)
  select n.id, n.workspace_id, n.sequence_id, n.version, n.contact_id, 'active', n.is_holdout, n.entry_key,
    n.trigger_event_id, n.trigger_type, n.trigger_position, n.trigger_data::jsonb, n.step_id, 1, n.step_count, n.due_at, $17
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::bool[], $7::text[], $8::uuid[], $9::text[],
      $10::bigint[], $11::text[], $12::text[], $13::int[], $14::timestamptz[], $15::timestamptz[], $16::text[],
      $18::timestamptz[])
    with ordinality as n (id, workspace_id, sequence_id, version, contact_id, is_holdout, entry_key, trigger_event_id,
      trigger_type, trigger_position, trigger_data, step_id, step_count, due_at, again_before, rule, replayed_from, nth)
  where exists (select 1 from contact c where c.id = n.contact_id and c.merged_into is null and c.erased_at is null)
    -- by whomever: a run stays with the contact that had it last when a merge is undone, its event does not
    and not exists (select 1 from enrolment e
      where e.sequence_id = n.sequence_id and e.trigger_event_id = n.trigger_event_id)
    and not exists (
      select 1 from enrolment e where e.sequence_id = n.sequence_id and e.contact_id = n.contact_id
        and case n.rule
          when 'never' then true
          when 'once_per' then e.entry_key = n.entry_key
          when 'after' then e.entered_at > n.again_before or e.status in ('active', 'paused')
          else e.status in ('active', 'paused') or coalesce(e.ended_at, 'infinity') > n.replayed_from
        end)
  order by n.nth
  on conflict do nothing
  returning id`;

async function allowedCandidates(
  deps: EnrolDeps,
  input: { tx: Tx; candidates: readonly Candidate[] },
): Promise<Candidate[]> {
  const answers = new FilterAnswers(deps.matchContacts);
  const bySequence = groupBy(input.candidates, (candidate) => candidate.sequence);
  for (const [sequence, candidates] of bySequence) {
    await answers.ask(input.tx, {
      workspaceId: sequence.workspaceId,
      filters: entryConditions(sequence).flatMap((one) => (one.kind === 'contact' ? [one.filter] : [])),
      contactIds: candidates.map((candidate) => candidate.contactId),
    });
  }
  return input.candidates.filter((candidate) =>
    entryConditions(candidate.sequence).every((condition) =>
      answers.holds(condition, {
        workspaceId: candidate.sequence.workspaceId,
        contactId: candidate.contactId,
        payload: candidate.payload,
      }),
    ),
  );
}

export function entryConditions(sequence: Pick<LoadedSequence, 'program'>): readonly Condition[] {
  const { trigger, exits } = sequence.program.definition;
  const conditions: Condition[] = [];
  if (trigger.kind !== 'segment' && trigger.contact) conditions.push(trigger.contact);
  if (exits.keepWhile) conditions.push(exits.keepWhile);
  return conditions;
}

/** Percent to one hundredth. */
function isHeldOut(candidate: Candidate): boolean {
  return isInHoldout(candidate.sequence, candidate.contactId);
}

export function isInHoldout(sequence: Pick<LoadedSequence, 'sequenceId' | 'program'>, contactId: string): boolean {
  const percent = sequence.program.definition.holdoutPercent;
  return stableHash(`holdout:${sequence.sequenceId}:${contactId}`) % 10_000 < percent * 100;
}

function windowEnd(candidate: Candidate, now: Date): Date {
  return addMs(now, durationMs({ days: candidate.sequence.program.definition.goalWindowDays }));
}

function againBefore(candidate: Candidate, now: Date): Date | null {
  const { reentry } = candidate.sequence.program.definition;
  return reentry.rule === 'after' ? addMs(now, -durationMs(exact(reentry.duration))) : null;
}
