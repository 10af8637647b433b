import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FilterNode } from '@growthos/contracts/filter/filter.ts';
import { many, one, type Db } from '#db/db.ts';
import { startSegmentWorld, type SegmentWorld } from '../../../test/properties/segment-harness.ts';
import { openTestDb } from '../../../test/world/database.ts';
import {
  applySegments,
  archiveSegment,
  diffSegments,
  explainMembership,
  exportMembers,
  exportSegmentsFile,
  isInSegment,
  listMembers,
  listSegments,
  previewSegment,
  readFilterCatalogue,
  readSegment,
  segmentsOfContact,
  updateSegment,
} from './index.ts';

let db: Db;
let world: SegmentWorld;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute('truncate workspace, bus_event, bus_consumer, bus_dead_letter, segment_membership cascade');
  world = await startSegmentWorld({ db, now: '2026-11-24T09:00:00Z', timezone: 'Europe/Berlin' });
});

const by = { kind: 'person', id: 'person-1' } as const;
const tier = (...values: string[]): FilterNode => ({ op: 'text', property: 'tier', is: 'is', values });
const inSegment = (segment: string): FilterNode => ({ op: 'segment', segment, is: 'member' });
const edit = (id: string, where: FilterNode, publishTransitions = false): Promise<void> =>
  updateSegment(world, {
    workspaceId: world.workspaceId,
    id,
    definition: { version: 1, where },
    publishTransitions,
    by,
  });
const causes = () =>
  many<{ type: string; cause: unknown; time: Date; data: Record<string, unknown> }>(db, {
    text: `select type, cause, time, data from bus_event where type in ('segment_entered', 'segment_left') order by position`,
  });

test('whoever enters or leaves is told once, with the event that caused it', async () => {
  const id = await world.segment('pro', tier('pro'));
  await world.settle();
  const ada = await world.addContact({ tier: 'starter', name: 'Ada Lovelace' });
  await world.change(ada, { tier: 'pro' });
  await world.settle();
  await world.change(ada, { name: 'Ada King' });
  await world.change(ada, { tier: 'PRO' });
  await world.settle();
  const cause = await one<{ id: string }>(db, {
    text: `select id from bus_event where type = 'contact_updated' order by position offset 1 limit 1`,
  });
  expect(await causes()).toEqual([
    {
      type: 'segment_entered',
      cause: { kind: 'event', id: cause?.id, type: 'contact_updated' },
      time: world.clock.now(),
      data: { segment_id: id, segment_key: 'pro', segment_name: 'pro' },
    },
  ]);
});

test('events handled again after a crash tell nothing twice', async () => {
  await world.segment('pro', tier('pro'));
  await world.settle();
  const ada = await world.addContact({ tier: 'pro' });
  await world.settle();
  await db.execute('update bus_consumer set position = 0');
  await world.settle();
  expect(await world.told(ada)).toEqual(['+pro']);
});

test('a flip by time carries the instant at which it was due, however late it is worked off', async () => {
  await world.segment('soon', { op: 'date', property: 'trial_end_date', test: { is: 'in_next', n: 3, unit: 'days' } });
  await world.settle();
  const grace = await world.addContact({ trial_end_date: '2026-12-01T10:00:00Z' });
  await world.settle();
  await world.moveTo('2026-11-28T15:00:00Z');
  expect(await world.told(grace)).toEqual(['+soon']);
  expect(await causes()).toMatchObject([
    { time: new Date('2026-11-28T10:00:00Z'), cause: { kind: 'time', id: 'segments:flips', type: null } },
  ]);
});

test('three days before the end means the same time of day, also over a change of clocks', async () => {
  await world.segment('soon', { op: 'date', property: 'trial_end_date', test: { is: 'in_next', n: 3, unit: 'days' } });
  const flips = async (end: string): Promise<string | undefined> => {
    const id = await world.addContact({ trial_end_date: end });
    await world.settle();
    const row = await one<{ at: Date }>(db, {
      text: 'select next_flip_at as at from segment_membership where contact_id = $1',
      values: [id],
    });
    return row?.at.toISOString();
  };
  await world.settle();
  // 12:00 in Berlin is 11:00 UTC in winter and 10:00 UTC in summer; clocks change on 28 March 2027.
  expect(await flips('2027-03-29T10:00:00Z')).toBe('2027-03-26T11:00:00.000Z');
  expect(await flips('2027-01-29T11:00:00Z')).toBe('2027-01-26T11:00:00.000Z');
});

test('an edit changes nothing until it is computed for everybody, then switches at once', async () => {
  const id = await world.segment('s', tier('pro'));
  const people: string[] = [];
  for (const value of ['pro', 'team', 'pro', 'team']) people.push(await world.addContact({ tier: value }));
  await world.settle();
  const [pro1, team1, pro2, team2] = people;
  await edit(id, tier('team'), true);
  expect(await world.members('s')).toEqual([pro1, pro2]);
  expect(await readSegment(world, { workspaceId: world.workspaceId, id })).toMatchObject({
    status: 'computing',
    memberCount: 2,
    progress: { done: 0 },
    nextDefinition: { version: 1 },
  });
  await world.settle();
  expect(await world.members('s')).toEqual([team1, team2]);
  expect(await world.told(team1 ?? '')).toEqual(['+s']);
  expect((await causes()).at(-1)).toMatchObject({ cause: { kind: 'person', id: 'person-1' } });
  const rows = await db.query({ text: 'select 1 from segment_membership' });
  expect(rows.rowCount).toBe(2);
});

test('an edit that should not be told moves people silently, and segments that name it follow', async () => {
  const id = await world.segment('inner', tier('pro'));
  await world.settle();
  await world.segment('outer', inSegment('inner'));
  const ada = await world.addContact({ tier: 'team' });
  await world.settle();
  await edit(id, tier('team'));
  await world.settle();
  expect(await world.members('outer')).toEqual([ada]);
  expect(await causes()).toEqual([]);
});

test('a change that arrives while an edit is computed counts in both', async () => {
  const id = await world.segment('s', tier('pro'));
  const ada = await world.addContact({ tier: 'pro' });
  await world.settle();
  await edit(id, tier('team'));
  const recompute = world.workers.at(-1);
  await recompute?.runOnce();
  await world.change(ada, { tier: 'team' });
  await world.workers[0]?.runOnce();
  expect(await world.members('s')).toEqual([]);
  await world.settle();
  expect(await world.members('s')).toEqual([ada]);
});

test('segments that would chase each other are refused, naming the condition and the way', async () => {
  const a = await world.segment('a', tier('pro'));
  await world.segment('b', { op: 'or', of: [tier('x'), inSegment('a')] });
  await world.segment('c', inSegment('b'));
  await expect(edit(a, { op: 'not', of: inSegment('c') })).rejects.toThrow(
    'At where.of: the segment "c" leads back to this one (a > c > b > a), so neither could be computed.',
  );
  await expect(world.segment('d', inSegment('d'))).rejects.toThrow('leads back to this one (d > d)');
  await expect(world.segment('d', inSegment('nope'))).rejects.toThrow(
    'At where: there is no segment with the key "nope".',
  );
});

test('a segment that others name cannot be archived; one that nobody names can, and its key is free again', async () => {
  const a = await world.segment('a', tier('pro'));
  const b = await world.segment('b', inSegment('a'));
  await world.addContact({ tier: 'pro' });
  await world.settle();
  const archive = (id: string): Promise<void> => archiveSegment(world, { workspaceId: world.workspaceId, id });
  await expect(archive(a)).rejects.toThrow('"a" is used by "b". Change them first, then archive it.');
  await archive(b);
  await archive(a);
  await world.settle();
  expect((await db.query({ text: 'select 1 from segment_membership' })).rowCount).toBe(0);
  await world.segment('a', tier('team'));
  expect(await listSegments(world, { workspaceId: world.workspaceId })).toHaveLength(1);
});

test('why not: each condition with what is there, and when time changes it', async () => {
  const id = await world.segment('pro_silent', {
    op: 'and',
    of: [
      tier('pro'),
      { op: 'date', property: 'last_seen_at', test: { is: 'more_than_ago', n: 7, unit: 'days' } },
      { op: 'event', event: 'export', did: 'did', is: 'at_least', times: 2, within: { n: 30, unit: 'days' } },
      { op: 'money', property: 'mrr', is: 'at_least', amountMinor: 1000, currency: 'usd' },
    ],
  });
  const ada = await world.addContact({
    tier: 'pro',
    last_seen_at: '2026-11-20T09:00:00Z',
    mrr: 20_000,
    mrr_currency: 'usd',
  });
  await world.track(ada, { type: 'export' });
  await world.track(ada, { type: 'export', time: new Date('2026-11-01T09:00:00Z') });
  await world.settle();
  const why = await explainMembership(world, { workspaceId: world.workspaceId, segmentId: id, contactId: ada });
  expect(why).toMatchObject({ isMember: false, since: null, nextFlipAt: '2026-11-27T09:00:00.000Z' });
  expect(why.sentence).toBe(
    'Not in "pro_silent" because it is not so that last seen is more than 7 days ago (it is: 20 Nov 2026, 10:00 (4 days ago)). Time alone may change that on 27 Nov 2026, 10:00 (in 3 days).',
  );
  expect(why.tree.children.map(({ isTrue, actual, nextFlipAt }) => ({ isTrue, actual, nextFlipAt }))).toEqual([
    { isTrue: true, actual: '"pro"', nextFlipAt: null },
    { isTrue: false, actual: '20 Nov 2026, 10:00 (4 days ago)', nextFlipAt: '2026-11-27T09:00:00.000Z' },
    { isTrue: true, actual: '2 times, last on 24 Nov 2026, 10:00 (now)', nextFlipAt: '2026-12-01T09:00:00.000Z' },
    { isTrue: true, actual: '200.00 USD', nextFlipAt: null },
  ]);
  await world.moveTo('2026-11-27T09:00:00Z');
  const whyIn = await explainMembership(world, { workspaceId: world.workspaceId, segmentId: id, contactId: ada });
  expect(whyIn).toMatchObject({
    isMember: true,
    since: '2026-11-27T09:00:00.000Z',
    nextFlipAt: '2026-12-01T09:00:00.000Z',
  });
  expect(whyIn.sentence).toMatch(
    /^In "pro_silent" since 27 Nov 2026, 10:00 \(now\); time alone may end that on 1 Dec 2026, 10:00/,
  );
});

test('a contact or segment of another workspace is not explained', async () => {
  const id = await world.segment('pro', tier('pro'));
  const ada = await world.addContact({});
  const other = await startSegmentWorld({ db, now: '2026-11-24T09:00:00Z' });
  const ask = (workspaceId: string, segmentId: string, contactId: string) =>
    explainMembership(world, { workspaceId, segmentId, contactId });
  await expect(ask(other.workspaceId, id, ada)).rejects.toThrow('There is no such segment.');
  await expect(ask(other.workspaceId, await other.segment('x', tier('pro')), ada)).rejects.toThrow(
    'There is no such contact.',
  );
});

test('people of another workspace are in no segment of this one', async () => {
  const other = await startSegmentWorld({ db, now: '2026-11-24T09:00:00Z' });
  await world.segment('pro', tier('pro'));
  await other.segment('pro', tier('pro'));
  const ada = await world.addContact({ tier: 'pro' });
  const eve = await other.addContact({ tier: 'pro' });
  await world.settle();
  expect(await world.members('pro')).toEqual([ada]);
  expect(await other.members('pro')).toEqual([eve]);
});

test('two contacts that are one person stay in what either was in, without entering again', async () => {
  await world.segment('pro', tier('pro'));
  await world.settle();
  const from = await world.addContact({ tier: 'pro' });
  const into = await world.addContact({});
  await world.settle();
  await db.query({ text: 'update contact set merged_into = $2 where id = $1', values: [from, into] });
  await world.change(into, { tier: 'pro' });
  await world.track(into, {
    type: 'contact_merged',
    source: 'growthos',
    data: { from_contact_id: from, into_contact_id: into, by: 'person' },
  });
  await world.settle();
  expect(await world.members('pro')).toEqual([into]);
  expect(await world.told(into)).toEqual([]);
});

test('another time zone of the workspace computes its calendar anew', async () => {
  await world.segment('on_day', { op: 'date', property: 'renews_at', test: { is: 'on', date: '2026-12-01' } });
  const ada = await world.addContact({ renews_at: '2026-11-30T23:30:00Z' });
  await world.settle();
  expect(await world.members('on_day')).toEqual([ada]);
  await db.query({
    text: `update workspace set timezone = 'America/New_York' where id = $1`,
    values: [world.workspaceId],
  });
  await world.settle();
  expect(await world.members('on_day')).toEqual([]);
  expect(await world.told(ada)).toEqual(['-on_day']);
  await db.query({ text: `update workspace set timezone = 'Mars/Olympus' where id = $1`, values: [world.workspaceId] });
  await world.settle();
  expect(await world.members('on_day')).toEqual([]);
});

test('hostile texts are values like any other', async () => {
  const hostile = `'); drop table segment; -- %_\\ "$1"`;
  await world.segment('hostile', {
    op: 'and',
    of: [
      tier(hostile),
      { op: 'text', property: `traits.${hostile}`, is: 'contains', values: ['%'] },
      {
        op: 'event',
        event: hostile,
        did: 'did',
        is: 'at_least',
        times: 1,
        where: [{ op: 'text', field: hostile, is: 'is', values: [hostile] }],
      },
    ],
  });
  await world.settle();
  const eve = await world.addContact({ tier: hostile, [`traits.${hostile}`]: '100%' });
  await world.track(eve, { type: hostile, data: { [hostile]: hostile } });
  await world.settle();
  expect(await world.members('hostile')).toEqual([eve]);
});

test('a preview counts exactly in a small workspace and shows up to five people', async () => {
  for (let i = 0; i < 7; i++) await world.addContact({ tier: i < 6 ? 'pro' : 'team', name: `Person ${i}` });
  const preview = await previewSegment(world, {
    workspaceId: world.workspaceId,
    definition: { version: 1, where: tier('pro') },
    exact: false,
  });
  expect(preview).toMatchObject({
    count: 6,
    total: 7,
    isEstimate: false,
    sentence: 'People for whom plan tier is "pro".',
  });
  expect(preview.sample).toHaveLength(5);
  await expect(
    previewSegment(world, {
      workspaceId: world.workspaceId,
      definition: { version: 1, where: { op: 'presence', property: 'nope', is: 'exists' } },
      exact: false,
    }),
  ).rejects.toThrow('At where.property: there is no property called "nope"; did you mean "name"?');
});

test('the list has counts and a point per day; members come in pages and as CSV that no spreadsheet runs', async () => {
  const id = await world.segment('pro', tier('pro'));
  await world.settle();
  const ada = await world.addContact({ tier: 'pro', name: '=cmd()', email: 'ada@analytical.example' });
  await world.settle();
  await world.advance({ days: 2 });
  const grace = await world.addContact({ tier: 'pro', name: 'Hopper, "Grace"' });
  await world.settle();
  const [summary] = await listSegments(world, { workspaceId: world.workspaceId });
  expect(summary).toMatchObject({ key: 'pro', memberCount: 2, status: 'active', progress: null });
  expect(summary?.trend).toHaveLength(30);
  expect(summary?.trend.slice(-4)).toEqual([
    { day: '2026-11-23', members: 0, entered: 0, left: 0 },
    { day: '2026-11-24', members: 1, entered: 1, left: 0 },
    { day: '2026-11-25', members: 1, entered: 0, left: 0 },
    { day: '2026-11-26', members: 2, entered: 1, left: 0 },
  ]);
  const first = await listMembers(world, { workspaceId: world.workspaceId, id, cursor: null, limit: 1 });
  const second = await listMembers(world, { workspaceId: world.workspaceId, id, cursor: first.nextCursor, limit: 1 });
  expect([first, second].map((page) => page.members.map((member) => member.contactId))).toEqual([[grace], [ada]]);
  expect(second.nextCursor).toBeNull();
  let csv = '';
  for await (const part of exportMembers(world, { workspaceId: world.workspaceId, id })) csv += part;
  expect(csv.split('\r\n').slice(1, 3)).toEqual([
    `${grace},,"Hopper, ""Grace""",none,,,,2026-11-26T09:00:00.000Z,`,
    `${ada},ada@analytical.example,'=cmd(),none,,,,2026-11-24T09:00:00.000Z,`,
  ]);
  expect(await segmentsOfContact(world, { workspaceId: world.workspaceId, contactId: ada })).toMatchObject([
    { key: 'pro' },
  ]);
  expect(await isInSegment(db, { workspaceId: world.workspaceId, segmentId: id, contactId: ada })).toBe(true);
});

test('a file says what it would change, changes it, and then has nothing to change', async () => {
  await world.segment('old', tier('old'));
  await world.segment('kept', tier('pro'));
  const file = {
    version: 1,
    segments: [
      { key: 'outer', name: 'Outer', where: inSegment('inner') },
      { key: 'inner', name: 'Inner', where: tier('pro') },
      { key: 'kept', name: 'kept', where: tier('team') },
    ],
  };
  const ask = { workspaceId: world.workspaceId, file, prune: true };
  const { changes } = await diffSegments(world, ask);
  expect(changes.map(({ key, change }) => `${change} ${key}`)).toEqual([
    'create outer',
    'create inner',
    'update kept',
    'archive old',
  ]);
  await applySegments(world, { ...ask, publishTransitions: false, by });
  expect((await diffSegments(world, ask)).changes.every(({ change }) => change === 'none')).toBe(true);
  const exported = await exportSegmentsFile(world, { workspaceId: world.workspaceId });
  expect((await diffSegments(world, { ...ask, file: exported })).changes.every(({ change }) => change === 'none')).toBe(
    true,
  );
  await expect(
    diffSegments(world, { ...ask, file: { version: 1, segments: [{ key: 'x', name: 'X', where: { op: 'sql' } }] } }),
  ).rejects.toThrow('In segment "x": At where.op: there is no condition or group called "sql".');
});

test('the builder is offered the traits, values and events of this workspace', async () => {
  const ada = await world.addContact({
    tier: 'Pro',
    'traits.role': 'dev',
    'traits.signed': '2026-01-01',
    'traits.tags': ['a'],
  });
  await world.track(ada, { type: 'report_exported' });
  const catalogue = await readFilterCatalogue(world, { workspaceId: world.workspaceId });
  const find = (property: string) => catalogue.properties.find((found) => found.property === property);
  expect(find('tier')?.values).toEqual(['Pro']);
  expect(find('traits.role')).toMatchObject({ type: 'text', values: ['dev'] });
  expect(find('traits.signed')).toMatchObject({ type: 'date' });
  expect(find('traits.tags')).toMatchObject({ type: 'list' });
  expect(find('company.mrr')).toMatchObject({ type: 'money', label: 'Company MRR', group: 'company' });
  expect(catalogue.events.map((found) => found.event)).toEqual(
    expect.arrayContaining(['report_exported', 'payment_succeeded']),
  );
});
