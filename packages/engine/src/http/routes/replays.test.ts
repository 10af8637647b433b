import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { type BusEvent, type Consumer, consumerWorker } from '#bus/index.ts';
import { many, type Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { openTestApp, type SignedUp, type TestApp } from '../../../test/world/http-app.ts';
import { insertBusEvent } from '../../../test/world/rows.ts';
import { replayRoutes } from './replays.ts';

let db: Db;
let web: TestApp;
let owner: SignedUp;
const clock = { now: () => new Date('2026-11-24T09:00:00Z') };
const seen: BusEvent[] = [];
let failure: Error | null = null;
const listener: Consumer = {
  name: 'listener',
  types: ['heard'],
  batchSizeMax: 10,
  from: 'oldest',
  replay: { title: 'A listener', says: 'Does nothing twice.' },
  async handle(_tx, events) {
    if (failure) throw failure;
    seen.push(...events);
  },
};
const { replay: _none, ...unoffered } = { ...listener, name: 'inner' };

beforeAll(async () => {
  db = await openTestDb();
  web = await openTestApp(db, { routes: [replayRoutes({ db, clock, consumers: [listener, unoffered] })] });
  owner = await web.signUp();
});
afterAll(async () => {
  await web.app.close();
  await db.close();
});

const since = '2026-11-24T08:00:00Z';
const ask = (payload: object, cookie = owner.cookie): ReturnType<TestApp['ask']> =>
  web.ask(cookie, { method: 'POST', url: '/api/replays', payload });

test('only owners and admins may replay, or see what was', async () => {
  for (const role of ['viewer', 'editor', 'admin'] as const) {
    const cookie = await web.member({ workspaceId: owner.testId, role, email: `${role}@example.test` });
    const allowed = role === 'admin' ? 200 : 403;
    expect((await web.ask(cookie, '/api/replays')).statusCode, role).toBe(allowed);
    expect((await ask({ listener: 'listener', since: '2027-01-01T00:00:00Z' }, cookie)).statusCode, role).toBe(
      role === 'admin' ? 400 : 403,
    );
  }
  expect(await many(db, { text: 'select 1 from bus_replay' })).toEqual([]);
});

test('what cannot be replayed is refused with the field, and nothing is noted', async () => {
  for (const [payload, status, words] of [
    [{ listener: 'listener' }, 400, 'either'],
    [{ listener: 'listener', since, eventIds: [newId()] }, 400, 'either'],
    [{ listener: 'listener', since: 'yesterday' }, 400, 'since'],
    [{ listener: 'listener', since: '2027-01-01T00:00:00Z' }, 400, 'lies ahead'],
    [{ listener: 'listener', eventIds: [] }, 400, 'eventIds'],
    [{ listener: 'listener', eventIds: Array.from({ length: 501 }, () => newId()) }, 400, 'eventIds'],
    [{ listener: 'listener', eventIds: [newId()] }, 404, 'no such event'],
    [{ listener: 'inner', since }, 404, 'There are: listener.'],
  ] as const) {
    const answer = await ask(payload);
    expect([answer.statusCode, answer.body], JSON.stringify(payload)).toEqual([status, expect.stringContaining(words)]);
  }
  expect(await many(db, { text: `select 1 from audit_entry where action = 'bus.replayed'` })).toEqual([]);
});

test('an event is handed over again, and its failure is told; one of another workspace is not there', async () => {
  const rest = { contactId: null, time: clock.now() };
  const mine = await insertBusEvent(db, { workspaceId: owner.liveId, type: 'heard', ...rest });
  const other = await insertBusEvent(db, { workspaceId: owner.liveId, type: 'unheard', ...rest });
  const foreign = await insertBusEvent(db, { workspaceId: owner.testId, type: 'heard', ...rest });
  const worker = consumerWorker({ db, clock, log: silentLog }, listener);
  while ((await worker.runOnce()) > 0);
  seen.length = 0;
  const one = await ask({ listener: 'listener', eventIds: [mine] });
  expect(one.json()).toEqual({ id: null, handledCount: 1 });
  expect(seen).toMatchObject([{ id: mine, isReplay: true }]);
  expect((await ask({ listener: 'listener', eventIds: [other] })).statusCode).toBe(400);
  expect((await ask({ listener: 'listener', eventIds: [mine, foreign] })).statusCode).toBe(404);
  failure = new Error('cannot read this');
  const failed = await ask({ listener: 'listener', eventIds: [mine] });
  failure = null;
  expect([failed.statusCode, failed.body]).toEqual([409, expect.stringContaining('cannot read this')]);
  const since_ = await ask({ listener: 'listener', since });
  expect(since_.json()).toEqual({ id: expect.any(String), handledCount: null });
  const list = await web.ask(owner.cookie, '/api/replays');
  expect(list.json()).toMatchObject({
    listeners: [{ name: 'listener', title: 'A listener', says: 'Does nothing twice.' }],
    replays: [{ title: 'A listener', since: '2026-11-24T08:00:00.000Z', endedAt: null, handledCount: 0, progress: 0 }],
  });
  const notes = await many(db, {
    text: `select subject, text from audit_entry where action = 'bus.replayed' order by at, id`,
  });
  expect(notes).toEqual([
    { subject: 'listener', text: 'Replayed 1 events to listener' },
    { subject: 'listener', text: `Replayed all events since ${since} to listener` },
  ]);
});
