import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { createPublisher } from '#bus/index.ts';
import { openBusTail, type BusTail } from '#bus/tail.ts';
import type { Db } from '#db/db.ts';
import { liveRoutes } from '#http/routes/live.ts';
import { openTestDb } from '../world/database.ts';

let db: Db;
let app: FastifyInstance;
let tail: BusTail;
let origin: string;
const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
const publisher = createPublisher({ clock });
const ours = newId();
const theirs = newId();
const ada = newId();

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute('truncate bus_event');
  tail = await openBusTail({ db, log: silentLog });
  // A browser may hold a connection that it never used; only this ends it.
  app = Fastify({ forceCloseConnections: true });
  // The guard's part, as http/auth.ts sets it.
  app.decorateRequest('access', {
    getter: () => ({ workspaceId: ours, personId: null, role: 'viewer', via: 'session' }) as const,
  });
  await app.register(liveRoutes({ tail }));
  await app.listen({ port: 0, host: '127.0.0.1' });
  origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await app.close();
  await tail.close();
});

const publish = (...events: [workspaceId: string, type: string, contactId?: string][]): Promise<void> =>
  db.transaction(async (tx) =>
    publisher.publish(
      tx,
      events.map(([workspaceId, type, contactId = null]) => ({
        workspaceId,
        type,
        contactId,
        source: 'app',
        time: clock.now(),
        data: { secret: 'not for the stream' },
        cause: null,
      })),
    ),
  );

async function listen() {
  const aborter = new AbortController();
  const reply = await fetch(`${origin}/api/live`, { signal: aborter.signal });
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    stop: () => aborter.abort(),
    /** Reads until so many hints are there, or the stream has ended. */
    async hints(count: number): Promise<Record<string, unknown>[]> {
      for (;;) {
        const found = [...text.matchAll(/^data: (.*)$/gm)].map(
          ([, data = '{}']) => JSON.parse(data) as Record<string, unknown>,
        );
        if (found.length >= count) return found;
        const chunk = await reader?.read();
        if (!chunk || chunk.done) return found;
        text += chunk.value;
      }
    },
  };
}

test('a page hears of the events of its workspace, in order, without their data', async () => {
  await publish([ours, 'before']);
  const page = await listen();
  await publish([ours, 'identify', ada], [theirs, 'identify'], [ours, 'payment_succeeded', ada]);
  const hints = await page.hints(2);
  expect(hints).toEqual([
    { id: expect.any(String), type: 'identify', contactId: ada, at: '2026-11-24T09:00:00.000Z' },
    { id: expect.any(String), type: 'payment_succeeded', contactId: ada, at: '2026-11-24T09:00:00.000Z' },
  ]);
  page.stop();
});

test('a flood arrives as few hints: one per type and contact', async () => {
  const page = await listen();
  await publish(...Array.from({ length: 2_500 }, (): [string, string, string] => [ours, 'page', ada]), [ours, 'last']);
  const hints = await page.hints(2);
  expect(hints.at(-1)).toMatchObject({ type: 'last' });
  expect(hints.length).toBeLessThan(10);
  page.stop();
});

test('open pages do not hold up the server’s end', async () => {
  const page = await listen();
  await app.close();
  expect(await page.hints(1)).toEqual([]);
});
