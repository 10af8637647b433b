/** A worker process of the bus, for tests that kill it: two consumers in loops, as in production. Told by its environment. */
import { systemClock } from '#base/clock.ts';
import { createLog } from '#base/log.ts';
import { startLoop } from '#base/worker.ts';
import { BUS_CHANNEL, type Consumer, openBusTransport } from '#bus/index.ts';
import { openServerDb } from '#db/client/server.ts';

const { DATABASE_URL = '', NATS_URL, LOG_LEVEL = 'silent' } = process.env;
const deps = { clock: systemClock, log: createLog({ level: LOG_LEVEL }) };
const db = openServerDb(deps, { url: DATABASE_URL, poolSizeMax: 6 });

const consumer = (name: string, batchSizeMax: number): Consumer => ({
  name,
  types: null,
  batchSizeMax,
  from: 'oldest',
  async handle(tx, events) {
    await tx.query({
      text: `insert into effect (consumer, event_id, contact, n)
             select $1, e.id, e.contact, e.n
             from unnest($2::uuid[], $3::uuid[], $4::integer[]) with ordinality as e (id, contact, n, nth) order by e.nth`,
      values: [
        name,
        events.map((event) => event.id),
        events.map((event) => event.contactId),
        events.map((event) => event.data['n']),
      ],
    });
  },
});

const consumers = [consumer('small', 7), consumer('large', 100)];
const transport = openBusTransport({ ...deps, db }, { consumers, natsUrl: NATS_URL ?? null });
const loops = transport.workers.map((worker) => startLoop(deps, { worker, idleMs: 250 }));
const wake = (): void => {
  for (const loop of loops) loop.wake();
};
transport.onNews(wake);
await db.listen(BUS_CHANNEL, wake);
process.send?.('ready');
process.on('disconnect', () => process.exit(1));
