import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { many, type Db } from '#db/db.ts';
import { pauseSequence, resumeSequence, saveVersion, switchOn } from '#respond/sequences/index.ts';
import type { Mailer } from '#send/index.ts';
import { RUN_MOVES } from '#respond/sequences/run-states.ts';
import { MESSAGE_MOVES } from '#send/message-row.ts';
import { openTestDb } from '../world/database.ts';
import { PERSON, startSequenceWorld, type SequenceWorld } from './sequence-world.ts';

/** Raised for a long look, such as PROPERTY_RUNS=500. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 25);

let db: Db;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

const CRASH_POINTS = [
  'sequences.advance.before-commit',
  'send.prepare.before-commit',
  'send.deliver.before-all',
  'send.deliver.handed-over',
  'send.deliver.before-mark',
] as const;

type Shape = { kind: string; hours: number; inner: Shape[]; other: Shape[] };
const leaf = {
  kind: fc.constantFrom('email', 'email', 'in_app', 'wait', 'wait', 'event', 'branch', 'split', 'set', 'exit'),
  hours: fc.integer({ min: 0, max: 30 }),
};
const nothing = fc.constant<Shape[]>([]);
/** Two levels inside the top one are enough to meet every kind of follower. */
const innermost: fc.Arbitrary<Shape> = fc.record({ ...leaf, inner: nothing, other: nothing });
const inside = (of: fc.Arbitrary<Shape>): fc.Arbitrary<Shape> => {
  const list = fc.array(of, { maxLength: 2 });
  return fc.record({ ...leaf, inner: list, other: list });
};
const shape = inside(inside(innermost));

function stepsOf(shapes: readonly Shape[], counter: { n: number }): unknown[] {
  return shapes.map((one) => {
    const id = `s${(counter.n += 1)}`;
    const inner = (): unknown[] => stepsOf(one.inner, counter);
    const other = (): unknown[] => stepsOf(one.other, counter);
    const duration = { days: Math.floor(one.hours / 24), hours: one.hours % 24 };
    const onlyIf =
      one.hours % 5 === 4 ? { kind: 'payload', all: [{ field: 'flag', op: 'is', value: true }] } : undefined;
    const base = { id, ...(onlyIf ? { onlyIf } : {}) };
    switch (one.kind) {
      case 'wait':
        return { ...base, kind: 'wait_for', duration };
      case 'event':
        return {
          ...base,
          kind: 'wait_for_event',
          event: { type: 'signal', match: [{ field: 'ref', equals: 'ref' }] },
          timeout: duration,
          onEvent: inner(),
          onTimeout: other(),
        };
      case 'branch': {
        const when = { kind: 'payload', all: [{ field: 'flag', op: 'is', value: true }] };
        return { ...base, kind: 'branch', arms: [{ when, steps: inner() }], otherwise: other() };
      }
      case 'split':
        return {
          ...base,
          kind: 'split',
          arms: [
            { percent: 50, steps: inner() },
            { percent: 50, steps: other() },
          ],
        };
      case 'set':
        return { ...base, kind: 'set_property', trait: 'seen', value: true };
      case 'exit':
        return { ...base, kind: 'exit' };
      case 'in_app':
        return { ...base, kind: 'in_app', content: { style: 'card', title: 'Hello' } };
      default:
        return {
          ...base,
          kind: 'email',
          content: { format: 'plain', subject: `Step ${id}`, text: 'Hi {{ contact.name }}' },
        };
    }
  });
}

const definitionOf = (shapes: readonly Shape[]): SequenceDefinition =>
  SequenceDefinition.parse({
    name: 'Random',
    trigger: { kind: 'event', type: 'start' },
    reentry: { rule: 'once_per', field: 'ref' },
    exits: { goals: [{ type: 'goal', match: [{ field: 'ref', equals: 'ref' }] }] },
    category: 'product',
    isExemptFromCaps: true,
    quietHours: null,
    steps: stepsOf(shapes, { n: 0 }),
  });
const definition = fc.array(shape, { minLength: 1, maxLength: 5 }).map(definitionOf);

const who = { person: fc.integer({ min: 0, max: 1 }), ref: fc.constantFrom('a', 'b', 'c') };
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), flag: fc.boolean(), ...who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('goal' as const), ...who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('signal' as const), ...who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), hours: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('crash' as const), at: fc.constantFrom(...CRASH_POINTS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('resume' as const),
      overdue: fc.constantFrom('send' as const, 'skip' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('edit' as const), to: definition }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Accepts as an SMTP server does: once the last byte is there, and only then. */
function recordingMailer(accepted: string[]): Mailer {
  return {
    kind: 'smtp',
    async send(mail, beforeLastByte) {
      if (!(await beforeLastByte())) return { kind: 'called_off' };
      accepted.push(mail.messageId.slice(1).split('@')[0] ?? '');
      return { kind: 'accepted', response: '250 ok' };
    },
    close: () => undefined,
  };
}

test('whatever the definition, the events, the crashes, the edits and the clock: no step is sent twice, nothing after its goal, no run is lost', async () => {
  await fc.assert(
    fc.asyncProperty(definition, fc.array(command, { minLength: 3, maxLength: 14 }), async (first, commands) => {
      const accepted: string[] = [];
      const world = await startSequenceWorld({ db, mailer: recordingMailer(accepted), batchSize: 3 });
      const people = [await world.contact(), await world.contact()];
      const sequenceId = await world.live(first);
      const before: { runId: string; accepted: number }[] = [];
      const states = new Map<string, string>();
      for (const one of commands) {
        await perform(one, { world, people, sequenceId });
        await world.settle();
        if (one.do === 'goal') {
          const runs = await ended(world, accepted);
          for (const run of runs) expect(['exited', 'completed'], 'a run went on after its goal').toContain(run.status);
          before.push(...runs);
        }
        expect(new Set(accepted).size, 'a message was accepted twice').toBe(accepted.length);
        await expectAllowedMoves(world, states);
      }
      await resumeSequence(world.define, { workspaceId: world.workspaceId, sequenceId, overdue: 'send' }).catch(
        () => undefined,
      );
      await world.advance({ days: 40 });
      expect(new Set(accepted).size).toBe(accepted.length);
      const after = new Map((await ended(world, accepted)).map((run) => [run.runId, run.accepted]));
      for (const run of before) expect(after.get(run.runId), 'something was sent after the goal').toBe(run.accepted);
      await expectNothingLost(world, accepted);
    }),
    { numRuns: RUNS, endOnFailure: false },
  );
}, 600_000);

async function perform(
  one: Command,
  input: { world: SequenceWorld; people: readonly string[]; sequenceId: string },
): Promise<void> {
  const { world, people, sequenceId } = input;
  const target = { workspaceId: world.workspaceId, sequenceId };
  switch (one.do) {
    case 'start':
    case 'goal':
    case 'signal': {
      const data = { ref: one.ref, flag: one.do === 'start' && one.flag };
      return world.publish({ type: one.do, contactId: people[one.person] ?? null, data });
    }
    case 'advance':
      return world.advance({ hours: one.hours });
    case 'crash':
      return world.crashes.arm(one.at);
    case 'pause':
      return pauseSequence(world.define, target).catch(() => undefined);
    case 'resume':
      return resumeSequence(world.define, { ...target, overdue: one.overdue }).catch(() => undefined);
    case 'edit':
      await saveVersion(world.define, { ...target, definition: one.to, by: null });
      return switchOn(world.define, { ...target, includeNow: false, cause: PERSON }).catch(() => undefined);
  }
}

/** Runs whose goal is on the log, found from the events alone, with how many of their messages a server has accepted. */
async function ended(
  world: SequenceWorld,
  accepted: readonly string[],
): Promise<{ runId: string; status: string; accepted: number }[]> {
  const rows = await many<{ id: string; status: string; messages: string[] }>(world.db, {
    text: `select e.id, e.status, coalesce(array_agg(m.id::text) filter (where m.id is not null), '{}') as messages
           from enrolment e left join message m on m.enrolment_id = e.id
           where e.workspace_id = $1 and exists (
             select 1 from bus_event b where b.workspace_id = $1 and b.type = 'goal' and b.contact_id = e.contact_id
               and b.data ->> 'ref' = e.trigger_data ->> 'ref' and b.position > e.trigger_position)
           group by e.id`,
    values: [world.workspaceId],
  });
  return rows.map((row) => ({
    runId: row.id,
    status: row.status,
    accepted: row.messages.filter((id) => accepted.includes(id)).length,
  }));
}

/** Walks the tables of states: whatever a row was seen in and is in now, the table leads from one to the other. */
async function expectAllowedMoves(world: SequenceWorld, seen: Map<string, string>): Promise<void> {
  for (const [table, moves] of [
    ['enrolment', RUN_MOVES],
    ['message', MESSAGE_MOVES],
  ] as const) {
    const rows = await many<{ id: string; status: string }>(world.db, {
      text: `select id, status from ${table} where workspace_id = $1`,
      values: [world.workspaceId],
    });
    for (const { id, status } of rows) {
      const from = seen.get(id) ?? status;
      expect([...reachable(moves, from)], `${table} went from ${from}`).toContain(status);
      seen.set(id, status);
    }
  }
}

function reachable(moves: Readonly<Record<string, readonly string[]>>, from: string): Set<string> {
  const found = new Set([from]);
  for (const state of found) for (const next of moves[state] ?? []) found.add(next);
  return found;
}

async function expectNothingLost(world: SequenceWorld, accepted: readonly string[]): Promise<void> {
  const runs = await many<{ status: string; next_due_at: Date | null }>(world.db, {
    text: 'select status, next_due_at from enrolment where workspace_id = $1',
    values: [world.workspaceId],
  });
  for (const run of runs) expect(['completed', 'exited'], 'a run never came to its end').toContain(run.status);
  const starts = await many(world.db, {
    text: `select distinct contact_id, data ->> 'ref' from bus_event b where workspace_id = $1 and type = 'start'`,
    values: [world.workspaceId],
  });
  expect(runs.length, 'more runs than starts').toBeLessThanOrEqual(starts.length);
  const asked = await many<{ id: string; channel: string; status: string }>(world.db, {
    text: `select m.id, m.channel, m.status from enrolment_step d join enrolment e on e.id = d.enrolment_id
           left join message m on m.enrolment_id = d.enrolment_id and m.step_id = d.step_id
           where d.outcome = 'requested' and e.workspace_id = $1`,
    values: [world.workspaceId],
  });
  for (const message of asked) {
    expect(message.id, 'a step asked for a message that is nowhere').not.toBeNull();
    const ends =
      message.channel === 'in_app' ? ['ready', 'withdrawn', 'skipped'] : ['sent', 'skipped', 'withdrawn', 'uncertain'];
    expect(ends).toContain(message.status);
    if (message.status === 'sent' && message.channel === 'email') expect(accepted).toContain(message.id);
  }
}
