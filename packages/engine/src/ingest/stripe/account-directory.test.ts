import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { type AccountDirectory, createAccountDirectory } from './account-directory.ts';

const ACCOUNT = { account: 'acct_1', livemode: true };

let db: Db;
let clock: MovableClock;
let directory: AccountDirectory;
let workspaceId: string;
let looks: number;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
  workspaceId = newId();
  looks = 0;
  await db.execute('truncate stripe_account, workspace cascade');
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'Live', 'live', now())`,
    values: [workspaceId],
  });
  await db.query({
    text: `insert into stripe_account (id, workspace_id, account, livemode, method, status, connected_at)
           values ($1, $2, 'acct_1', true, 'connect', 'active', now())`,
    values: [newId(), workspaceId],
  });
  const counting: Db = {
    ...db,
    query: (statement) => {
      looks += 1;
      return db.query(statement);
    },
  };
  directory = createAccountDirectory({ db: counting, clock });
});

const burst = (): Promise<unknown[]> => Promise.all(Array.from({ length: 64 }, () => directory.find(ACCOUNT)));

test('a burst of events after a pause is one look-up', async () => {
  expect(await burst()).toEqual(Array.from({ length: 64 }, () => ({ workspaceId })));
  expect(looks).toBe(1);
  clock.advance({ minutes: 1 });
  await burst();
  expect(looks).toBe(2);
});

test('under steady traffic nobody waits, and a change made elsewhere is seen all the same', async () => {
  await directory.find(ACCOUNT);
  await db.query({ text: `update stripe_account set status = 'disconnected'` });
  clock.advance({ seconds: 1 });
  expect(directory.known(ACCOUNT)).toEqual({ workspaceId });
  // The look-up that was begun beside that answer is the only one, and whoever asks next may wait for it.
  clock.advance({ seconds: 1 });
  expect(await directory.find(ACCOUNT)).toBeNull();
  expect(looks).toBe(2);
});

test('what was being looked up when a connection changed here is not remembered', async () => {
  const early = directory.find(ACCOUNT);
  directory.forget();
  await early;
  expect(directory.known(ACCOUNT)).toBeUndefined();
});
