import { gzipSync } from 'node:zlib';
import type { ErrorBody } from '@growthos/contracts/http/error-body.ts';
import { TRACK_LIMITS, StoredTrackMessage, type TrackResponse } from '@growthos/contracts/http/track.ts';
import { Analytics } from '@segment/analytics-node';
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { many, one, type Db } from '#db/db.ts';
import { answerError } from '#http/errors.ts';
import { trackRoutes } from '#http/routes/track.ts';
import { createInbox } from '#ingest/index.ts';
import { type EmailProof, receiveTracked } from '#ingest/track/receive.ts';
import { emailHashOf, isEmailHash, userHashOf } from '#send/in-app/identity-secret.ts';
import { openTestDb } from '../world/database.ts';

let db: Db;
let app: FastifyInstance;
const clock = new MovableClock(new Date('2026-11-24T09:00:00.000Z'));
const workspaceId = newId();
const KEY = 'wk_live_abc';
const SECRET_KEY = 'gos_abc';

beforeAll(async () => {
  db = await openTestDb();
  const deps = {
    inbox: createInbox({ db, clock }),
    clock,
    findWriteKey: async (key: string) =>
      key === KEY || key === SECRET_KEY ? ({ workspaceId, mode: 'live', isSecret: key === SECRET_KEY } as const) : null,
    isEmailProof: async (proof: EmailProof) => isEmailHash({ ...proof, secret: 'identity secret' }),
  };
  app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  await app.register(trackRoutes({ receiveTracked: (input) => receiveTracked(deps, input) }));
  await app.ready();
});
afterAll(async () => {
  await app.close();
  await db.close();
});
beforeEach(() => db.execute('truncate inbox_event, inbox_pending'));

const basic = (key: string): string => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
async function post(path: string, body: unknown, headers: Record<string, string> = { authorization: basic(KEY) }) {
  const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const reply = await app.inject({
    method: 'POST',
    url: `/v1/${path}`,
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });
  return { status: reply.statusCode, body: reply.json<TrackResponse & ErrorBody>(), reply };
}
const ledger = () =>
  many<{
    event_id: string;
    type: string;
    subject: string;
    origin: string;
    source: string;
    livemode: boolean;
    payload: string;
  }>(db, {
    text: 'select event_id, type, subject, origin, source, livemode, payload from inbox_event order by seq',
  });
const stored = async (): Promise<StoredTrackMessage[]> =>
  (await ledger()).map((row) => StoredTrackMessage.parse(JSON.parse(row.payload)));

/** What `@segment/analytics-node` 2.x puts on the wire, field for field; the newest client itself is a test below. */
const segmentNodeBatch = {
  batch: [
    {
      type: 'identify',
      userId: 'user_ada',
      traits: { email: 'ada@analytical.example', plan: 'team' },
      messageId: 'node-next-1764000000000-1a2b',
      timestamp: '2026-11-24T08:59:58.000Z',
      context: { library: { name: '@segment/analytics-node', version: '2.3.0' } },
      integrations: {},
      _metadata: { nodeVersion: '20.20.2', jsRuntime: 'node' },
    },
    {
      type: 'track',
      userId: 'user_ada',
      event: 'Report Exported',
      properties: { rows: 12, nested: { ok: true } },
      messageId: 'node-next-1764000000001-3c4d',
      timestamp: '2026-11-24T08:59:59.000Z',
      context: { library: { name: '@segment/analytics-node', version: '2.3.0' } },
      integrations: {},
      _metadata: { nodeVersion: '20.20.2', jsRuntime: 'node' },
    },
  ],
  writeKey: KEY,
  sentAt: '2026-11-24T09:00:00.000Z',
};

test('a batch as Segment for Node sends it is taken, with the key in the body or as Basic user name, zipped or not', async () => {
  const byBody = await post('batch', segmentNodeBatch, { 'user-agent': 'analytics-node-next/latest' });
  expect([byBody.status, byBody.body]).toEqual([200, { success: true, accepted: 2, duplicates: 0, rejected: [] }]);

  const { writeKey: _, ...withoutKey } = segmentNodeBatch;
  const byBasic = await post('batch', gzipSync(JSON.stringify(withoutKey)), {
    authorization: basic(KEY),
    'content-encoding': 'gzip',
  });
  expect([byBasic.status, byBasic.body]).toEqual([200, { success: true, accepted: 0, duplicates: 2, rejected: [] }]);

  expect(await ledger()).toMatchObject([
    {
      event_id: 'node-next-1764000000000-1a2b',
      type: 'identify',
      subject: 'user_ada',
      origin: workspaceId,
      source: 'track',
      livemode: true,
    },
    {
      event_id: 'node-next-1764000000001-3c4d',
      type: 'track',
      subject: 'user_ada',
      origin: workspaceId,
      source: 'track',
      livemode: true,
    },
  ]);
  const pending = await one<{ n: number }>(db, { text: 'select count(*)::int as n from inbox_pending' });
  expect(pending?.n).toBe(2);
});

test("Segment's own client for Node, pointed at us, has everything taken and nothing said twice", async () => {
  const host = await app.listen({ host: '127.0.0.1', port: 0 });
  const analytics = new Analytics({ writeKey: KEY, host, maxRetries: 0 });
  const errors: unknown[] = [];
  analytics.on('error', (error) => errors.push(error));
  const timestamp = clock.now();
  analytics.identify({ userId: 'user_ada', traits: { email: 'ada@analytical.example' }, timestamp });
  analytics.track({ userId: 'user_ada', event: 'Report Exported', properties: { rows: 12 }, timestamp });
  analytics.page({ anonymousId: 'anon-1', name: 'Pricing', timestamp });
  analytics.group({ userId: 'user_ada', groupId: 'acme', traits: { name: 'Acme' }, timestamp });
  await analytics.closeAndFlush({ timeout: 10_000 });
  expect(errors).toEqual([]);
  expect((await stored()).map((message) => [message.type, message.userId, message.anonymousId])).toEqual([
    ['identify', 'user_ada', null],
    ['track', 'user_ada', null],
    ['page', null, 'anon-1'],
    ['group', 'user_ada', null],
  ]);
});

test('each path takes its own kind of message; screen is kept as page, alias as identify of the known user', async () => {
  const at = { anonymousId: 'anon-1', timestamp: '2026-11-24T08:00:00Z' };
  await post('identify', { ...at, userId: 'u1', traits: { name: 'Grace' } });
  await post('track', { ...at, event: 'Signed In', properties: { via: 'sso' } });
  await post('page', { ...at, name: 'Pricing', category: 'Docs' });
  await post('screen', { ...at, name: 'Home' });
  await post('group', { ...at, groupId: 'acme', traits: { name: 'Acme' } });
  await post('alias', { userId: 'u1', previousId: 'anon-0' });
  await post('import', { batch: [{ ...at, type: 'track', event: 'Imported' }] });
  expect(
    (await stored()).map(({ type, userId, anonymousId, event, name, groupId }) => [
      type,
      userId,
      anonymousId,
      event,
      name,
      groupId,
    ]),
  ).toEqual([
    ['identify', 'u1', 'anon-1', null, null, null],
    ['track', null, 'anon-1', 'Signed In', null, null],
    ['page', null, 'anon-1', null, 'Pricing', null],
    ['page', null, 'anon-1', null, 'Home', null],
    ['group', null, 'anon-1', null, null, 'acme'],
    ['identify', 'u1', 'anon-0', null, null, null],
    ['track', null, 'anon-1', 'Imported', null, null],
  ]);
});

test('the same messageId is kept once in a workspace, however often it comes', async () => {
  const message = { userId: 'u1', event: 'Clicked', messageId: 'm-1' };
  const answers = await Promise.all(Array.from({ length: 20 }, () => post('track', message)));
  expect(answers.filter(({ body }) => body.accepted === 1)).toHaveLength(1);
  expect(answers.filter(({ body }) => body.duplicates === 1)).toHaveLength(19);
  expect(await ledger()).toHaveLength(1);
});

test('a batch reports each item: what is good is kept, what is bad is named with its field and its reason', async () => {
  const tooBig = {
    type: 'track',
    userId: 'u',
    event: 'Big',
    properties: { text: 'x'.repeat(TRACK_LIMITS.messageBytesMax) },
  };
  const { status, body } = await post('batch', {
    batch: [
      { type: 'track', userId: 'u', event: 'Fine', messageId: 'ok-1' },
      { type: 'track', userId: 'u', messageId: 'no-event' },
      { type: 'identify', traits: {} },
      { type: 'purchase', userId: 'u' },
      { type: 'track', userId: 'u', event: 'X', propertise: {} },
      tooBig,
      'nonsense',
      { type: 'page', anonymousId: 'a', name: 'Home', messageId: 'ok-2' },
    ],
  });
  expect(status).toBe(200);
  expect([body.success, body.accepted]).toEqual([false, 2]);
  expect(body.rejected.map(({ index, messageId, field }) => [index, messageId, field])).toEqual([
    [1, 'no-event', 'event'],
    [2, null, 'userId'],
    [3, null, 'type'],
    [4, null, 'propertise'],
    [5, null, 'message'],
    [6, null, 'message'],
  ]);
  expect((await stored()).map((message) => message.messageId)).toEqual(['ok-1', 'ok-2']);
  const allBad = await post('batch', { batch: [{ type: 'nope', userId: 'u' }] });
  expect([allBad.status, allBad.body.rejected[0]?.field]).toEqual([400, 'type']);
});

const deep = (levels: number): unknown => (levels === 0 ? 1 : { d: deep(levels - 1) });
test.each([
  ['a user id that is a number', { userId: 7, event: 'X' }, 'userId'],
  ['a blank user id', { userId: '  ', event: 'X' }, 'userId'],
  ['a NUL in an event name', { userId: 'u', event: 'a\u0000b' }, 'event'],
  ['a line break in an id', { userId: 'u\n1', event: 'X' }, 'userId'],
  [
    'a control character in a property',
    { userId: 'u', event: 'X', properties: { a: { b: 'x\u0007' } } },
    'properties.a.b',
  ],
  ['half a surrogate pair', '{"userId":"u","event":"X","properties":{"a":["\\ud800"]}}', 'properties.a[0]'],
  ['an infinite number', '{"userId":"u","event":"X","properties":{"a":1e999}}', 'properties.a'],
  ['a key named __proto__', '{"userId":"u","event":"X","properties":{"__proto__":{"admin":true}}}', 'properties'],
  ['a property nested too deep', { userId: 'u', event: 'X', properties: deep(9) }, 'properties.d.d.d.d.d.d.d.d'],
  ['properties that are a list', { userId: 'u', event: 'X', properties: [1] }, 'properties'],
  ['an id that is too long', { userId: 'u'.repeat(256), event: 'X' }, 'userId'],
  ['a date that is none', { userId: 'u', event: 'X', timestamp: 'yesterday' }, 'timestamp'],
  ['a date beyond tomorrow', { userId: 'u', event: 'X', timestamp: '2026-11-25T09:00:01Z' }, 'timestamp'],
  ['seconds taken for milliseconds', { userId: 'u', event: 'X', timestamp: '1970-01-21T10:00:00Z' }, 'timestamp'],
  ['an unknown field', { userId: 'u', event: 'X', foo: 1 }, 'foo'],
  ['a message over 32 KB', { userId: 'u', event: 'X', properties: { a: 'é'.repeat(17_000) } }, 'message'],
  ['a body that is no JSON', '{"userId":', 'body'],
  ['a body that is a list', '[]', 'body'],
])('%s is refused with 400 and its field', async (_title, message, field) => {
  const { status, body } = await post('track', message);
  expect([status, body.error.field]).toEqual([400, field]);
  expect(body.error.message).toMatch(/\w/);
  expect(await ledger()).toEqual([]);
});

test('what is allowed is kept as it came: eight levels, line breaks in text, any script', async () => {
  const properties = { d: deep(7), text: 'two\nlines\tand 日本語 👍', list: [1, null, false] };
  const { status } = await post('track', { userId: 'u', event: 'Ünïcode ✓', properties });
  expect(status).toBe(200);
  expect(await stored()).toMatchObject([{ event: 'Ünïcode ✓', properties }]);
});

test('a sender whose clock is wrong is put right by its own sentAt', async () => {
  await post('track', {
    userId: 'u',
    event: 'Late',
    timestamp: '2031-01-01T00:00:00Z',
    sentAt: '2031-01-01T00:10:00Z',
  });
  expect((await stored())[0]?.timestamp).toBe('2026-11-24T08:50:00.000Z');
});

test('nothing is taken without a known write key, and the answer says how to send one', async () => {
  const message = { userId: 'u', event: 'X' };
  for (const headers of [
    {},
    { authorization: basic('wk_wrong') },
    { 'x-write-key': 'wk_wrong' },
    { authorization: 'Bearer x' },
  ]) {
    const { status, body } = await post('track', message, headers as Record<string, string>);
    expect([status, body.error.message.includes('write key')]).toEqual([401, true]);
  }
  expect((await post('track', message, { 'x-write-key': KEY })).status).toBe(200);
  expect((await post('track', { ...message, writeKey: KEY }, {})).status).toBe(200);
  expect(await ledger()).toHaveLength(2);
});

test('a body above 500 KB is refused as too large, also when it only grows by unzipping', async () => {
  const big = JSON.stringify({
    batch: [{ type: 'track', userId: 'u', event: 'X', properties: { a: 'x'.repeat(TRACK_LIMITS.batchBytesMax) } }],
  });
  expect((await post('batch', big)).status).toBe(413);
  const bomb = await post('batch', gzipSync(big), { authorization: basic(KEY), 'content-encoding': 'gzip' });
  expect(bomb.status).toBe(413);
  const broken = await post('batch', 'not gzip', { authorization: basic(KEY), 'content-encoding': 'gzip' });
  expect([broken.status, broken.body.error.field]).toEqual([400, 'body']);
});

test('a page of any origin may send, also by sendBeacon, and hears errors too', async () => {
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/v1/batch',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  });
  expect(preflight.statusCode).toBe(204);
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'POST, OPTIONS',
  });
  expect(preflight.headers['access-control-allow-headers']).toContain('authorization');
  const beacon = await post(
    'batch',
    { batch: [{ type: 'page', anonymousId: 'a' }], writeKey: KEY },
    { 'content-type': 'text/plain;charset=UTF-8' },
  );
  expect([beacon.status, beacon.reply.headers['access-control-allow-origin']]).toEqual([200, '*']);
  const refused = await post('track', {}, {});
  expect([refused.status, refused.reply.headers['access-control-allow-origin']]).toEqual([401, '*']);
});

test('a long batch stands in the ledger in the order it was sent', async () => {
  const batch = Array.from({ length: 950 }, (_, n) => ({
    type: 'track',
    userId: 'u',
    event: 'E',
    messageId: `n-${n}`,
  }));
  const { body } = await post('batch', { batch });
  expect(body.accepted).toBe(950);
  expect((await ledger()).map((row) => row.event_id)).toEqual(batch.map((message) => message.messageId));
});

test('an address is proven by a secret key, or by a hash over user id and address; a write key alone proves nothing', async () => {
  const message = { userId: 'ada', traits: { email: 'Ada@Example.test' } };
  const emailHash = emailHashOf('identity secret', { userId: 'ada', email: 'ada@example.test' });
  await post('identify', { ...message, messageId: 'bare' });
  await post('identify', { ...message, messageId: 'hashed', emailHash });
  await post('identify', { ...message, messageId: 'of another user', userId: 'eve', emailHash });
  await post('identify', {
    ...message,
    messageId: 'of another address',
    traits: { email: 'eve@example.test' },
    emailHash,
  });
  // A user hash proves the user, whose address may be anybody's.
  await post('identify', { ...message, messageId: 'user hash', emailHash: userHashOf('identity secret', 'ada') });
  await post('identify', { ...message, messageId: 'server' }, { authorization: `Bearer ${SECRET_KEY}` });
  await post('batch', { batch: [{ ...message, type: 'identify', messageId: 'batched', emailHash }] });
  const proven = (await stored()).filter((one) => one.isEmailProven).map((one) => one.messageId);
  expect(proven).toEqual(['hashed', 'server', 'batched']);
  const refused = await post('identify', { ...message, emailHash: 'abc' });
  expect([refused.status, refused.body.error.field]).toEqual([400, 'emailHash']);
});
