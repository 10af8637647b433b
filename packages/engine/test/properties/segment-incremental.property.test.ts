/**
 * Whatever happened, in whatever order, and however the clock was moved: the memberships kept up by events and due flips
 * are those that computing everything anew would give, and what was told adds up to them.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '#base/ids.ts';
import { createPublisher } from '#bus/index.ts';
import { many, type Db } from '#db/db.ts';
import { sql } from '#db/sql.ts';
import { updateSegment } from '#respond/segments/index.ts';
import type { FilterNode } from '@growthos/contracts/filter/filter.ts';
import { compileTruth, populationSql } from '../../src/respond/segments/compile.ts';
import { openTestDb } from '../world/database.ts';
import { anyNode, anyPerson, DATE_PROPERTIES } from './segment-arbitraries.ts';
import { startSegmentWorld, type SegmentWorld } from './segment-harness.ts';

let db: Db;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

/** Clock changes of spring and autumn, a month's end, and a leap day, each a little ahead of where a history starts. */
const STARTS = [
  { now: '2026-03-27T22:30:00Z', timezone: 'Europe/Berlin' },
  { now: '2026-10-23T22:30:00Z', timezone: 'Europe/Berlin' },
  { now: '2026-10-30T12:00:00Z', timezone: 'America/New_York' },
  { now: '2026-01-30T23:00:00Z', timezone: 'Asia/Kathmandu' },
  { now: '2028-02-27T10:00:00Z', timezone: 'UTC' },
];

type Action =
  | { kind: 'add' | 'change'; who: number; properties: Record<string, unknown> }
  | { kind: 'track'; who: number; type: string; agoMs: number; data: Record<string, unknown> }
  | { kind: 'advance'; ms: number; settle: boolean }
  | { kind: 'merge'; from: number; into: number }
  | { kind: 'company'; who: number; name: string }
  | { kind: 'edit'; where: FilterNode; publishes: boolean };

const KEYS = ['vip', 'second', 'third'] as const;
const HOUR = 3_600_000;
const who = fc.integer({ min: 0, max: 4 });
const anyAction = (nowMs: number): fc.Arbitrary<Action> => {
  const properties = fc.tuple(anyPerson(nowMs), fc.integer({ min: 1, max: 2 ** 20 })).map(([person, mask]) => {
    const all = {
      ...person.properties,
      ...Object.fromEntries(Object.entries(person.traits).map(([k, v]) => [`traits.${k}`, v])),
    };
    const some = Object.entries(all).filter((_, i) => (mask >> (i % 20)) & 1 || i === mask % 14);
    return Object.fromEntries(
      some.map(([name, value]) => [
        name,
        DATE_PROPERTIES.includes(name) && typeof value === 'number'
          ? new Date(value).toISOString()
          : (value ?? (name === 'billing_status' ? 'none' : null)),
      ]),
    );
  });
  const track = anyPerson(nowMs).map((person) => person.events[0]?.data ?? {});
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('add', 'change'), who, properties }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('change' as const), who, properties }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('track' as const),
        who,
        type: fc.constantFrom('login', 'export'),
        agoMs: fc.constantFrom(0, 0, HOUR, 26 * HOUR, -HOUR),
        data: track,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('advance' as const),
        ms: fc.oneof(
          fc.integer({ min: 1, max: 60 }).map((h) => h * HOUR),
          fc.constantFrom(1, 60_000, 31 * 24 * HOUR),
        ),
        settle: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), from: who, into: who }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('company' as const), who, name: fc.constantFrom('pro', 'TEAM') }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('edit' as const), where: anyNode, publishes: fc.boolean() }),
    },
  ) as fc.Arbitrary<Action>;
};

const anyHistory = fc.constantFrom(...STARTS).chain((start) =>
  fc.record({
    start: fc.constant(start),
    trees: fc.tuple(anyNode, anyNode, anyNode),
    actions: fc.array(anyAction(Date.parse(start.now)), { minLength: 5, maxLength: 25 }),
  }),
);

test('memberships kept up by events and due flips are those of a full recomputation, and what was told adds up to them', async () => {
  const seen = { transitions: 0, checked: 0 };
  await fc.assert(
    fc.asyncProperty(anyHistory, async ({ start, trees, actions }) => {
      await db.execute(
        'truncate workspace, company, bus_event, bus_consumer, bus_dead_letter, segment_membership cascade',
      );
      const world = await startSegmentWorld({ db, ...start });
      // The two others may name the first, as random trees do.
      const trees3 = [withoutSegments(trees[0]), trees[1], trees[2]];
      const ids: string[] = [];
      for (const [i, key] of KEYS.entries()) ids.push(await world.segment(key, trees3[i] ?? trees[0]));
      await world.settle();
      const people: string[] = [await world.addContact({ name: 'pro' })];
      for (const action of actions) await act({ world, people, ids, trees: trees3 }, action);
      await world.settle();
      await compare(world, trees3, seen);
      // Time alone goes on, with nobody doing anything.
      for (const hours of [5, 30, 24 * 40]) {
        await world.advance({ hours });
        await compare(world, trees3, seen);
      }
    }),
    { numRuns: 40 },
  );
  expect(seen.transitions).toBeGreaterThan(100);
}, 180_000);

const withoutSegments = (node: FilterNode): FilterNode => {
  if (node.op === 'segment') return { op: 'presence', property: 'tier', is: 'exists' };
  if (node.op === 'not') return { op: 'not', of: withoutSegments(node.of) };
  if (node.op === 'and' || node.op === 'or') return { op: node.op, of: node.of.map(withoutSegments) };
  return node;
};

async function act(
  state: { world: SegmentWorld; people: string[]; ids: string[]; trees: FilterNode[] },
  action: Action,
): Promise<void> {
  const { world, people, ids, trees } = state;
  const person = (n: number): string => people[n % people.length] ?? '';
  const publisher = createPublisher(world);
  switch (action.kind) {
    case 'add':
      people.push(await world.addContact(action.properties));
      return;
    case 'change':
      await world.change(person(action.who), action.properties);
      return;
    case 'track':
      await world.track(person(action.who), {
        type: action.type,
        data: action.data,
        time: new Date(world.clock.now().getTime() - action.agoMs),
      });
      return;
    case 'advance':
      world.clock.moveTo(new Date(world.clock.now().getTime() + action.ms));
      if (action.settle) await world.settle();
      return;
    case 'company':
      await db.transaction(async (tx) => {
        const companyId = newId();
        await tx.query({
          text: `with made as (insert into company (id, workspace_id, name, created_at, updated_at) values ($1, $2, $3, $4, $4))
                 insert into company_membership (workspace_id, company_id, contact_id, since) values ($2, $1, $5, $4)`,
          values: [companyId, world.workspaceId, action.name, world.clock.now(), person(action.who)],
        });
        publisher.publish(tx, [
          fact(world, person(action.who), 'contact_updated', {
            is_new: false,
            changes: [{ property: 'company.name', old: null, new: action.name }],
          }),
        ]);
      });
      return;
    case 'merge': {
      const [from, into] = [person(action.from), person(action.into)];
      if (from === into) return;
      await db.transaction(async (tx) => {
        await tx.query({ text: 'update contact set merged_into = $2 where id = $1', values: [from, into] });
        await tx.query({ text: 'update bus_event set contact_id = $2 where contact_id = $1', values: [from, into] });
        publisher.publish(tx, [
          fact(world, into, 'contact_merged', { from_contact_id: from, into_contact_id: into, by: 'person' }),
        ]);
      });
      people.splice(people.indexOf(from), 1);
      return;
    }
    case 'edit':
      trees[2] = action.where;
      await updateSegment(world, {
        workspaceId: world.workspaceId,
        id: ids[2] ?? '',
        definition: { version: 1, where: action.where },
        publishTransitions: action.publishes,
        by: { kind: 'person', id: null },
      });
      return;
  }
}

function fact(world: SegmentWorld, contactId: string, type: string, data: Record<string, unknown>) {
  return {
    workspaceId: world.workspaceId,
    contactId,
    type,
    source: 'growthos',
    time: world.clock.now(),
    data,
    cause: null,
  };
}

async function compare(
  world: SegmentWorld,
  trees: readonly FilterNode[],
  seen: { transitions: number; checked: number },
): Promise<void> {
  const timezone = await many<{ timezone: string }>(db, {
    text: 'select timezone from workspace where id = $1',
    values: [world.workspaceId],
  });
  for (const [i, key] of KEYS.entries()) {
    const where = trees[i];
    if (!where) throw new Error('no tree');
    const compiled = compileTruth(
      { version: 1, where },
      { workspaceId: world.workspaceId, now: world.clock.now(), timezone: timezone[0]?.timezone ?? '' },
    );
    const full = await many<{ id: string }>(
      db,
      sql`select c.id from contact c ${compiled.joins} where ${populationSql(world.workspaceId)} and ${compiled.isMember} order by 1`,
    );
    expect(await world.members(key)).toEqual(full.map((row) => row.id));
    seen.checked += 1;
    if (key === 'third') continue;
    // Never edited: what was told of each person goes in and out in turn, and ends where the person is.
    const told = await many<{ contact_id: string; type: string }>(db, {
      text: `select contact_id, type from bus_event where data ->> 'segment_key' = $1 and origin_contact_id = contact_id order by position`,
      values: [key],
    });
    const merged = await many<{ id: string }>(db, {
      text: 'select distinct merged_into as id from contact where merged_into is not null',
    });
    const isMerged = new Set(merged.map((row) => row.id));
    const last = new Map<string, string>();
    for (const { contact_id: id, type } of told) {
      seen.transitions += 1;
      if (isMerged.has(id)) continue;
      expect(type).toBe(last.get(id) === 'segment_entered' ? 'segment_left' : 'segment_entered');
      last.set(id, type);
    }
    const inByStory = [...last]
      .filter(([, type]) => type === 'segment_entered')
      .map(([id]) => id)
      .sort();
    expect(inByStory.filter((id) => !isMerged.has(id))).toEqual(
      full.map((row) => row.id).filter((id) => !isMerged.has(id)),
    );
  }
}
