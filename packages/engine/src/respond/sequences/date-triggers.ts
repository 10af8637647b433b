/**
 * Sequences that start on a date of the contact. What is stored is when they will start: kept up by every change of the
 * property, so that time alone finds a run by the index on *when* and never by looking at everyone. A date that moves
 * moves its start; a date that is over when it becomes known starts nothing.
 */
import type { BusEvent, Publisher } from '#bus/index.ts';
import { addMs, type Clock, durationMs, parseInstant } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { CONTACT_COLUMNS } from '#project/catalogue.ts';
import type { MatchContacts } from './contact-matcher.ts';
import { enrolCandidates } from './enrol.ts';
import { changeOf } from './judge-run-event.ts';
import { type LoadedSequence, loadLiveSequences } from './load-programs.ts';
import { exact } from './step.ts';

const BATCH_SIZE = 500;

/** A start that lies after its date (win back 7 days later) may be late by so much, after a stop; later it is dropped. */
const LATE_MAX_MS = durationMs({ days: 2 });

type DateTrigger = Extract<LoadedSequence['program']['definition']['trigger'], { kind: 'date' }>;

function dateTriggerOf(sequence: LoadedSequence): DateTrigger | null {
  const { trigger } = sequence.program.definition;
  return trigger.kind === 'date' ? trigger : null;
}

/** Keeps the starts up with property changes. */
export async function rearmDates(
  deps: { clock: Clock },
  input: { tx: Tx; events: readonly BusEvent[]; live: readonly LoadedSequence[] },
): Promise<void> {
  const sequences = input.live.filter((sequence) => dateTriggerOf(sequence) !== null);
  if (sequences.length === 0) return;
  const changes = input.events.filter((event) => event.type === 'contact_updated' && event.contactId !== null);
  const rows = new Map<
    string,
    { sequence: LoadedSequence; contactId: string; value: Date | null; dueAt: Date | null }
  >();
  for (const event of changes) {
    if (event.isReplay === true) continue;
    for (const sequence of sequences) {
      const trigger = dateTriggerOf(sequence);
      if (!trigger || sequence.workspaceId !== event.workspaceId || event.contactId === null) continue;
      const change = changeOf(event, trigger.property);
      if (!change) continue;
      const value = typeof change.new === 'string' ? parseInstant(change.new) : null;
      const dueAt = value === null ? null : startOf(trigger, { value, now: deps.clock.now() });
      rows.set(`${sequence.sequenceId}:${event.contactId}`, { sequence, contactId: event.contactId, value, dueAt });
    }
  }
  if (rows.size > 0) await writeStarts(input.tx, [...rows.values()]);
  const replayed = changes.filter((event) => event.isReplay === true);
  for (const sequence of sequences) await rearmLost(deps, { tx: input.tx, sequence, events: replayed });
}

/**
 * Of a replay: the date as it is now, and not as the event told it, where neither a start nor a run is there for it.
 * A start that stands is right: the newer event has set it.
 */
async function rearmLost(
  deps: { clock: Clock },
  input: { tx: Tx; sequence: LoadedSequence; events: readonly BusEvent[] },
): Promise<void> {
  const { tx, sequence } = input;
  const trigger = dateTriggerOf(sequence);
  const columns: Readonly<Record<string, string>> = CONTACT_COLUMNS;
  const column = columns[trigger?.property ?? ''];
  if (!trigger || column === undefined) return;
  const concerned = input.events.filter(
    (event) => event.workspaceId === sequence.workspaceId && changeOf(event, trigger.property),
  );
  if (concerned.length === 0) return;
  const lost = await many<{ contactId: string; value: Date }>(tx, {
    text: `select c.id as "contactId", c.${column} as value from contact c
           where c.id = any($1::uuid[]) and c.merged_into is null and c.erased_at is null and c.${column} is not null
             and not exists (select 1 from sequence_date_due d where d.sequence_id = $2 and d.contact_id = c.id)
             and not exists (select 1 from enrolment e where e.sequence_id = $2 and e.contact_id = c.id
               and e.trigger_type = 'date' and (e.trigger_data ->> 'date')::timestamptz = c.${column})`,
    values: [concerned.map((event) => event.contactId), sequence.sequenceId],
  });
  const now = deps.clock.now();
  const rows = lost.map((row) => ({ ...row, sequence, dueAt: startOf(trigger, { value: row.value, now }) }));
  if (rows.length > 0) await writeStarts(tx, rows);
}

/** When a date starts its run; null: it is over. A start that is past while its date is still to come is due at once. */
function startOf(trigger: DateTrigger, input: { value: Date; now: Date }): Date | null {
  const dueAt = addMs(input.value, durationMs(exact(trigger.offset)));
  const isOver = dueAt >= input.value ? addMs(dueAt, LATE_MAX_MS) < input.now : input.value <= input.now;
  return isOver ? null : dueAt;
}

/** A date that has started its run starts no second one when it is told again, as it is when a merge is undone. */
async function writeStarts(
  tx: Tx,
  rows: readonly { sequence: LoadedSequence; contactId: string; value: Date | null; dueAt: Date | null }[],
): Promise<void> {
  await tx.query({
    name: 'sequence_dates_clear',
    text: `delete from sequence_date_due d using unnest($1::uuid[], $2::uuid[]) as u (sequence_id, contact_id)
           where d.sequence_id = u.sequence_id and d.contact_id = u.contact_id`,
    values: [rows.map((row) => row.sequence.sequenceId), rows.map((row) => row.contactId)],
  });
  const armed = rows.filter((row) => row.dueAt !== null);
  if (armed.length === 0) return;
  await tx.query({
    name: 'sequence_dates_arm',
    text: `insert into sequence_date_due (sequence_id, contact_id, workspace_id, due_at, property_value)
           select n.* from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[])
             as n (sequence_id, contact_id, workspace_id, due_at, property_value)
           where not exists (select 1 from enrolment e where e.sequence_id = n.sequence_id and e.contact_id = n.contact_id
             and e.trigger_type = 'date' and (e.trigger_data ->> 'date')::timestamptz = n.property_value)
           on conflict (sequence_id, contact_id) do update set due_at = excluded.due_at, property_value = excluded.property_value`,
    values: [
      armed.map((row) => row.sequence.sequenceId),
      armed.map((row) => row.contactId),
      armed.map((row) => row.sequence.workspaceId),
      armed.map((row) => row.dueAt?.toISOString() ?? null),
      armed.map((row) => row.value?.toISOString() ?? null),
    ],
  });
}

/**
 * When a sequence with a date trigger is switched on: the starts of everybody whose date is still to come. Without
 * `includePast`, those whose start has passed already (their trial ends tomorrow, the start was two days ago) are left out.
 */
export async function armAllDates(
  deps: { clock: Clock },
  input: { tx: Tx; sequence: LoadedSequence; includePast: boolean },
): Promise<void> {
  const { tx, sequence } = input;
  const trigger = dateTriggerOf(sequence);
  await tx.query({ text: 'delete from sequence_date_due where sequence_id = $1', values: [sequence.sequenceId] });
  if (!trigger) return;
  const columns: Readonly<Record<string, string>> = CONTACT_COLUMNS;
  const column = columns[trigger.property];
  if (column === undefined) return;
  const offsetMs = durationMs(exact(trigger.offset));
  const now = deps.clock.now();
  const from = addMs(now, input.includePast && offsetMs < 0 ? 0 : -offsetMs);
  await tx.query({
    text: `insert into sequence_date_due (sequence_id, contact_id, workspace_id, due_at, property_value)
           select $1, id, workspace_id, ${column} + $3 * interval '1 millisecond', ${column} from contact
           where workspace_id = $2 and merged_into is null and ${column} > $4 and ${column} > $5`,
    values: [sequence.sequenceId, sequence.workspaceId, offsetMs, from, offsetMs < 0 ? now : from],
  });
}

interface DueRow {
  sequence_id: string;
  contact_id: string;
  workspace_id: string;
  property_value: Date;
}

/** Starts the runs whose date has come: a batch in one transaction with the removal of their starts. */
export function dateTriggerWorker(deps: {
  db: Db;
  clock: Clock;
  publisher: Publisher;
  matchContacts: MatchContacts;
}): Worker {
  return {
    name: 'sequences-dates',
    runOnce: () => deps.db.transaction((tx) => startDue(deps, tx)),
    async nextDueAt() {
      const row = await one<{ due_at: Date | null }>(deps.db, {
        text: 'select min(due_at) as due_at from sequence_date_due',
      });
      return row?.due_at ?? null;
    },
  };
}

async function startDue(
  deps: { clock: Clock; publisher: Publisher; matchContacts: MatchContacts },
  tx: Tx,
): Promise<number> {
  const now = deps.clock.now();
  const rows = await many<DueRow>(tx, {
    name: 'sequence_dates_due',
    text: `delete from sequence_date_due d using (
             select sequence_id, contact_id from sequence_date_due where due_at <= $1 order by due_at limit $2
             for update skip locked) due
           where d.sequence_id = due.sequence_id and d.contact_id = due.contact_id
           returning d.sequence_id, d.contact_id, d.workspace_id, d.property_value`,
    values: [now, BATCH_SIZE],
  });
  if (rows.length === 0) return 0;
  const end = await one<{ position: bigint }>(tx, {
    text: 'select coalesce(max(position), 0)::bigint as position from bus_event',
  });
  const live = await loadLiveSequences(
    tx,
    rows.map((row) => row.workspace_id),
  );
  const bySequence = new Map(live.map((sequence) => [sequence.sequenceId, sequence]));
  const candidates = rows.flatMap((row) => {
    const sequence = bySequence.get(row.sequence_id);
    const trigger = sequence ? dateTriggerOf(sequence) : null;
    if (!sequence || !trigger || startOf(trigger, { value: row.property_value, now }) === null) return [];
    const date = row.property_value.toISOString();
    return [
      {
        sequence,
        contactId: row.contact_id,
        entryKey: sequence.program.definition.reentry.rule === 'once_per' ? date : '',
        triggerEventId: null,
        triggerType: 'date',
        triggerPosition: end?.position ?? 0n,
        payload: { property: trigger.property, date },
        at: now,
        cause: { kind: 'time' as const, id: null, type: 'date' },
      },
    ];
  });
  await enrolCandidates(deps, { tx, candidates });
  return rows.length;
}
