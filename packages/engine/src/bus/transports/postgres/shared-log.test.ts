import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { Db, Tx } from '#db/db.ts';
import { openTestDb } from '../../../../test/world/database.ts';
import { createPublisher } from '../../publish.ts';
import { SharedLog } from './shared-log.ts';

const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
let db: Db;
let nowMs = 0;
let log: SharedLog;
/** Names of the statements that were asked, from the newest `readAt` on. */
let asked: string[] = [];

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute('truncate bus_event restart identity');
  log = new SharedLog(() => nowMs);
  asked = [];
});

function publish(types: readonly string[]): Promise<void> {
  return db.transaction(async (tx) =>
    createPublisher({ clock }).publish(
      tx,
      types.map((type) => ({
        workspaceId: newId(),
        contactId: null,
        type,
        source: 'app',
        time: clock.now(),
        data: {},
        cause: null,
      })),
    ),
  );
}

/** Types that follow the position, and where a consumer then stands. */
function readAt(position: number, sizeMax: number, mayFail: (name: string) => void = () => undefined) {
  return db.transaction(async (tx) => {
    const query: Tx['query'] = (statement) => {
      mayFail(statement.name ?? '');
      asked.push(statement.name ?? '');
      return tx.query(statement);
    };
    const batch = await log.read({ ...tx, query }, { position: BigInt(position), sizeMax });
    return { types: batch.events.map(({ type }) => type), upTo: batch.upTo === null ? null : Number(batch.upTo) };
  });
}
const reads = () => asked.filter((name) => name === 'bus_read_all').length;

test('what one has read, the next is given, whole or from its own place on; what came since is read', async () => {
  await publish(['a', 'b', 'c']);
  expect(await readAt(0, 5)).toEqual({ types: ['a', 'b', 'c'], upTo: 3 });
  expect(await readAt(0, 5)).toEqual({ types: ['a', 'b', 'c'], upTo: 3 });
  expect(await readAt(2, 5)).toEqual({ types: ['c'], upTo: 3 });
  expect(await readAt(0, 2)).toEqual({ types: ['a', 'b'], upTo: 2 });
  expect(reads()).toBe(1);
  await publish(['d']);
  expect(await readAt(3, 5)).toEqual({ types: ['d'], upTo: 4 });
  expect(await readAt(4, 5)).toEqual({ types: [], upTo: null });
  expect(reads()).toBe(2);
});

test('a stretch that ended where its reader had enough is not taken for the end of the log', async () => {
  await publish(['a', 'b', 'c', 'd', 'e']);
  expect(await readAt(0, 3)).toEqual({ types: ['a', 'b', 'c'], upTo: 3 });
  expect(await readAt(1, 3)).toEqual({ types: ['b', 'c', 'd'], upTo: 4 });
  expect(await readAt(0, 5)).toEqual({ types: ['a', 'b', 'c', 'd', 'e'], upTo: 5 });
});

test("after a second everybody reads anew, because an event may have become another contact's", async () => {
  await publish(['a']);
  await readAt(0, 5);
  await db.execute("update bus_event set type = 'moved'");
  nowMs += 1_001;
  expect(await readAt(0, 5)).toEqual({ types: ['moved'], upTo: 1 });
});

test('whoever waited for a read that fails reads for itself', async () => {
  await publish(['a']);
  const failing = readAt(0, 5, (name) => {
    if (name === 'bus_read_all') throw new Error('the connection is gone');
  });
  const waiting = readAt(0, 5);
  await expect(failing).rejects.toThrow('the connection is gone');
  expect(await waiting).toEqual({ types: ['a'], upTo: 1 });
});
