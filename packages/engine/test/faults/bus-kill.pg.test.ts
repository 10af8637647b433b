/**
 * Real processes, really killed, under load: nothing is lost, no effect is there twice, every contact's events are in
 * order. Over PostgreSQL alone, and over a NATS server of the test's own, which is killed and started again meanwhile.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { createPublisher } from '#bus/index.ts';
import { many, one, type Db } from '#db/db.ts';
import { expectEachOnceInOrder, newEvent, notice } from '../../src/bus/contract.suite.ts';
import { openServerTestDb, SERVER_URL } from '../world/database.ts';
import { NATS_SERVER, privateNats } from './bus-nats-server.ts';

const CONTACTS = 60;
const EACH = 60;
const EXPECTED = CONTACTS * EACH;

if (SERVER_URL === null) notice('no DATABASE_URL: no process of the bus is killed under load.');
else if (NATS_SERVER === null) notice('no nats-server program: it is not killed under load.');

describe.skipIf(SERVER_URL === null)('kill -9 under load (needs DATABASE_URL)', () => {
  const cleanUp: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  });

  test('PostgreSQL: consumers and their connections die, nothing is lost, doubled or swapped', async () => {
    const { db, databaseUrl } = await database();
    const processes = fleet({ DATABASE_URL: databaseUrl });
    const contacts = await underLoad(db, [
      () => processes.start(),
      () => processes.start(),
      () => processes.kill(),
      () => processes.start(),
      () => cutConnections(db),
      () => processes.kill(),
      () => processes.start(),
    ]);
    await expectAll(db, contacts);
  });

  test.skipIf(NATS_SERVER === null)(
    'NATS: consumers, connections and the NATS server die, nothing is lost, doubled or swapped',
    async () => {
      const { db, databaseUrl } = await database();
      const nats = await privateNats();
      cleanUp.push(() => nats.remove());
      await nats.start();
      const processes = fleet({ DATABASE_URL: databaseUrl, NATS_URL: nats.url });
      const contacts = await underLoad(db, [
        () => processes.start(),
        () => processes.start(),
        () => processes.kill(),
        () => nats.kill(),
        () => processes.start(),
        () => nats.start(),
        () => cutConnections(db),
        () => processes.kill(),
        () => processes.start(),
      ]);
      await expectAll(db, contacts);
    },
  );

  async function database(): Promise<{ db: Db; databaseUrl: string }> {
    const opened = await openServerTestDb(SERVER_URL ?? '');
    cleanUp.push(() => opened.db.close());
    await opened.db.execute(
      'create table effect (nth bigint generated always as identity, consumer text, event_id uuid, contact uuid, n integer)',
    );
    return opened;
  }

  /** Worker processes; `kill` ends the oldest that lives. */
  function fleet(env: Readonly<Record<string, string>>): { start(): Promise<void>; kill(): Promise<void> } {
    const living: ChildProcess[] = [];
    const kill = async (): Promise<void> => {
      const oldest = living.shift();
      if (!oldest || oldest.exitCode !== null) return;
      const ended = new Promise((resolve) => oldest.once('exit', resolve));
      oldest.kill('SIGKILL');
      await ended;
    };
    cleanUp.push(async () => {
      while (living.length > 0) await kill();
    });
    const file = fileURLToPath(new URL('./bus-process.ts', import.meta.url));
    const loader = process.features.typescript ? [] : ['--import', 'tsx'];
    return {
      async start() {
        living.push(
          fork(file, [], {
            execArgv: loader,
            env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent', ...env },
          }),
        );
      },
      kill,
    };
  }
});

/** Publishes round after round, and lets each disaster happen after its share of them, while consumers are at work. */
async function underLoad(db: Db, disasters: readonly (() => Promise<unknown>)[]): Promise<string[]> {
  const publisher = createPublisher({ clock: systemClock });
  const contacts = Array.from({ length: CONTACTS }, () => newId());
  const [first, ...later] = disasters;
  let struckAtWork = 0;
  await first?.();
  for (let n = 0; n < EACH; n++) {
    await db.transaction(async (tx) =>
      publisher.publish(
        tx,
        contacts.map((contact) => newEvent(contact, n)),
      ),
    );
    const isTime = n % Math.floor(EACH / (later.length + 1)) === 0 && n > 0;
    if (!isTime) continue;
    const before = await countEffects(db);
    if (before < 2 * contacts.length * (n + 1)) struckAtWork += 1;
    await later.shift()?.();
    // Most disasters leave somebody alive who goes on; where nobody can, the load goes on without.
    await until(async () => (await countEffects(db)) > before, 2_000).catch(() => undefined);
  }
  for (const disaster of later) await disaster();
  expect(struckAtWork).toBeGreaterThanOrEqual(disasters.length / 2);
  return contacts;
}

async function cutConnections(db: Db): Promise<void> {
  await many(db, {
    text: `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
  });
}

async function expectAll(db: Db, contacts: readonly string[]): Promise<void> {
  await until(async () => (await countEffects(db)) >= 2 * EXPECTED, 45_000).catch(() => undefined);
  for (const consumer of ['small', 'large']) {
    const effects = await many<{ contact: string; n: number }>(db, {
      text: 'select contact, n from effect where consumer = $1 order by nth',
      values: [consumer],
    });
    expectEachOnceInOrder(effects, { contacts, each: EACH });
  }
  expect(await many(db, { text: 'select error from bus_dead_letter' })).toEqual([]);
}

async function countEffects(db: Db): Promise<number> {
  return (await one<{ n: number }>(db, { text: 'select count(*)::int as n from effect' }))?.n ?? 0;
}

async function until(isTrue: () => Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
