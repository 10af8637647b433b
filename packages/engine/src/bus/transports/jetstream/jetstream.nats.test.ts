import { jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { many, one, type Db } from '#db/db.ts';
import { openTestDb } from '../../../../test/world/database.ts';
import { expectEachOnceInOrder, findNats, newEvent, recorder, useBus } from '../../harness.suite.ts';
import { busContract } from '../../contract.suite.ts';
import { openBusTransport } from '../../index.ts';

const natsUrl = await findNats();

describe.skipIf(natsUrl === null)('NATS JetStream as the transport (needs NATS_URL or a server on 4222)', () => {
  const bus = useBus({
    openDb: openTestDb,
    openTransport: (deps, consumers) => openBusTransport(deps, { consumers, natsUrl: natsUrl ?? '' }),
    beforeClose: deleteStreams,
  });
  busContract(bus);

  const people = Array.from({ length: 10 }, () => newId());
  const round = (n: number) => people.map((contact) => newEvent(contact, n));
  const relay = async (): Promise<void> => {
    const process = bus.open();
    await bus.settle(process);
    await process.close();
  };

  test('pointers that are told twice, and out of order, make no second effect', async () => {
    await bus.publish(...round(0), ...round(1));
    await relay();
    const moved = `update bus_relay_partition set position = position - 100000`;
    await bus.db.execute(moved);
    await relay();
    await republishBackwards(bus.db);
    await bus.settle(bus.open(recorder({ batchSizeMax: 3 })));
    await bus.publish(...round(2));
    await bus.settle(bus.open(recorder()));
    expectEachOnceInOrder(await bus.effects(), { contacts: people, each: 3 });
  });

  test('pointers that the server lost are found on the log', async () => {
    const process = bus.open(recorder());
    await bus.settle(process);
    await bus.publish(...round(0));
    await relay();
    await onServer(bus.db, async ({ admin, streams }) => {
      for (const stream of streams) await admin.streams.purge(stream);
    });
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects(), { contacts: people, each: 1 });
    await bus.publish(...round(1));
    await relay();
    await onServer(bus.db, async ({ admin, streams }) => {
      for (const stream of streams) await admin.streams.delete(stream);
    });
    await bus.publish(...round(2));
    await bus.settle(bus.open(recorder()));
    expectEachOnceInOrder(await bus.effects(), { contacts: people, each: 3 });
  });

  test('what the stream tells of a log that a restored database does not have moves nobody', async () => {
    await bus.settle(bus.open(recorder()));
    const { position } = (await one<{ position: bigint }>(bus.db, {
      text: 'select max(position) as position from bus_relay_partition',
    })) ?? { position: 0n };
    await onServer(bus.db, async ({ connection, root }) => {
      for (let partition = 0; partition < 8; partition++) {
        await jetstream(connection).publish(
          `growthos.bus.${root}.${partition}.${newId()}`,
          JSON.stringify({ position: String(position + 1_000_000n), after: '0', type: 'happened' }),
          { msgID: newId() },
        );
      }
    });
    await bus.publish(...round(0));
    await bus.settle(bus.open(recorder()));
    expectEachOnceInOrder(await bus.effects(), { contacts: people, each: 1 });
  });

  test('a change to NATS and back takes over where each stood', async () => {
    const overPostgres = () =>
      openBusTransport({ db: bus.db, clock: bus.clock, log: silentLog }, { consumers: [recorder()], natsUrl: null });
    await bus.publish(...round(0), ...round(1));
    await overPostgres().workers[0]?.runOnce();
    expect(await bus.effects()).toHaveLength(10);
    const nats = bus.open(recorder({ batchSizeMax: 1 }));
    const standing = (): Promise<unknown[]> => many(bus.db, { text: 'select distinct position from bus_partition' });
    // A turn may go to a pointer that the server gives once more, if this machine was slow to acknowledge it.
    for (let turn = 0; turn < 20 && (await standing()).length < 2; turn++) {
      for (const worker of nats.workers) await worker.runOnce();
    }
    expect((await standing()).length).toBeGreaterThan(1);
    await bus.publish(...round(2));
    await bus.settle(overPostgres());
    expectEachOnceInOrder(await bus.effects(), { contacts: people, each: 3 });
    expect(await many(bus.db, { text: 'select 1 from bus_partition' })).toEqual([]);
    await bus.publish(...round(3));
    await bus.settle(nats);
    await bus.publish(...round(4));
    await bus.settle(overPostgres());
    expectEachOnceInOrder(await bus.effects(), { contacts: people, each: 5 });
  });

  test('lag is told as a whole: the consumer has come as far as the relay once every partition has', async () => {
    await bus.publish(...round(0));
    await bus.settle(bus.open(recorder()));
    const row = await one<{ behind: bigint }>(bus.db, {
      text: 'select (select max(position) from bus_event) - position as behind from bus_consumer',
    });
    expect(row?.behind).toBe(0n);
  });

  test('the number of partitions is changed by way of PostgreSQL, as docs/scale.md says', async () => {
    const overPostgres = () =>
      openBusTransport({ db: bus.db, clock: bus.clock, log: silentLog }, { consumers: [recorder()], natsUrl: null });
    await bus.publish(...round(0), ...round(1));
    await bus.settle(bus.open(recorder()));
    await bus.settle(overPostgres());
    expect(await one(bus.db, { text: 'select max(partitions) as n from bus_consumer' })).toEqual({ n: 0 });
    await deleteStreams(bus.db);
    await bus.publish(...round(2));
    await bus.db.execute(`delete from bus_relay; delete from bus_relay_partition;
      insert into bus_relay (stream, partitions) values ('growthos_${newId()}', 3);
      insert into bus_relay_partition select n, (select max(position) from bus_event) from generate_series(0, 2) n`);
    await bus.settle(bus.open(recorder()));
    await bus.publish(...round(3));
    await bus.settle(bus.open(recorder()));
    expectEachOnceInOrder(await bus.effects(), { contacts: people, each: 4 });
    expect(await many(bus.db, { text: 'select 1 from bus_partition' })).toHaveLength(3);
  });
});

interface Server {
  readonly connection: NatsConnection;
  readonly admin: JetStreamManager;
  readonly root: string;
  readonly streams: readonly string[];
}

/** As somebody beside the transport: does what a broken disk or a careless hand would do. */
async function onServer(db: Db, work: (server: Server) => Promise<unknown>): Promise<void> {
  const row = await one<{ stream: string; partitions: number }>(db, {
    text: 'select stream, partitions from bus_relay',
  });
  if (!row) return;
  const connection = await connect({ servers: natsUrl ?? '' });
  try {
    const streams = Array.from({ length: row.partitions }, (_, partition) => `${row.stream}_${partition}`);
    await work({ connection, admin: await jetstreamManager(connection), root: row.stream, streams });
  } finally {
    await connection.close();
  }
}

async function deleteStreams(db: Db): Promise<void> {
  await onServer(db, async ({ admin, streams }) => {
    for (const stream of streams) await admin.streams.delete(stream);
  });
}

/** All pointers once more, the last first, under ids that the server does not know as twins. */
async function republishBackwards(db: Db): Promise<void> {
  await onServer(db, async ({ connection, admin, streams }) => {
    for (const stream of streams) {
      const { state } = await admin.streams.info(stream);
      for (let seq = state.last_seq; seq >= state.first_seq; seq--) {
        const message = await admin.streams.getMessage(stream, { seq });
        if (message) await jetstream(connection).publish(message.subject, message.data);
      }
    }
  });
}
