import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import type { Db, Tx } from '#db/db.ts';
import { openServerTestDb, SERVER_URL } from '../../../../test/world/database.ts';
import { consumerWorker, createPublisher, type BusEvent } from '../../index.ts';

describe.skipIf(SERVER_URL === null)('two sessions (needs DATABASE_URL)', () => {
  let db: Db;
  const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
  beforeAll(async () => {
    ({ db } = await openServerTestDb(SERVER_URL ?? ''));
  });
  afterAll(() => db.close());

  test.each([null, ['wanted']])(
    'an event committed while a consumer looks is never stepped over (types %j)',
    async (types) => {
      const publisher = createPublisher({ clock });
      const publish = (type: string): Promise<void> =>
        db.transaction(async (tx) =>
          publisher.publish(tx, [
            { workspaceId: newId(), contactId: null, type, source: 'app', time: clock.now(), data: {}, cause: null },
          ]),
        );
      let isArmed = false;
      // Right after the consumer's first look at the log, somebody else commits an event.
      const nosy: Db = {
        ...db,
        transaction: (work) =>
          db.transaction((tx) => {
            const query: Tx['query'] = async (statement) => {
              const result = await tx.query<never>(statement);
              if (isArmed && /^bus_(read|end)/.test(statement.name ?? '')) {
                isArmed = false;
                await publish('wanted');
              }
              return result;
            };
            return work({ ...tx, query });
          }),
      };
      const seen: BusEvent[] = [];
      const worker = consumerWorker(
        { db: nosy, clock, log: silentLog },
        {
          name: `c${types === null}`,
          types,
          batchSizeMax: 10,
          from: 'now',
          handle: async (_tx, events) => void seen.push(...events),
        },
      );
      await worker.runOnce();
      for (let i = 0; i < 6; i++) {
        isArmed = true;
        await worker.runOnce();
        await worker.runOnce();
      }
      expect(isArmed).toBe(false);
      expect(seen).toHaveLength(6);
    },
  );
});
