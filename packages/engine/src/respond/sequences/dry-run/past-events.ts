import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { walkSteps } from '@growthos/contracts/sequence/definition.ts';
import { addMs, type Clock, durationMs } from '#base/clock.ts';
import { many, type Db } from '#db/db.ts';
import { CONTACT_COLUMNS } from '#project/catalogue.ts';
import { entryKeyOf, isTriggerEvent } from '../enrol.ts';
import type { Program } from '../program.ts';
import { exact } from '../step.ts';

/** Events looked at, at most, the newest. */
export const EVENTS_MAX = 200_000;

export interface PastEvent {
  readonly position: bigint;
  readonly id: string;
  readonly contactId: string;
  readonly type: string;
  readonly time: Date;
  readonly data: Record<string, unknown>;
  readonly cause: { kind: 'stripe_event' | 'backfill'; id: string | null } | null;
}

/** Events that could start, end or wake a run, oldest first: the newest `EVENTS_MAX` of them. */
export function pastEvents(
  db: Db,
  input: { workspaceId: string; definition: SequenceDefinition; since: Date },
): Promise<PastEvent[]> {
  const { trigger, exits, steps } = input.definition;
  const types = new Set(exits.goals.map((goal) => goal.type));
  if (trigger.kind === 'event') types.add(trigger.type);
  if (trigger.kind === 'segment') types.add(trigger.on === 'entered' ? 'segment_entered' : 'segment_left');
  if (exits.onSegmentLeft) types.add('segment_left');
  for (const { step } of walkSteps(steps)) if (step.kind === 'wait_for_event') types.add(step.event.type);
  return many<PastEvent>(db, {
    text: `with newest as (
             select position, id, contact_id as "contactId", type, time, data, cause from bus_event
             where workspace_id = $1 and type = any($2::text[]) and time >= $3 and contact_id is not null
             order by position desc limit $4)
           select * from newest order by position`,
    values: [input.workspaceId, [...types], input.since, EVENTS_MAX],
  });
}

/** Starts that the re-entry rule lets through, as far as it can be told from the events. */
export function startsOf(program: Program, events: readonly PastEvent[]): PastEvent[] {
  const { trigger, reentry } = program.definition;
  const last = new Map<string, Date>();
  return events.filter((event) => {
    if (!isTriggerEvent(trigger, event)) return false;
    const key = `${event.contactId}:${entryKeyOf({ program }, event.data)}`;
    const before = last.get(key);
    const isAgain = before !== undefined && (reentry.rule === 'never' || reentry.rule === 'once_per');
    const isTooSoon =
      before !== undefined &&
      reentry.rule === 'after' &&
      event.time.getTime() - before.getTime() < durationMs(exact(reentry.duration));
    if (isAgain || isTooSoon) return false;
    last.set(key, event.time);
    return true;
  });
}

/** Of a date trigger: contacts whose date, as it is now, would have started a run in that time; the newest, oldest first. */
export async function datedStarts(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; since: Date; program: Program; limit: number },
): Promise<PastEvent[]> {
  const { trigger } = input.program.definition;
  if (trigger.kind !== 'date') return [];
  const columns: Readonly<Record<string, string>> = CONTACT_COLUMNS;
  const column = columns[trigger.property];
  if (column === undefined) return [];
  const offsetMs = durationMs(exact(trigger.offset));
  const rows = await many<{ id: string; date: Date }>(deps.db, {
    text: `select id, ${column} as date from contact where workspace_id = $1 and merged_into is null
             and ${column} >= $2 and ${column} <= $3 order by ${column} desc limit $4`,
    values: [input.workspaceId, addMs(input.since, -offsetMs), addMs(deps.clock.now(), -offsetMs), input.limit],
  });
  return rows.reverse().map((row) => ({
    position: 0n,
    id: row.id,
    contactId: row.id,
    type: 'date',
    time: addMs(row.date, offsetMs),
    data: { property: trigger.property, date: row.date.toISOString() },
    cause: null,
  }));
}
