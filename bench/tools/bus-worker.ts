/**
 * A worker process of the bus under test: one consumer that does a piece of work for each event, as segments and sequences
 * do: it looks at the contact's row and writes it. Tells its parent, after each commit, how long each event was under way.
 */
import { systemClock } from '@growthos/engine/base/clock.ts';
import { createLog } from '@growthos/engine/base/log.ts';
import { startLoop } from '@growthos/engine/base/worker.ts';
import { BUS_CHANNEL, type BusEvent, type Consumer, openBusTransport } from '@growthos/engine/bus/index.ts';
import { openServerDb } from '@growthos/engine/db/client/server.ts';
import type { Tx } from '@growthos/engine/db/db.ts';

const { DATABASE_URL = '', NATS_URL, FAR_MS = '0' } = process.env;
const farMs = Number(FAR_MS);
const deps = { clock: systemClock, log: createLog({ level: 'warn' }) };
const db = openServerDb(deps, { url: DATABASE_URL, poolSizeMax: 6 });

async function handle(tx: Tx, events: readonly BusEvent[]): Promise<void> {
  for (const event of events) {
    await tx.query({
      name: 'bench_work',
      text: `insert into bench_contact (contact_id, events, last) values ($1, 1, $2)
             on conflict (contact_id) do update set events = bench_contact.events + 1, last = excluded.last`,
      values: [event.contactId, event.data['n']],
    });
    if (farMs > 0) await new Promise((resolve) => setTimeout(resolve, farMs));
  }
  tx.afterCommit(() => {
    const now = performance.timeOrigin + performance.now();
    process.send?.(events.map((event) => now - Number(event.data['sentAtMs'])));
  });
}

const consumer: Consumer = { name: 'bench', types: null, batchSizeMax: 200, from: 'oldest', handle };
const transport = openBusTransport({ ...deps, db }, { consumers: [consumer], natsUrl: NATS_URL ?? null });
const loops = transport.workers.map((worker) => startLoop(deps, { worker, idleMs: 1_000 }));
const wake = (): void => {
  for (const loop of loops) loop.wake();
};
transport.onNews(wake);
await db.listen(BUS_CHANNEL, wake);
process.send?.('ready');
process.on('SIGTERM', () => {
  void Promise.all(loops.map((loop) => loop.stop()))
    .then(() => transport.close())
    .then(() => db.close())
    .then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(1));
