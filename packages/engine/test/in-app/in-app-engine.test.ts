import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoOverrides } from '#compose/demo.ts';
import { readConfig } from '#config.ts';
import { one } from '#db/db.ts';
import { createEngine, type Engine } from '#main.ts';
import { silentLog } from '#base/log.ts';
import { openTestDb } from '../world/database.ts';

let engine: Engine;
let cookie: string;

beforeAll(async () => {
  const config = readConfig({ DEMO: 'true', LOG_LEVEL: 'silent', SECRET_KEY: Buffer.alloc(32, 3).toString('base64') });
  const db = await openTestDb();
  const overrides = demoOverrides(config, { settle: async () => engine.settle() });
  engine = await createEngine(config, { ...overrides, db, log: silentLog });
  const reply = await engine.app.inject({ method: 'POST', url: '/api/session/demo', payload: {} });
  expect(reply.statusCode).toBe(200);
  cookie = [reply.headers['set-cookie'] ?? []]
    .flat()
    .map((line) => line.split(';')[0])
    .join('; ');
});
afterAll(async () => {
  await engine.stop();
  await engine.db.close();
});

const post = (url: string, payload: Record<string, unknown>) => engine.app.inject({ method: 'POST', url, payload });

test('in the whole engine, what a page sends becomes a contact with a score, and a proven user gets their nudge', async () => {
  const page = await engine.app.inject({ url: '/demo-app?as=user_0001' });
  const given = /data-config="([^"]*)"/.exec(page.body)?.[1]?.replaceAll('&quot;', '"') ?? '{}';
  const { writeKey, userHash } = JSON.parse(given) as { writeKey: string; userHash: string };
  const sent = await post('/v1/batch', {
    writeKey,
    batch: [
      { type: 'identify', userId: 'user_0001', anonymousId: 'a1', traits: { email: 'ada@analytical.example' } },
      ...Array.from({ length: 20 }, () => ({ type: 'track', userId: 'user_0001', event: 'Report Run' })),
      { type: 'track', userId: 'user_0001', event: 'nps_submitted', properties: { score: 9 } },
    ],
  });
  expect(sent.json()).toMatchObject({ success: true, accepted: 22 });
  await engine.settle();
  const contact = await one<{ id: string; workspace_id: string }>(engine.db, {
    text: `select id, workspace_id, email, engagement_score, nps_score from contact where user_id = 'user_0001'`,
  });
  expect(contact).toMatchObject({ email: 'ada@analytical.example', engagement_score: 52, nps_score: 9 });

  await engine.db.query({
    text: `insert into message (id, workspace_id, key, contact_id, channel, category, status, requested_at, not_before, payload)
           values (gen_random_uuid(), $1, 'k', $2, 'in_app', 'product', 'ready', $3, $3,
             '{"style":"card","title":"Hello Ada","body":"","cta":null,"canSnooze":false}')`,
    values: [contact?.workspace_id, contact?.id, engine.clock.now()],
  });
  const session = await post('/in-app/session', { writeKey, userId: 'user_0001', userHash });
  expect(session.json()).toMatchObject({ messages: [{ title: 'Hello Ada' }] });
});

test('the identity secret is for admins, and another one after rotating, which is written down', async () => {
  expect((await engine.app.inject({ url: '/api/identity-secret' })).statusCode).toBe(401);
  const headers = { cookie, 'sec-fetch-site': 'same-origin' };
  const read = await engine.app.inject({ url: '/api/identity-secret', headers });
  expect(read.statusCode).toBe(200);
  const { secret } = read.json<{ secret: string }>();
  const rotated = await engine.app.inject({ method: 'POST', url: '/api/identity-secret/rotate', headers, payload: {} });
  expect([rotated.statusCode, rotated.body.includes(secret)]).toEqual([200, false]);
  expect(rotated.json<{ secret: string }>().secret).toMatch(/^[\w-]{43}$/);
  const audit = await one(engine.db, { text: `select text from audit_entry where action = 'identity_secret.rotated'` });
  expect(audit).toEqual({ text: 'Made a new identity secret; hashes made with the old one prove nothing any more' });
});
