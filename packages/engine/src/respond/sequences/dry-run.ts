/**
 * A rehearsal: the real events of the last days through a definition that is not switched on. It walks with the same pure
 * evaluator as the worker (`step.ts`), with the events' own times as its clock. What it cannot know it says: contacts are
 * taken as they are now, since their properties of then are not kept whole. Reads only; bounded.
 */
import type { DryRunResult } from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { walkSteps } from '@growthos/contracts/sequence/definition.ts';
import { isMeantEvent } from '@growthos/contracts/sequence/payload-test.ts';
import { addMs, type Clock, durationMs } from '#base/clock.ts';
import { groupBy } from '#base/group-by.ts';
import { EVERY_DAY, nextOutside, zoneOfPerson } from '#base/local-time.ts';
import { many, type Db } from '#db/db.ts';
import { CONTACT_COLUMNS } from '#project/catalogue.ts';
import { FilterAnswers, type MatchContacts } from './contact-matcher.ts';
import { eventWords, stepWords } from './describe.ts';
import { entryConditions, entryKeyOf, isInHoldout, isTriggerEvent } from './enrol.ts';
import { compileProgram, type Program } from './program.ts';
import { exact, moveRun, type RunPosition, type StepEffect, type StepFacts } from './step.ts';

/** Runs looked at, at most: enough to judge a definition, and a bound on the work. */
const RUNS_MAX = 5_000;
const EXAMPLES_MAX = 20;

interface PastEvent {
  readonly position: bigint;
  readonly id: string;
  readonly contactId: string;
  readonly type: string;
  readonly time: Date;
  readonly data: Record<string, unknown>;
  readonly cause: { kind: 'stripe_event' | 'backfill'; id: string | null } | null;
}

interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly zone: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly isOptedOut: boolean;
  readonly isSuppressed: boolean;
}

interface Rehearsed {
  readonly person: Person;
  readonly enteredAt: Date;
  readonly sends: readonly { stepId: string; at: Date; stopped: { reason: string; sentence: string } | null }[];
  readonly end: string;
  readonly endedByGoal: boolean;
}

export async function dryRun(
  deps: { db: Db; clock: Clock; matchContacts: MatchContacts },
  input: { workspaceId: string; definition: SequenceDefinition; days: number },
): Promise<DryRunResult> {
  const program = compileProgram(input.definition);
  const since = addMs(deps.clock.now(), -durationMs({ days: input.days }));
  const events = await pastEvents(deps.db, { ...input, since });
  const starts = startsOf(program, events).slice(0, RUNS_MAX + 1);
  const dated = await datedStarts(deps, { ...input, since, program });
  const all = [...starts, ...dated].slice(0, RUNS_MAX);
  const people = await loadPeople(deps.db, {
    workspaceId: input.workspaceId,
    category: input.definition.category,
    ids: all.map((start) => start.contactId),
  });
  const answers = await askFilters(deps, { ...input, program, ids: [...people.keys()] });
  const byContact = groupBy(events, (event) => event.contactId);
  const allowed = all.filter((start) =>
    entryConditions({ program }).every((condition) =>
      answers.holds(condition, { workspaceId: input.workspaceId, contactId: start.contactId, payload: start.data }),
    ),
  );
  const held = allowed.filter((start) => isInHoldout({ sequenceId: 'dry-run', program }, start.contactId));
  const runs = allowed
    .filter((start) => !held.includes(start))
    .flatMap((start) => {
      const person = people.get(start.contactId);
      if (!person) return [];
      const later = (byContact.get(start.contactId) ?? []).filter((event) => event.position > start.position);
      const matches = (condition: { filter: Parameters<FilterAnswers['matches']>[0] }): boolean =>
        answers.matches(condition.filter, { workspaceId: input.workspaceId, contactId: person.id });
      return [rehearse(program, { start, person, later, matches, now: deps.clock.now() })];
    });
  return summarise(program, {
    runs,
    holdout: held.length,
    days: input.days,
    isCut: starts.length + dated.length > RUNS_MAX,
  });
}

/** Events that could start, end or wake a run, oldest first. */
function pastEvents(
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
    text: `select position, id, contact_id as "contactId", type, time, data, cause from bus_event
           where workspace_id = $1 and type = any($2::text[]) and time >= $3 and contact_id is not null
           order by position limit 200000`,
    values: [input.workspaceId, [...types], input.since],
  });
}

/** Starts that the re-entry rule lets through, as far as it can be told from the events. */
function startsOf(program: Program, events: readonly PastEvent[]): PastEvent[] {
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

/** Of a date trigger: contacts whose date, as it is now, would have started a run in that time. */
async function datedStarts(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; since: Date; program: Program },
): Promise<PastEvent[]> {
  const { trigger } = input.program.definition;
  if (trigger.kind !== 'date') return [];
  const columns: Readonly<Record<string, string>> = CONTACT_COLUMNS;
  const column = columns[trigger.property];
  if (column === undefined) return [];
  const offsetMs = durationMs(exact(trigger.offset));
  const rows = await many<{ id: string; date: Date }>(deps.db, {
    text: `select id, ${column} as date from contact where workspace_id = $1 and merged_into is null
             and ${column} >= $2 and ${column} <= $3 order by ${column} limit $4`,
    values: [input.workspaceId, addMs(input.since, -offsetMs), addMs(deps.clock.now(), -offsetMs), RUNS_MAX + 1],
  });
  return rows.map((row) => ({
    position: 0n,
    id: row.id,
    contactId: row.id,
    type: 'date',
    time: addMs(row.date, offsetMs),
    data: { property: trigger.property, date: row.date.toISOString() },
    cause: null,
  }));
}

async function loadPeople(
  db: Db,
  input: { workspaceId: string; category: string; ids: readonly string[] },
): Promise<Map<string, Person>> {
  const rows = await many<Record<string, unknown> & { id: string; email: string | null; name: string | null }>(db, {
    text: `select c.*, w.timezone as workspace_zone, c.traits ->> 'timezone' as explicit_zone,
             exists (select 1 from consent k where k.contact_id = c.id and k.category = $3 and k.is_opted_out) as opted_out,
             exists (select 1 from suppression s where s.workspace_id = c.workspace_id and s.address = lower(c.email)) as suppressed
           from contact c join workspace w on w.id = c.workspace_id
           where c.workspace_id = $1 and c.id = any($2::uuid[]) and c.merged_into is null and c.erased_at is null`,
    values: [input.workspaceId, [...new Set(input.ids)], input.category],
  });
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        name: row.name ?? row.email ?? 'Unknown person',
        email: row.email,
        row,
        zone: zoneOfPerson({
          explicit: text(row['explicit_zone']),
          browser: text(row['timezone']),
          country: text(row['country']),
          workspace: text(row['workspace_zone']),
        }),
        isOptedOut: row['opted_out'] === true,
        isSuppressed: row['suppressed'] === true,
      },
    ]),
  );
}

async function askFilters(
  deps: { db: Db; matchContacts: MatchContacts },
  input: { workspaceId: string; program: Program; ids: readonly string[] },
): Promise<FilterAnswers> {
  const answers = new FilterAnswers(deps.matchContacts);
  const { trigger } = input.program.definition;
  const entry = trigger.kind !== 'segment' && trigger.contact?.kind === 'contact' ? [trigger.contact.filter] : [];
  const keep = input.program.definition.exits.keepWhile;
  const filters = [...input.program.filters, ...entry, ...(keep?.kind === 'contact' ? [keep.filter] : [])];
  await answers.ask(deps.db, { workspaceId: input.workspaceId, filters, contactIds: input.ids });
  return answers;
}

/** One run from its start to its end, or to now. */
function rehearse(
  program: Program,
  input: {
    start: PastEvent;
    person: Person;
    later: readonly PastEvent[];
    matches: (condition: { filter: Parameters<FilterAnswers['matches']>[0] }) => boolean;
    now: Date;
  },
): Rehearsed {
  const { start, person, now } = input;
  const endEvent = input.later.find((event) => isEnd(program, { start, event }));
  const endAt = endEvent && endEvent.time < now ? endEvent.time : now;
  const sends: { stepId: string; at: Date; stopped: { reason: string; sentence: string } | null }[] = [];
  let position: RunPosition = { stepId: program.firstStepId, enteredAt: null, wokenBy: null, skipsDue: false };
  let at = start.time;
  let isThrough = false;
  while (at <= endAt && !isThrough) {
    const moved = moveRun(program, { position, facts: factsAt(at, input) });
    for (const effect of moved.effects) {
      const send = sendOf(program, {
        effect,
        at,
        person,
        endAt: endEvent ? endAt : null,
        endType: endEvent?.type ?? '',
      });
      if (send) sends.push(send);
    }
    const { waiting } = moved;
    if (waiting === null) isThrough = true;
    else {
      const woken = wakeOf(program, { start, waiting, later: input.later, from: at });
      at = woken && woken.time < waiting.wakeAt ? woken.time : waiting.wakeAt;
      position = {
        stepId: waiting.stepId,
        enteredAt: waiting.enteredAt,
        wokenBy: woken && woken.time <= at ? woken.id : null,
        skipsDue: false,
      };
    }
  }
  const endedByGoal = !isThrough && endEvent !== undefined;
  const end = isThrough
    ? 'Came to its end'
    : endedByGoal
      ? `Ended: ${eventWords(endEvent.type)}`
      : 'Would still be in it';
  return { person, enteredAt: start.time, sends, end, endedByGoal };
}

function factsAt(
  now: Date,
  input: {
    start: PastEvent;
    person: Person;
    matches: (condition: { filter: Parameters<FilterAnswers['matches']>[0] }) => boolean;
  },
): StepFacts {
  const columns: Readonly<Record<string, string>> = CONTACT_COLUMNS;
  const { person } = input;
  return {
    now,
    zone: person.zone,
    contactId: person.id,
    payload: input.start.data,
    contactDate(property) {
      const value = person.row[columns[property] ?? ''];
      return value instanceof Date ? value : null;
    },
    matches: input.matches,
  };
}

function isEnd(program: Program, input: { start: PastEvent; event: PastEvent }): boolean {
  const { start, event } = input;
  const { exits, trigger } = program.definition;
  if (event.time < start.time) return false;
  if (exits.onSegmentLeft && event.type === 'segment_left' && trigger.kind === 'segment') {
    return event.data['segment_key'] === trigger.segment || event.data['segment_id'] === trigger.segment;
  }
  return exits.goals.some((goal) => isMeantEvent(goal, { type: event.type, data: event.data, startedBy: start.data }));
}

function wakeOf(
  program: Program,
  input: { start: PastEvent; waiting: { stepId: string }; later: readonly PastEvent[]; from: Date },
): PastEvent | undefined {
  const step = program.steps.get(input.waiting.stepId)?.step;
  if (step?.kind !== 'wait_for_event') return undefined;
  return input.later.find(
    (event) =>
      event.time >= input.from &&
      isMeantEvent(step.event, { type: event.type, data: event.data, startedBy: input.start.data }),
  );
}

/** When a message would really have gone, and what would have stopped it. */
function sendOf(
  program: Program,
  input: { effect: StepEffect; at: Date; person: Person; endAt: Date | null; endType: string },
): { stepId: string; at: Date; stopped: { reason: string; sentence: string } | null } | null {
  const { effect, person, endAt } = input;
  if (effect.kind !== 'message') return null;
  const { quietHours } = program.definition;
  const isMail = effect.channel === 'email';
  const at =
    isMail && quietHours
      ? nextOutside({ ...quietHours, days: EVERY_DAY }, { at: input.at, zone: person.zone })
      : input.at;
  const stop = (reason: string, sentence: string) => ({ stepId: effect.step.id, at, stopped: { reason, sentence } });
  if (isMail && person.email === null) return stop('no_address', 'No e-mail address is known.');
  if (isMail && person.isSuppressed) return stop('suppressed', 'The address is blocked.');
  if (isMail && person.isOptedOut) return stop('unsubscribed', 'They have unsubscribed.');
  if (endAt !== null && at > endAt)
    return stop('goal_met', `Held for quiet hours, and then ${eventWords(input.endType)}.`);
  return { stepId: effect.step.id, at, stopped: null };
}

function summarise(
  program: Program,
  input: { runs: readonly Rehearsed[]; holdout: number; days: number; isCut: boolean },
): DryRunResult {
  const { runs } = input;
  const sent = runs.flatMap((run) => run.sends.filter((send) => send.stopped === null).map((send) => ({ run, send })));
  const stopped = runs.flatMap((run) => run.sends.flatMap((send) => (send.stopped ? [send.stopped] : [])));
  const people = new Set(sent.map(({ run }) => run.person.id)).size;
  const early = runs.filter((run) => run.endedByGoal).length;
  const wouldSend = [...groupBy(sent, ({ send }) => send.stepId)].flatMap(([stepId, list]) => {
    const step = program.steps.get(stepId)?.step;
    if (!step || !('kind' in step)) return [];
    const channel = step.kind === 'notify_team' ? 'team' : step.kind;
    return channel === 'email' || channel === 'in_app' || channel === 'team' || channel === 'webhook'
      ? [
          {
            stepId,
            text: step.name ?? stepWords(step),
            channel: channel as 'email' | 'in_app' | 'team' | 'webhook',
            count: list.length,
          },
        ]
      : [];
  });
  return {
    days: input.days,
    sentence: `In the last ${input.days} days: ${count(sent.length, 'message')} to ${people} ${people === 1 ? 'person' : 'people'}; ${count(early, 'run')} would have ended early.`,
    people,
    runs: runs.length,
    wouldSend,
    stopped: [
      ...[...groupBy(stopped, (one) => one.reason)].map(([reason, list]) => ({
        reason,
        sentence: list[0]?.sentence ?? reason,
        count: list.length,
      })),
      ...(early > 0
        ? [{ reason: 'ended_early', sentence: 'The goal was reached, or what started it was over.', count: early }]
        : []),
    ],
    holdout: input.holdout,
    examples: runs.slice(0, EXAMPLES_MAX).map((run) => ({
      contact: { id: run.person.id, name: run.person.name, email: run.person.email },
      enteredAt: run.enteredAt.toISOString(),
      steps: run.sends.map((send) => ({ at: send.at.toISOString(), text: exampleText(program, send) })),
      end: run.end,
    })),
    limits: limitsOf(program),
    isCut: input.isCut,
  };
}

function exampleText(program: Program, send: Rehearsed['sends'][number]): string {
  const step = program.steps.get(send.stepId)?.step;
  const text = step ? (step.name ?? stepWords(step)) : send.stepId;
  return send.stopped ? `${text}: not sent. ${send.stopped.sentence}` : text;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function limitsOf(program: Program): string[] {
  const limits = [
    'Contacts are taken as they are now: their properties, consent and time zone of then are not looked up.',
  ];
  if (program.definition.trigger.kind === 'date')
    limits.push('Dates are those of now: a trial that was moved since is seen at its new end.');
  if (program.definition.trigger.kind === 'segment')
    limits.push('Only what happened since the segment was made is known.');
  limits.push('Limits on how often people are written to are not counted: other sequences share them.');
  return limits;
}
