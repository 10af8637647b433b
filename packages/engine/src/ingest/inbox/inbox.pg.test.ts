import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { openServerDb } from '#db/client/server.ts';
import { many, type Db } from '#db/db.ts';
import { openServerTestDb, SERVER_URL } from '../../../test/world/database.ts';
import { createInbox, drainWorker, type ApplyEvents, type InboxEvent } from '../index.ts';

describe.skipIf(SERVER_URL === null)('two processes (needs DATABASE_URL)', () => {
  let first: Db;
  let second: Db;

  beforeAll(async () => {
    const opened = await openServerTestDb(SERVER_URL ?? '');
    first = opened.db;
    second = openServerDb({ log: silentLog }, { url: opened.databaseUrl, poolSizeMax: 5 });
    await first.execute('create table applied (seq bigint primary key, event_id text)');
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  const event = (n: number): InboxEvent => ({
    workspaceId: '01a20c4d-c482-7913-aec5-74a5b17ea0a0',
    source: 'stripe',
    origin: 'acct_1',
    eventId: `evt_${n}`,
    type: 'customer.updated',
    subject: `cus_${n % 7}`,
    livemode: false,
    createdS: 1_790_000_000,
    via: 'webhook',
    payload: JSON.stringify({ id: `evt_${n}`, note: `naïve ☃ "quoted" \\ ${newId()}` }),
  });
  const apply: ApplyEvents = async (tx, events) => {
    for (const { seq, eventId } of events) {
      await tx.query({ text: 'insert into applied values ($1, $2)', values: [seq, eventId] });
    }
  };

  test('processes that take the same events at once accept each once, and each is applied once', async () => {
    const inboxes = [createInbox({ db: first, clock: systemClock }), createInbox({ db: second, clock: systemClock })];
    const drains = [first, second].map((db) =>
      drainWorker(
        { db, clock: systemClock, log: silentLog, apply: { stripe: apply, track: apply } },
        { batchSizeMax: 50 },
      ),
    );
    const storing = inboxes.map((inbox) => Promise.all(Array.from({ length: 2_000 }, (_, n) => inbox.store(event(n)))));
    let isStored = false;
    const draining = drains.map(async (drain) => {
      for (let idle = 0; idle < 3; ) {
        if ((await drain.runOnce()) > 0) idle = 0;
        else if (isStored) idle += 1;
      }
    });
    const outcomes = (await Promise.all(storing)).flat();
    isStored = true;
    await Promise.all(draining);
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(2_000);
    const [rows] = await many<{ events: number; applied: number; pending: number; intact: number }>(first, {
      text: `select (select count(*)::int from inbox_event) as events, (select count(*)::int from applied) as applied,
             (select count(*)::int from inbox_pending) as pending,
             (select count(*)::int from inbox_event where payload::jsonb ->> 'note' like 'naïve ☃ "quoted" \\\\ %') as intact`,
    });
    expect(rows).toEqual({ events: 2_000, applied: 2_000, pending: 0, intact: 2_000 });
  });
});
