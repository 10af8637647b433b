/**
 * A rehearsal: the real events of the last days through a definition that is not switched on. It walks with the same pure
 * evaluator as the worker (`step.ts`), with the events' own times as its clock. What it cannot know it says: contacts are
 * taken as they are now, since their properties of then are not kept whole. Reads only; bounded.
 */
import type { DryRunResult } from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { addMs, type Clock, durationMs } from '#base/clock.ts';
import { groupBy } from '#base/group-by.ts';
import type { Db } from '#db/db.ts';
import { FilterAnswers, type MatchContacts } from '../contact-matcher.ts';
import { entryConditions, isInHoldout } from '../enrol.ts';
import { compileProgram, type Program } from '../program.ts';
import { datedStarts, EVENTS_MAX, pastEvents, startsOf } from './past-events.ts';
import { loadPeople } from './people.ts';
import { rehearse } from './rehearse.ts';
import { summarise } from './summary.ts';

/** Runs looked at, at most, the newest: enough to judge a definition, and a bound on the work. */
const RUNS_MAX = 5_000;

export async function dryRun(
  deps: { db: Db; clock: Clock; matchContacts: MatchContacts },
  input: { workspaceId: string; definition: SequenceDefinition; days: number },
): Promise<DryRunResult> {
  const program = compileProgram(input.definition);
  const since = addMs(deps.clock.now(), -durationMs({ days: input.days }));
  const events = await pastEvents(deps.db, { ...input, since });
  const starts = startsOf(program, events).slice(-(RUNS_MAX + 1));
  const dated = await datedStarts(deps, { ...input, since, program, limit: RUNS_MAX + 1 });
  const all = [...starts, ...dated].slice(-RUNS_MAX);
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
    isCut: starts.length + dated.length > RUNS_MAX || events.length === EVENTS_MAX,
  });
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
