/**
 * PostgreSQL itself ends and comes back, under load, while two worker processes live on: what was acknowledged is handled,
 * once, in order for its contact. Over PostgreSQL alone and over NATS. BUS_RESTARTS: how many ends (default 4).
 */
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { createPublisher } from '#bus/index.ts';
import { many, type Db } from '#db/db.ts';
import { newEvent, notice } from '../../src/bus/harness.suite.ts';
import { openServerTestDb, SERVER_URL } from '../world/database.ts';
import { countEffects, createEffects, createFleet, expectAllEffects, until } from './bus-load.ts';
import { NATS_SERVER, privateNats } from './bus-nats-server.ts';
import { type Ending, POSTGRES_PROGRAMS, type PrivatePostgres, privatePostgres } from './bus-postgres-server.ts';

const RESTARTS = Number(process.env['BUS_RESTARTS'] ?? 4);
const ENDINGS: readonly Ending[] = ['fast', 'killed', 'immediate', 'killed'];
const PUBLISHERS = 3;
const CONTACTS_EACH = 10;
/** Rounds that are acknowledged, of every publisher, between two ends of the server. */
const ROUNDS_BETWEEN = 12;
const RECOVERY_MS = 20_000;

const isSkipped = SERVER_URL === null || POSTGRES_PROGRAMS === null;
if (SERVER_URL === null) notice('no DATABASE_URL: PostgreSQL is not restarted under load.');
else if (POSTGRES_PROGRAMS === null) notice('no initdb and postgres on this machine: it is not restarted under load.');
else if (NATS_SERVER === null) notice('no nats-server program: PostgreSQL is not restarted under it.');

describe.skipIf(isSkipped)('PostgreSQL restarted under load (needs DATABASE_URL, and its programs)', () => {
  const cleanUp: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  });

  test(
    'over PostgreSQL alone: nothing acknowledged is lost, doubled or swapped, and no process falls',
    async () => {
      await runThrough({});
    },
    120_000 + RESTARTS * RECOVERY_MS,
  );

  test.skipIf(NATS_SERVER === null)(
    'over NATS: nothing acknowledged is lost, doubled or swapped, and no process falls',
    async () => {
      const nats = await privateNats();
      cleanUp.push(() => nats.remove());
      await nats.start();
      await runThrough({ NATS_URL: nats.url });
    },
    120_000 + RESTARTS * RECOVERY_MS,
  );

  async function runThrough(env: Readonly<Record<string, string>>): Promise<void> {
    const server = await privatePostgres();
    cleanUp.push(() => server.remove());
    await server.start();
    const { db, databaseUrl } = await openServerTestDb(server.url);
    cleanUp.push(() => db.close());
    await createEffects(db);
    const fleet = createFleet({ DATABASE_URL: databaseUrl, ...env });
    cleanUp.push(() => fleet.stop());
    await fleet.start();
    await fleet.start();
    await fleet.ready();

    const load = startLoad(db);
    for (let nth = 0; nth < RESTARTS; nth++)
      await restart({ db, server, load, how: ENDINGS[nth % ENDINGS.length] ?? 'fast' });
    const each = await load.stop();
    await expectAllEffects(db, { contacts: load.contacts, each, withinMs: 45_000 });
    expect(fleet.fallen()).toBe(0);
    expect(load.refused()).toBeGreaterThanOrEqual(RESTARTS);
    const [log] = await many<{ n: number }>(db, { text: 'select count(*)::int as n from bus_event' });
    expect(log?.n).toBe(load.contacts.length * each);
  }
});

/** Ends the server while events are being published and handled, starts it again, and waits until they are again. */
async function restart(input: { db: Db; server: PrivatePostgres; load: Load; how: Ending }): Promise<void> {
  const { db, server, load, how } = input;
  const rounds = load.rounds();
  await until(async () => load.rounds() >= rounds + ROUNDS_BETWEEN, RECOVERY_MS);
  const before = await countEffects(db);
  await until(async () => (await countEffects(db)) > before, RECOVERY_MS);
  await server.end(how);
  await server.start();
  const after = await countEffects(db);
  expect(after).toBeGreaterThanOrEqual(before);
  await until(async () => (await countEffects(db).catch(() => 0)) > after, RECOVERY_MS);
}

interface Load {
  readonly contacts: readonly string[];
  /** Rounds that the slowest publisher has an acknowledgement for. */
  rounds(): number;
  /** Tries that were not acknowledged. */
  refused(): number;
  /** Lets every publisher come to the same round; returns how many events each contact has. */
  stop(): Promise<number>;
}

/**
 * Publishers side by side, each with contacts of its own. What was not acknowledged may be on the log all the same, so it
 * is published again until it is acknowledged, under the same key: as every publisher of ours does it.
 */
function startLoad(db: Db): Load {
  const publisher = createPublisher({ clock: systemClock });
  const groups = Array.from({ length: PUBLISHERS }, () => Array.from({ length: CONTACTS_EACH }, () => newId()));
  const done = groups.map(() => 0);
  let refused = 0;
  let last = Number.POSITIVE_INFINITY;
  const publishers = groups.map(async (contacts, group) => {
    for (let n = 0; n < last; ) {
      try {
        await db.transaction(async (tx) =>
          publisher.publish(
            tx,
            contacts.map((contact) => newEvent(contact, n, { dedupeKey: `${contact}:${n}` })),
          ),
        );
        done[group] = n += 1;
      } catch {
        refused += 1;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  });
  return {
    contacts: groups.flat(),
    rounds: () => Math.min(...done),
    refused: () => refused,
    async stop() {
      last = Math.max(...done) + 1;
      await Promise.all(publishers);
      return last;
    },
  };
}
