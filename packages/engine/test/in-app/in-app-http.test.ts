import type { AddressInfo } from 'node:net';
import type { ErrorBody } from '@growthos/contracts/http/error-body.ts';
import type { InAppMessages, InAppOutcomeResponse, InAppSession } from '@growthos/contracts/http/in-app.ts';
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSecretBox } from '#access/secrets.ts';
import { addMs, durationMs, MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { type BusEvent, createPublisher } from '#bus/index.ts';
import { json, many, one, type Db } from '#db/db.ts';
import { answerError } from '#http/errors.ts';
import { inAppRoutes } from '#http/routes/in-app.ts';
import { readIdentitySecret, rotateIdentitySecret, userHashOf } from '#send/in-app/identity-secret.ts';
import { openInApp, type InApp } from '#send/in-app/in-app.ts';
import { nudgeExpiryWorker } from '#send/in-app/expire-nudges.ts';
import { messageRequestsConsumer } from '#send/requests.ts';
import { openTestDb } from '../world/database.ts';

let db: Db;
let app: FastifyInstance;
let inApp: InApp;
let origin: string;
let clock: MovableClock;
let workspaceId: string;
let adaId: string;
let secret: string;
const secretBox = createSecretBox(Buffer.alloc(32, 7).toString('base64'));

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute('truncate workspace cascade; truncate bus_event');
  clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
  workspaceId = newId();
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'W', 'live', $2)`,
    values: [workspaceId, clock.now()],
  });
  adaId = await addContact('user_ada');
  const deps = { db, clock, secretBox, log: silentLog, publisher: createPublisher({ clock }) };
  secret = await readIdentitySecret(deps, { workspaceId });
  inApp = await openInApp({
    ...deps,
    findWriteKey: async (key) => (key === 'wk_1' ? { workspaceId } : null),
  });
  // A browser may hold a connection that it never used; only this ends it.
  app = Fastify({ forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  await app.register(inAppRoutes({ inApp }));
  await app.listen({ port: 0, host: '127.0.0.1' });
  origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await app.close();
  await inApp.close();
});

async function addContact(userId: string): Promise<string> {
  const id = newId();
  await db.query({
    text: 'insert into contact (id, workspace_id, user_id, created_at, updated_at) values ($1, $2, $3, $4, $4)',
    values: [id, workspaceId, userId, clock.now()],
  });
  await db.query({
    text: `insert into contact_identity (workspace_id, kind, value, contact_id, source, linked_by, linked_at)
           values ($1, 'user_id', $2, $3, 'app', 'identify', $4)`,
    values: [workspaceId, userId, id, clock.now()],
  });
  return id;
}
async function addMessage(
  over: {
    enrolmentId?: string;
    contactId?: string;
    style?: string;
    title?: string;
    status?: string;
    expiresAt?: Date;
  } = {},
): Promise<string> {
  const id = newId();
  const payload = { style: over.style ?? 'card', title: over.title ?? 'Hello', body: '', cta: null, canSnooze: true };
  await db.query({
    text: `insert into message (id, workspace_id, key, contact_id, channel, category, status, requested_at, not_before, payload, expires_at,
             enrolment_id)
           values ($1, $2, $8, $3, 'in_app', 'product', $4, $5, $5, $6::jsonb, $7, $9)`,
    values: [
      id,
      workspaceId,
      over.contactId ?? adaId,
      over.status ?? 'ready',
      clock.now(),
      json(payload),
      over.expiresAt ?? null,
      `key ${id}`,
      over.enrolmentId ?? null,
    ],
  });
  return id;
}
async function call<T>(
  path: string,
  body?: unknown,
): Promise<{ status: number; body: T & ErrorBody; headers: Headers }> {
  const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'text/plain' } };
  const reply = await fetch(`${origin}/in-app/${path}`, body === undefined ? {} : init);
  return { status: reply.status, body: (await reply.json()) as T & ErrorBody, headers: reply.headers };
}
async function session(userId = 'user_ada'): Promise<InAppSession> {
  const { status, body } = await call<InAppSession>('session', {
    writeKey: 'wk_1',
    userId,
    userHash: userHashOf(secret, userId),
  });
  expect(status).toBe(200);
  return body;
}
const outcome = (token: string, messageId: string, what: string) =>
  call<InAppOutcomeResponse>('outcome', { token, messageId, outcome: what });
const titles = async (token: string): Promise<string[]> => {
  const { body } = await call<InAppMessages>(`messages?token=${encodeURIComponent(token)}`);
  return body.messages.map((message) => message.title);
};

/** A stream of server-sent events, read list by list. */
async function listen(token: string) {
  const aborter = new AbortController();
  const reply = await fetch(`${origin}/in-app/stream?token=${encodeURIComponent(token)}`, { signal: aborter.signal });
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = '';
  return {
    reply,
    async next(): Promise<string[] | 'ended'> {
      for (;;) {
        const end = buffered.indexOf('\n\n');
        if (end >= 0) {
          const block = buffered.slice(0, end);
          buffered = buffered.slice(end + 2);
          const data = /^event: messages\ndata: (.*)$/m.exec(block)?.[1];
          if (data !== undefined) return (JSON.parse(data) as InAppMessages).messages.map((message) => message.title);
          continue;
        }
        const chunk = await reader?.read();
        if (!chunk || chunk.done) return 'ended';
        buffered += chunk.value;
      }
    },
    stop: () => aborter.abort(),
  };
}

test('only the right hash of a user opens a session; the answer says what is wrong', async () => {
  const proper = { writeKey: 'wk_1', userId: 'user_ada', userHash: userHashOf(secret, 'user_ada') };
  const tries = [
    [{ ...proper, userHash: userHashOf('another secret', 'user_ada') }, 403, undefined],
    [{ ...proper, userId: 'user_grace' }, 403, undefined],
    [{ ...proper, userHash: 'abc' }, 400, 'userHash'],
    [{ ...proper, userHash: undefined }, 400, 'userHash'],
    [{ ...proper, writeKey: 'wk_other' }, 401, undefined],
  ] as const;
  for (const [body, status, field] of tries) {
    const reply = await call('session', body);
    expect([reply.status, reply.body.error.field]).toEqual([status, field]);
    expect(reply.headers.get('access-control-allow-origin')).toBe('*');
  }
  expect((await call<InAppSession>('session', { ...proper, userHash: proper.userHash.toUpperCase() })).status).toBe(
    200,
  );
});

test('the secret is sealed at rest, the same on every read, and another one after rotating', async () => {
  const deps = { db, clock, secretBox };
  const row = await one<{ sealed_secret: string }>(db, { text: 'select sealed_secret from in_app_secret' });
  expect(row?.sealed_secret).not.toContain(secret);
  expect(await readIdentitySecret(deps, { workspaceId })).toBe(secret);
  const { token } = await session();
  const rotated = await rotateIdentitySecret(deps, { workspaceId });
  expect(rotated).not.toBe(secret);
  expect((await call(`messages?token=${token}`)).status).toBe(401);
});

test('a token is good for ten minutes, and only as it was given', async () => {
  const { token } = await session();
  const [body = '', mac = ''] = token.split('.');
  const forged = Buffer.from(JSON.stringify([workspaceId, 'user_grace', 9_999_999_999])).toString('base64url');
  for (const bad of [`${forged}.${mac}`, `${body}.`, 'x', `${body}.${mac}x`]) {
    expect((await call(`messages?token=${encodeURIComponent(bad)}`)).status).toBe(401);
    expect((await call(`stream?token=${encodeURIComponent(bad)}`)).status).toBe(401);
  }
  expect((await call(`messages?token=${token}`)).status).toBe(200);
  clock.advance({ minutes: 10 });
  expect((await call(`messages?token=${token}`)).status).toBe(401);
});

test('the list holds what is ready or was shown, oldest first, and nothing that is over, expired, snoozed or another’s', async () => {
  const graceId = await addContact('user_grace');
  await addMessage({ title: 'Ready' });
  await addMessage({ title: 'Shown', status: 'sent' });
  await addMessage({ title: 'Celebrated', status: 'sent', style: 'confetti' });
  await addMessage({ title: 'To come', style: 'confetti' });
  await addMessage({ title: 'Expired', expiresAt: clock.now() });
  for (const status of ['requested', 'withdrawn', 'skipped']) await addMessage({ title: status, status });
  await addMessage({ title: 'For Grace', contactId: graceId });
  const opened = await session();
  expect(opened.messages.map((message) => message.title)).toEqual(['Ready', 'Shown', 'To come']);
  expect(await titles((await session('user_grace')).token)).toEqual(['For Grace']);
  expect(await titles((await session('user_nobody')).token)).toEqual([]);
});

test('each outcome is told on the bus once, with what it belongs to, and changes the list', async () => {
  const id = await addMessage({ title: 'Fix your card' });
  const { token } = await session();
  for (const what of ['shown', 'shown', 'clicked', 'clicked', 'dismissed']) await outcome(token, id, what);
  const events = await many<{ contact_id: string; data: Record<string, unknown> }>(db, {
    text: `select contact_id, data from bus_event where type = 'message_seen' order by position`,
  });
  expect(events.map(({ data }) => data['outcome'])).toEqual(['shown', 'clicked']);
  expect(events[0]).toMatchObject({
    contact_id: adaId,
    data: { message_id: id, channel: 'in_app', title: 'Fix your card' },
  });
  const row = await one(db, { text: 'select status, shown_at, clicked_at, dismissed_at, sent_at from message' });
  expect(row).toEqual({
    status: 'sent',
    shown_at: clock.now(),
    clicked_at: clock.now(),
    dismissed_at: null,
    sent_at: clock.now(),
  });
  expect(await titles(token)).toEqual([]);
});

test('of many pages that report a celebration exactly one hears that it was new', async () => {
  const id = await addMessage({ style: 'confetti' });
  const { token } = await session();
  const answers = await Promise.all(Array.from({ length: 12 }, () => outcome(token, id, 'shown')));
  expect(answers.filter(({ body }) => body.recorded)).toHaveLength(1);
  expect(await titles(token)).toEqual([]);
});

test('a snoozed nudge is away for a day and comes back; a second snooze is no second event', async () => {
  const id = await addMessage({ title: 'Later' });
  const { token } = await session();
  expect((await outcome(token, id, 'snoozed')).body.recorded).toBe(true);
  expect(await titles(token)).toEqual([]);
  clock.advance({ hours: 24 });
  const again = await session();
  expect(again.messages.map((message) => message.title)).toEqual(['Later']);
  expect((await outcome(again.token, id, 'snoozed')).body.recorded).toBe(false);
  expect(await titles(again.token)).toEqual([]);
});

test('nobody reports on another’s message, and nothing is recorded for one that was withdrawn or has expired', async () => {
  const graceId = await addContact('user_grace');
  const foreign = await addMessage({ contactId: graceId });
  const withdrawn = await addMessage({ status: 'withdrawn' });
  const expired = await addMessage({ expiresAt: clock.now() });
  const { token } = await session();
  expect((await outcome(token, foreign, 'dismissed')).status).toBe(404);
  expect((await outcome(token, newId(), 'dismissed')).status).toBe(404);
  expect((await outcome(token, 'nonsense', 'dismissed')).body.error.field).toBe('messageId');
  expect((await outcome(token, withdrawn, 'shown')).body.recorded).toBe(false);
  expect((await outcome(token, expired, 'shown')).body.recorded).toBe(false);
  expect(await many(db, { text: 'select 1 from bus_event' })).toEqual([]);
});

test('a stream brings the list at once and after every change, whoever made it', async () => {
  const first = await addMessage({ title: 'One' });
  const { token } = await session();
  const stream = await listen(token);
  expect(stream.reply.headers.get('content-type')).toContain('text/event-stream');
  expect(stream.reply.headers.get('access-control-allow-origin')).toBe('*');
  expect(await stream.next()).toEqual(['One']);
  await addMessage({ title: 'Two' });
  expect(await stream.next()).toEqual(['One', 'Two']);
  await db.query({ text: `update message set status = 'withdrawn' where id = $1`, values: [first] });
  expect(await stream.next()).toEqual(['Two']);
  stream.stop();
});

test('a stream of somebody not known yet begins to bring when they are', async () => {
  const stream = await listen((await session('user_new')).token);
  expect(await stream.next()).toEqual([]);
  const contactId = await addContact('user_new');
  await addMessage({ contactId, title: 'Welcome' });
  expect(await stream.next()).toEqual(['Welcome']);
  stream.stop();
});

test('what time alone changes is seen at the heartbeat, which also says when the token is over', async () => {
  await addMessage({ title: 'Brief', expiresAt: addMs(clock.now(), durationMs({ minutes: 5 })) });
  const { token } = await session();
  const lists: string[][] = [];
  const stream = await inApp.openStream({
    token,
    onMessages: ({ messages }) => void lists.push(messages.map((m) => m.title)),
  });
  expect(await stream.tick()).toBe(false);
  clock.advance({ minutes: 5 });
  expect(await stream.tick()).toBe(false);
  expect(lists).toEqual([['Brief'], []]);
  clock.advance({ minutes: 5 });
  expect(await stream.tick()).toBe(true);
  stream.close();
});

test('a nudge on the page leaves it when its run ends early, a celebration does not', async () => {
  const runs = [newId(), newId(), newId()];
  const [shown, ready, party] = await Promise.all([
    addMessage({ title: 'Shown', enrolmentId: runs[0] ?? '' }),
    addMessage({ title: 'Ready', enrolmentId: runs[1] ?? '' }),
    addMessage({ title: 'Party', style: 'confetti', enrolmentId: runs[2] ?? '' }),
  ]);
  const { token } = await session();
  await outcome(token, shown, 'shown');
  await outcome(token, party, 'shown');
  const stream = await listen(token);
  expect(await stream.next()).toHaveLength(2);
  const consumer = messageRequestsConsumer({ clock, publisher: createPublisher({ clock }) });
  const event = (enrolmentId: string): BusEvent => ({
    position: 1n,
    id: newId(),
    workspaceId,
    contactId: adaId,
    type: 'sequence_goal_met',
    source: 'growthos',
    time: clock.now(),
    recordedAt: clock.now(),
    data: { enrolment_id: enrolmentId },
    cause: null,
  });
  await db.transaction((tx) => consumer.handle(tx, runs.map(event)));
  expect(await stream.next()).toEqual([]);
  stream.stop();
  const seen = await many<{ id: string; outcome: string }>(db, {
    text: `select data ->> 'message_id' as id, data ->> 'outcome' as outcome from bus_event where type = 'message_seen' order by position`,
  });
  expect(seen).toEqual([
    { id: shown, outcome: 'shown' },
    { id: party, outcome: 'shown' },
    { id: shown, outcome: 'expired' },
  ]);
  const skipped = await many(db, {
    text: `select data ->> 'message_id' as id from bus_event where type = 'message_skipped'`,
  });
  expect(skipped).toEqual([{ id: ready }]);
  expect((await outcome(token, party, 'dismissed')).body.recorded).toBe(true);
});

test('a nudge that nobody came to see in time is put away and told once', async () => {
  const expiresAt = addMs(clock.now(), durationMs({ days: 3 }));
  const id = await addMessage({ title: 'Unseen', expiresAt });
  const seen = await addMessage({ title: 'Seen', expiresAt });
  await addMessage({ title: 'Open' });
  await outcome((await session()).token, seen, 'shown');
  const worker = nudgeExpiryWorker({ db, clock, publisher: createPublisher({ clock }) });
  expect([await worker.runOnce(), await worker.nextDueAt?.()]).toEqual([0, expiresAt]);
  clock.advance({ days: 3 });
  expect([await worker.runOnce(), await worker.runOnce(), await worker.nextDueAt?.()]).toEqual([1, 0, null]);
  const rows = await many(db, { text: `select status, reason from message where id = $1`, values: [id] });
  expect(rows).toEqual([{ status: 'withdrawn', reason: 'expired' }]);
  const told = await many(db, {
    text: `select data ->> 'outcome' as outcome from bus_event where data ->> 'message_id' = $1`,
    values: [id],
  });
  expect(told).toEqual([{ outcome: 'expired' }]);
});

test('open streams do not hold up the server’s end, and are bounded per user', async () => {
  const { token } = await session();
  const streams = await Promise.all(Array.from({ length: 10 }, () => listen(token)));
  for (const stream of streams) expect(await stream.next()).toEqual([]);
  expect((await call(`stream?token=${token}`)).status).toBe(429);
  await app.close();
  expect(await Promise.all(streams.map((stream) => stream.next()))).toEqual(streams.map(() => 'ended'));
});

test('a stream that the browser ends makes room', async () => {
  const { token } = await session();
  for (let n = 0; n < 25; n++) {
    const stream = await listen(token);
    expect(await stream.next()).toEqual([]);
    stream.stop();
    // The end is seen by the server a moment later; asking something else gives it that moment.
    while ((await call(`messages?token=${token}`)).status !== 200);
  }
});
