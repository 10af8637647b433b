/**
 * Real processes, really killed, under load: nothing is lost, no effect is there twice, every contact's events are in
 * order. Over PostgreSQL alone, and over a NATS server of the test's own, which is killed and started again meanwhile.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { createPublisher } from '#bus/index.ts';
import { many, type Db } from '#db/db.ts';
import { newEvent, notice } from '../../src/bus/harness.suite.ts';
import { openServerTestDb, SERVER_URL } from '../world/database.ts';
import { countEffects, createEffects, createFleet, expectAllEffects, type Fleet, until } from './bus-load.ts';
import { NATS_SERVER, privateNats } from './bus-nats-server.ts';

const CONTACTS = 60;
const EACH = 60;

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
    await expectAllEffects(db, { contacts, each: EACH, withinMs: 45_000 });
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
      await expectAllEffects(db, { contacts, each: EACH, withinMs: 45_000 });
    },
  );

  async function database(): Promise<{ db: Db; databaseUrl: string }> {
    const opened = await openServerTestDb(SERVER_URL ?? '');
    cleanUp.push(() => opened.db.close());
    await createEffects(opened.db);
    return opened;
  }

  function fleet(env: Readonly<Record<string, string>>): Fleet {
    const processes = createFleet(env);
    cleanUp.push(() => processes.stop());
    return processes;
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
