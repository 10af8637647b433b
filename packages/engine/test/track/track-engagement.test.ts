import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addMs, durationMs, MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { createPublisher } from '#bus/index.ts';
import { json, many, one, type Db } from '#db/db.ts';
import { pointsAt, rankKeyOf, sumRankKeys } from '#project/engagement/decay.ts';
import { engagementWorker, requestRescore } from '#project/engagement/engagement-worker.ts';
import { mergeActivity, unmergeActivity } from '#project/engagement/merge-activity.ts';
import { recordActivity, type Activity, type EngagementFigures } from '#project/engagement/record-activity.ts';
import { cutsAt, fixedCuts, percentileCuts, scoreOf } from '#project/engagement/scale.ts';
import { DEFAULT_ENGAGEMENT, EngagementSettingsSchema } from '#project/engagement/settings.ts';
import { openTestDb } from '../world/database.ts';

let db: Db;
let clock: MovableClock;
let workspaceId: string;
const START = new Date('2026-11-24T09:00:00Z');

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute('truncate workspace cascade; truncate bus_event');
  clock = new MovableClock(START);
  workspaceId = newId();
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'W', 'live', $2)`,
    values: [workspaceId, START],
  });
});

async function addContacts(n: number): Promise<string[]> {
  const ids = Array.from({ length: n }, () => newId());
  await db.query({
    text: `insert into contact (id, workspace_id, created_at, updated_at) select id, $2, $3, $3 from unnest($1::uuid[]) id`,
    values: [ids, workspaceId, START],
  });
  return ids;
}
const did = (contactId: string, event: string, over: Partial<Activity> = {}): Activity => ({
  contactId,
  kind: 'track',
  event,
  time: clock.now(),
  properties: {},
  traits: {},
  ...over,
});
/** As project/apply does: record, then write the figures on the contact. */
async function record(...activities: Activity[]): Promise<Map<string, EngagementFigures>> {
  return db.transaction(async (tx) => {
    const figures = await recordActivity({ clock }, { tx, workspaceId, activities });
    for (const [id, { engagement_score: score, nps_score: nps }] of figures) {
      await tx.query({
        text: 'update contact set engagement_score = coalesce($2, engagement_score), nps_score = coalesce($3, nps_score) where id = $1',
        values: [id, score ?? null, nps ?? null],
      });
    }
    return figures;
  });
}
async function settle(): Promise<number> {
  const worker = engagementWorker({ db, clock, publisher: createPublisher({ clock }) });
  for (let rounds = 0, total = 0; rounds < 100; rounds++) {
    const handled = await worker.runOnce();
    if (handled === 0) return total;
    total += handled;
  }
  throw new Error('did not settle');
}
const scores = async (ids: readonly string[]): Promise<(number | null)[]> => {
  const rows = await many<{ id: string; s: number | null }>(db, {
    text: 'select id, engagement_score as s from contact',
  });
  const byId = new Map(rows.map((row) => [row.id, row.s]));
  return ids.map((id) => byId.get(id) ?? null);
};
async function setSettings(settings: Record<string, unknown>): Promise<void> {
  await db.query({
    text: `update workspace set settings = jsonb_build_object('engagement', $2::jsonb) where id = $1`,
    values: [workspaceId, json(EngagementSettingsSchema.parse(settings))],
  });
}

test('a sum of rank keys is the sum of decayed points, in any order and grouping', () => {
  const event = fc.record({
    weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
    ageDays: fc.double({ min: 0, max: 200, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 30 }),
      fc.double({ min: 0.5, max: 60, noNaN: true }),
      (events, halfLifeDays) => {
        const keys = events.map(({ weight, ageDays }) =>
          rankKeyOf({ weight, time: addMs(START, -durationMs({ days: ageDays })), halfLifeDays }),
        );
        const expected = events.reduce((sum, { weight, ageDays }) => sum + weight * 2 ** (-ageDays / halfLifeDays), 0);
        const forward = keys.reduce<number | null>(sumRankKeys, null);
        const backward = keys.toReversed().reduce<number | null>(sumRankKeys, null);
        for (const key of [forward, backward]) {
          const points = pointsAt(key ?? 0, { at: START, halfLifeDays });
          expect(Math.abs(points - expected)).toBeLessThanOrEqual(1e-6 * Math.max(expected, 1e-6));
        }
      },
    ),
  );
});

test('percentile cuts give everybody their share of people below and half of those equal', () => {
  const keys = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(keys, (sample) => {
      const cuts = percentileCuts(sample);
      expect(cuts).toEqual(cuts.toSorted((a, b) => a - b));
      for (const key of sample) {
        const below = sample.filter((other) => other < key).length;
        const equal = sample.filter((other) => other === key).length;
        expect(scoreOf(key, cuts)).toBe(Math.round((100 * (2 * below + equal)) / 2 / sample.length));
      }
    }),
  );
});

test('without product data there is no score: not 0, not anything', async () => {
  const [ada = '', grace = ''] = await addContacts(2);
  const figures = await record(
    did(ada, 'x', { kind: 'identify', event: null }),
    did(grace, 'x', { kind: 'group', event: null }),
  );
  expect(figures.size).toBe(0);
  clock.advance({ days: 40 });
  await settle();
  expect(await scores([ada, grace])).toEqual([null, null]);
});

test('with few people the score is points out of the full score, and decays by half with each half-life', async () => {
  const [ada = ''] = await addContacts(1);
  const full = Array.from({ length: DEFAULT_ENGAGEMENT.fullScorePoints / 2 }, () => did(ada, 'Report Run'));
  expect((await record(...full)).get(ada)).toEqual({ engagement_score: 50 });
  clock.advance({ days: DEFAULT_ENGAGEMENT.halfLifeDays });
  await settle();
  expect(await scores([ada])).toEqual([25]);
  const [event] = await many<{ data: { changes: unknown }; cause: unknown }>(db, {
    text: `select data, cause from bus_event where type = 'contact_updated'`,
  });
  expect(event).toEqual({
    data: { is_new: false, changes: [{ property: 'engagement_score', old: 50, new: 25 }] },
    cause: { kind: 'time', id: 'engagement' },
  });
  clock.advance({ days: 200 });
  await settle();
  expect(await scores([ada])).toEqual([0]);
});

test('with enough people the score is the place among them', async () => {
  const ids = await addContacts(40);
  await record(...ids.flatMap((id, n) => Array.from({ length: n + 1 }, () => did(id, 'Report Run'))));
  clock.advance({ minutes: 11 });
  await settle();
  const found = await scores(ids);
  const exact = ids.map((_, n) => Math.round((100 * (n + 0.5)) / 40));
  for (const [n, score] of found.entries()) expect(Math.abs((score ?? -100) - (exact[n] ?? 0))).toBeLessThan(5);
  const top = ids.at(-1) ?? '';
  expect((await record(did(top, 'Report Run'))).get(top)).toEqual({ engagement_score: 99 });
  const last = ids[0] ?? '';
  const jumped = await record(...Array.from({ length: 30 }, () => did(last, 'Report Run')));
  expect(jumped.get(last)?.engagement_score).toBeGreaterThan(70);
});

test('the database and the functions agree on every score', async () => {
  const ids = await addContacts(25);
  const events = fc.sample(fc.record({ who: fc.nat(24), days: fc.integer({ min: 0, max: 60 }) }), {
    numRuns: 300,
    seed: 7,
  });
  const activities = events.map(({ who, days }) =>
    did(ids[who] ?? '', 'E', { time: addMs(START, -durationMs({ days })) }),
  );
  for (let from = 0; from < activities.length; from += 37) await record(...activities.slice(from, from + 37));
  clock.advance({ minutes: 11 });
  await settle();
  const { cuts } = (await one<{ cuts: number[] }>(db, { text: 'select cuts from engagement_scale' })) ?? { cuts: [] };
  const now = cutsAt({ settings: DEFAULT_ENGAGEMENT, cuts, cutsHalfLifeDays: 14 }, clock.now());
  for (const id of ids) {
    const key = activities
      .filter((activity) => activity.contactId === id)
      .reduce<number | null>(
        (sum, { time }) => sumRankKeys(sum, rankKeyOf({ weight: 1, time, halfLifeDays: 14 })),
        null,
      );
    if (key === null) continue;
    const row = await one<{ key: number; score: number }>(db, {
      text: 'select rank_key as key, width_bucket(rank_key, $2::float8[])::int as score from contact_engagement where contact_id = $1',
      values: [id, now],
    });
    expect(row?.key).toBeCloseTo(key, 9);
    expect(row?.score).toBe(scoreOf(row?.key ?? 0, now));
  }
});

test('the order in which events arrive does not matter', async () => {
  const ids = await addContacts(3);
  const pool = Array.from({ length: 12 }, (_, n) =>
    did(ids[n % 3] ?? '', n % 5 === 0 ? 'nps_submitted' : 'E', {
      time: addMs(START, -durationMs({ days: (n * 7) % 30 })),
      properties: { score: n % 11 },
    }),
  );
  const run = async (activities: readonly Activity[], size: number): Promise<unknown> => {
    await db.execute('truncate contact_engagement, engagement_scale');
    for (let from = 0; from < activities.length; from += size) await record(...activities.slice(from, from + size));
    return many(db, {
      text: 'select contact_id, round(rank_key::numeric, 9) as key, event_count, last_activity_at, nps_score, nps_at from contact_engagement order by 1',
    });
  };
  const expected = await run(pool, 12);
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(pool, { minLength: 12, maxLength: 12 }),
      fc.integer({ min: 1, max: 12 }),
      async (order, size) => {
        expect(await run(order, size)).toEqual(expected);
      },
    ),
    { numRuns: 15 },
  );
});

test('weights are the workspace’s own: by event name however it is written, 0 leaves an event out', async () => {
  await setSettings({ eventWeights: { 'Invite Sent': 20, heartbeat: 0 }, fullScorePoints: 100 });
  const [ada = '', grace = ''] = await addContacts(2);
  const figures = await record(
    did(ada, 'invite_sent'),
    did(grace, 'Heartbeat'),
    did(ada, '', { kind: 'page', event: null }),
  );
  expect([figures.get(ada), figures.get(grace)]).toEqual([{ engagement_score: 20 }, undefined]);
});

test('a changed half-life is taken over: scores follow it, and new events add to the same scale', async () => {
  const [ada = ''] = await addContacts(1);
  await record(...Array.from({ length: 20 }, () => did(ada, 'E')));
  await setSettings({ halfLifeDays: 2 });
  await db.transaction((tx) => requestRescore({ clock }, { tx, workspaceId }));
  clock.advance({ days: 2 });
  await settle();
  expect(await scores([ada])).toEqual([25]);
  expect((await record(...Array.from({ length: 10 }, () => did(ada, 'E')))).get(ada)).toEqual({ engagement_score: 50 });
});

test('the NPS score is the latest answer, from an event or a trait; what is no answer from 0 to 10 is left', async () => {
  const [ada = '', grace = ''] = await addContacts(2);
  const later = addMs(START, 60_000);
  const first = await record(
    did(ada, 'NPS Submitted', { properties: { score: 9 }, time: later }),
    did(grace, 'x', { kind: 'identify', event: null, traits: { nps_score: '3' } }),
  );
  expect(first.get(ada)).toMatchObject({ nps_score: 9 });
  expect(first.get(grace)).toEqual({ nps_score: 3 });
  const older = await record(did(ada, 'nps_submitted', { properties: { score: 2 } }));
  expect(older.get(ada)).toMatchObject({ nps_score: 9 });
  for (const score of [11, -1, 7.5, 'great', null])
    await record(did(ada, 'nps_submitted', { properties: { score }, time: addMs(later, 1) }));
  expect((await record(did(ada, 'E'))).get(ada)).toMatchObject({ nps_score: 9 });
});

test('merging adds the activity of both, undoing takes it out again', async () => {
  const [a = '', b = '', untouched = ''] = await addContacts(3);
  await record(...Array.from({ length: 8 }, () => did(a, 'E')), ...Array.from({ length: 12 }, () => did(b, 'E')));
  await record(did(untouched, 'E'));
  const points = async (id: string): Promise<number> => {
    const row = await one<{ key: number }>(db, {
      text: 'select rank_key as key from contact_engagement where contact_id = $1',
      values: [id],
    });
    return pointsAt(row?.key ?? 0, { at: clock.now(), halfLifeDays: 14 });
  };
  await db.transaction((tx) => mergeActivity(tx, { fromContactId: a, intoContactId: b }));
  expect(await points(b)).toBeCloseTo(20, 9);
  await record(did(b, 'E'));
  await db.transaction((tx) => unmergeActivity(tx, { fromContactId: a, intoContactId: b }));
  expect([await points(a), await points(b)]).toEqual([expect.closeTo(8, 9), expect.closeTo(13, 9)]);
  const counted = await one<{ n: number }>(db, {
    text: 'select count(*)::int as n from contact_engagement where is_counted',
  });
  expect(counted?.n).toBe(3);
});

test('a sweep goes in steps, tells only of scores that really moved, and is done once', async () => {
  const ids = await addContacts(1_500);
  await record(...ids.flatMap((id, n) => (n % 3 === 0 ? [did(id, 'E'), did(id, 'E')] : [did(id, 'E')])));
  clock.advance({ minutes: 11 });
  expect(await settle()).toBe(1 + 1_000 + 500);
  expect(await settle()).toBe(0);
  const told = await one<{ n: number }>(db, { text: 'select count(*)::int as n from bus_event' });
  expect(told?.n).toBe(1_500);
  expect([...new Set(await scores(ids))].toSorted((a, b) => Number(a) - Number(b))).toEqual([33, 83]);
  clock.advance({ hours: 24 });
  await settle();
  expect((await one<{ n: number }>(db, { text: 'select count(*)::int as n from bus_event' }))?.n).toBe(1_500);
});

test('the fixed scale reaches 100 at the full points', () => {
  const at = START;
  const key = rankKeyOf({ weight: DEFAULT_ENGAGEMENT.fullScorePoints, time: at, halfLifeDays: 14 });
  expect(scoreOf(key + 1e-9, fixedCuts(DEFAULT_ENGAGEMENT, at))).toBe(100);
  expect(scoreOf(key - 0.001, fixedCuts(DEFAULT_ENGAGEMENT, at))).toBe(99);
});
