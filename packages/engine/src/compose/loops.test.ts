import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import { BUS_CHANNEL } from '#bus/index.ts';
import type { Db } from '#db/db.ts';
import { INBOX_CHANNEL } from '#ingest/index.ts';
import { openTestDb } from '../../test/world/database.ts';
import { type Loops, runLoops } from './loops.ts';

let db: Db;

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

/** A worker whose turns can be counted and awaited; `finds` is how many items a turn finds, none where nothing is said. */
class CountedWorker implements Worker {
  readonly name: string;
  readonly wokenBy?: 'ledger' | 'bus';
  readonly batchSizeMax = 10;
  finds = 0;
  /** What each turn finds, until it is set to none again. */
  findsAlways = 0;
  turns = 0;
  #onTurn: (() => void) | undefined;

  constructor(name: string, wokenBy?: 'ledger' | 'bus') {
    this.name = name;
    if (wokenBy !== undefined) this.wokenBy = wokenBy;
  }

  runOnce(): Promise<number> {
    this.turns += 1;
    this.#onTurn?.();
    const found = this.finds + this.findsAlways;
    this.finds = 0;
    // A turn that finds something lets others have theirs, as one that asks a database does.
    return new Promise((resolve) => setImmediate(() => resolve(found)));
  }

  async hasTurnsMoreThan(turns: number): Promise<void> {
    while (this.turns <= turns) await new Promise<void>((resolve) => (this.#onTurn = resolve));
  }
}

const start = (...workers: Worker[]): Promise<Loops> =>
  runLoops({ db, clock: systemClock, log: silentLog, workers, bus: { onNews: () => undefined } });

test('news wake at once who works them off; the others look together, seldom, and once after the last', async () => {
  const listener = new CountedWorker('listener', 'bus');
  const follower = new CountedWorker('follower');
  const loops = await start(listener, follower);
  await Promise.all([listener.hasTurnsMoreThan(0), follower.hasTurnsMoreThan(0)]);
  const startedMs = performance.now();
  for (let n = 0; n < 100; n++) {
    const before = listener.turns;
    await db.query({ text: `select pg_notify('${BUS_CHANNEL}', '')` });
    await listener.hasTurnsMoreThan(before);
  }
  const soFar = follower.turns;
  expect(soFar).toBeLessThanOrEqual(2 + (performance.now() - startedMs) / 100);
  await follower.hasTurnsMoreThan(soFar);
  await loops.stop();
  expect(listener.turns).toBeGreaterThan(100);
});

test('what one worker did is followed up by the others, although nobody was told of it', async () => {
  const doer = new CountedWorker('doer', 'ledger');
  const follower = new CountedWorker('follower');
  doer.finds = 1;
  const startedMs = performance.now();
  const loops = await start(doer, follower);
  await follower.hasTurnsMoreThan(1);
  await loops.stop();
  // Well before the five seconds after which everybody looks.
  expect(performance.now() - startedMs).toBeLessThan(2_500);
});

test('while the ledger is behind, listeners of the bus look once in a while; at once when it has caught up', async () => {
  const drain = new CountedWorker('drain', 'ledger');
  const listener = new CountedWorker('listener', 'bus');
  const loops = await start(drain, listener);
  await Promise.all([drain.hasTurnsMoreThan(0), listener.hasTurnsMoreThan(0)]);
  const tell = (channel: string) => db.query({ text: `select pg_notify('${channel}', '')` });
  drain.findsAlways = 10;
  await tell(INBOX_CHANNEL);
  await drain.hasTurnsMoreThan(drain.turns + 1);
  const before = listener.turns;
  const startedMs = performance.now();
  for (let n = 0; n < 20; n++) {
    await tell(BUS_CHANNEL);
    await drain.hasTurnsMoreThan(drain.turns);
  }
  expect(listener.turns - before).toBeLessThanOrEqual((performance.now() - startedMs) / 1_000);
  drain.findsAlways = 0;
  await listener.hasTurnsMoreThan(before);
  await loops.stop();
});
