import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createFirstWorkspace } from '#access/index.ts';
import { readConfig } from '#config.ts';
import { many } from '#db/db.ts';
import { BUS_CHANNEL } from '#bus/index.ts';
import { connectForReplay, signStripePayload } from '#ingest/index.ts';
import { startEngine } from '#main.ts';
import { openServerTestDb, SERVER_URL } from '../../test/world/database.ts';

test.skipIf(SERVER_URL === null)(
  'on PostgreSQL the workers run beside the server, in a thread that ends with it',
  async () => {
    const { db, databaseUrl } = await openServerTestDb(SERVER_URL ?? '');
    const engine = await startEngine(
      readConfig({
        DATABASE_URL: databaseUrl,
        SECRET_KEY: randomBytes(32).toString('base64'),
        PORT: '0',
        LOG_LEVEL: 'silent',
      }),
    );
    const workspace = await createFirstWorkspace(engine, {
      name: 'Ada Lovelace',
      email: 'ada@analytical.example',
      password: 'a long enough password',
      workspaceName: 'Analytical Engines',
      timezone: 'UTC',
    });
    const { secret } = await connectForReplay(engine, { ...workspace, accounts: ['acct_1'] });
    const told = new Promise<void>((resolve) => void db.listen(BUS_CHANNEL, () => resolve()));
    const now = new Date();
    const payload = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      account: 'acct_1',
      type: 'customer.created',
      created: Math.floor(now.getTime() / 1000),
      livemode: false,
      data: { object: { id: 'cus_1', object: 'customer', email: 'grace@navy.example', created: 1_790_000_000 } },
    });
    const answer = await fetch(`${engine.url}/webhooks/stripe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': signStripePayload({ payload, secret, now }) },
      body: payload,
    });
    expect(answer.status).toBe(200);
    await told;
    expect(await many(db, { text: 'select email from contact' })).toEqual([{ email: 'grace@navy.example' }]);
    expect(await many(db, { text: 'select seq from inbox_pending' })).toEqual([]);
    await engine.stop();
    await expect(fetch(`${engine.url}/health`)).rejects.toThrow();
    await db.close();
  },
  60_000,
);
