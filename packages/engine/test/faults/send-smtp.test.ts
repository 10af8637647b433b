import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newId } from '#base/ids.ts';
import { many, type Db } from '#db/db.ts';
import {
  addTeamDestination,
  addWebhookEndpoint,
  createPostJson,
  outboxWorker,
  readSendingRules,
  sendAgain,
  smtpMailer,
  writeSendingRules,
} from '#send/index.ts';
import { startSequenceWorld, type SequenceWorld } from '../properties/sequence-world.ts';
import { openTestDb } from '../world/database.ts';

let db: Db;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Inbox {
  readonly url: string;
  readonly port: number;
  readonly mails: ParsedMail[];
  close(): Promise<void>;
}

async function startInbox(options: SMTPServerOptions & { port?: number } = {}): Promise<Inbox> {
  const mails: ParsedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, callback) {
      const receive = async (): Promise<void> => {
        try {
          mails.push(await simpleParser(stream));
          callback();
        } catch (error) {
          callback(error instanceof Error ? error : null);
        }
      };
      void receive();
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  closing.push(close);
  return { url: `smtp://127.0.0.1:${port}`, port, mails, close };
}

const definition = (over: Record<string, unknown> = {}): SequenceDefinition =>
  SequenceDefinition.parse({
    name: 'Hello',
    trigger: { kind: 'event', type: 'start' },
    reentry: { rule: 'always' },
    category: 'marketing',
    isExemptFromCaps: true,
    quietHours: null,
    steps: [
      {
        id: 'hello',
        kind: 'email',
        content: {
          format: 'designed',
          subject: 'Hello {{ contact.name }}',
          blocks: [
            { kind: 'text', text: 'Grüße, {{ contact.name }}' },
            { kind: 'button', label: 'Go', url: 'https://example.test/?a=1&b=2' },
          ],
        },
      },
    ],
    ...over,
  });
const statuses = async (world: SequenceWorld): Promise<string[]> =>
  (await world.messages()).map((message) => message.status);

test('a mail arrives at a real SMTP server with a text part, HTML, its message id and the one-click headers', async () => {
  const inbox = await startInbox();
  const world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url }) });
  await world.live(definition());
  await world.publish({ type: 'start', contactId: await world.contact({ email: 'ada@example.test' }) });
  await world.settle();
  const [mail] = inbox.mails;
  const [message] = await world.messages();
  expect(mail).toMatchObject({ subject: 'Hello Ada Lovelace', messageId: `<${message?.id}@analytical.example>` });
  expect(mail?.text).toContain('Grüße, Ada Lovelace');
  expect(mail?.text).toContain('https://example.test/?a=1&b=2');
  expect(mail?.html).toContain('Grüße, Ada Lovelace');
  expect(mail?.headers.get('list')).toMatchObject({ 'unsubscribe-post': { name: 'List-Unsubscribe=One-Click' } });
  expect(mail?.headers.get('list')).toMatchObject({
    unsubscribe: { url: expect.stringMatching(/^https:\/\/growthos\.example\.test\/unsubscribe\//) },
  });
  expect(await statuses(world)).toEqual(['sent']);
});

test('with a mail server nothing leaves until somebody ends the rehearsal; what is captured needs no rehearsal', async () => {
  const inbox = await startInbox();
  const silence = 'delete from sending_rules';
  const world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url }) });
  await db.query({ text: silence });
  await world.live(definition());
  const contactId = await world.contact();
  await world.publish({ type: 'start', contactId });
  await world.settle();
  expect(await world.messages()).toMatchObject([{ status: 'skipped', reason: 'workspace_dry_run' }]);
  expect(inbox.mails).toEqual([]);
  const { workspaceId } = world;
  const rules = await readSendingRules(world.send, { workspaceId });
  expect(rules.isDryRun).toBe(true);
  await writeSendingRules(world.send, { workspaceId, rules: { ...rules, isDryRun: false } });
  await world.publish({ type: 'start', contactId });
  await world.settle();
  expect(await statuses(world)).toEqual(['skipped', 'sent']);
  expect(inbox.mails).toHaveLength(1);

  const captured = await startSequenceWorld({ db });
  await db.query({ text: silence });
  await captured.live(definition());
  await captured.publish({ type: 'start', contactId: await captured.contact() });
  await captured.settle();
  expect(await statuses(captured)).toEqual(['sent']);
});

test('while the mail server is away mail waits with growing pauses, nothing is lost, and it goes once when the server is back', async () => {
  const inbox = await startInbox();
  await inbox.close();
  const world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url }) });
  await world.live(definition());
  for (let i = 0; i < 8; i++) await world.publish({ type: 'start', contactId: await world.contact() });
  await world.advance({ minutes: 30 });
  expect(new Set(await statuses(world))).toEqual(new Set(['requested']));
  const tries = await many<{ attempts: number }>(db, { text: 'select distinct attempts from message' });
  expect(tries.map((row) => row.attempts)).toEqual([5]);
  expect(await world.events('message_failed')).toHaveLength(8);
  const back = await startInbox({ port: inbox.port });
  await world.advance({ hours: 1 });
  expect(back.mails).toHaveLength(8);
  expect(new Set(await statuses(world))).toEqual(new Set(['sent']));
}, 120_000);

test('a message that no server took for three days is given up, and says so', async () => {
  const world = await startSequenceWorld({ db, mailer: smtpMailer({ url: 'smtp://127.0.0.1:1' }) });
  await world.live(definition());
  await world.publish({ type: 'start', contactId: await world.contact() });
  await world.advance({ days: 4 });
  expect(await world.messages()).toMatchObject([{ status: 'failed', reason: 'mail_server' }]);
}, 120_000);

test('an address that the server does not know is blocked from then on', async () => {
  const inbox = await startInbox({
    onRcptTo: (_address, _session, callback) =>
      callback(Object.assign(new Error('no such user'), { responseCode: 550 })),
  });
  const world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url }) });
  await world.live(definition());
  const ada = await world.contact({ email: 'Ada@example.test' });
  for (let i = 0; i < 2; i++) {
    await world.publish({ type: 'start', contactId: ada });
    await world.settle();
  }
  expect(await world.messages()).toMatchObject([
    { status: 'failed', reason: 'hard_bounce' },
    { status: 'skipped', reason: 'suppressed' },
  ]);
});

test('a worker that dies before the last byte sends again; one that dies after it never does, and the message says so', async () => {
  for (const [point, accepted, status] of [
    ['send.deliver.before-all', 1, 'sent'],
    ['send.deliver.handed-over', 0, 'uncertain'],
    ['send.deliver.before-mark', 1, 'uncertain'],
  ] as const) {
    const inbox = await startInbox();
    const world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url }) });
    await world.live(definition());
    world.crashes.arm(point);
    await world.publish({ type: 'start', contactId: await world.contact() });
    await world.advance({ hours: 2 });
    expect(await statuses(world), point).toEqual([status]);
    expect(inbox.mails.length, point).toBe(accepted);
  }
});

test('an uncertain mail goes again only when a person says so, once for however many clicks, and not once it stopped being true', async () => {
  const inbox = await startInbox();
  const world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url }) });
  const steps = [...definition().steps, { id: 'wait', kind: 'wait_for', duration: { days: 9 } }];
  await world.live(definition({ exits: { goals: [{ type: 'bought' }] }, steps }));
  const leaveUncertain = async (contactId: string): Promise<string> => {
    world.crashes.arm('send.deliver.handed-over');
    await world.publish({ type: 'start', contactId });
    await world.advance({ hours: 2 });
    const last = (await world.messages()).at(-1);
    expect(last?.status).toBe('uncertain');
    return last?.id ?? '';
  };
  const { workspaceId } = world;
  const messageId = await leaveUncertain(await world.contact());
  await expect(sendAgain(world.send, { workspaceId: newId(), messageId })).rejects.toMatchObject({ code: 'not_found' });
  await sendAgain(world.send, { workspaceId, messageId });
  await expect(sendAgain(world.send, { workspaceId, messageId })).rejects.toMatchObject({ code: 'conflict' });
  await world.settle();
  await expect(sendAgain(world.send, { workspaceId, messageId })).rejects.toMatchObject({ code: 'conflict' });
  await world.advance({ days: 1 });
  expect(inbox.mails.map((mail) => mail.messageId)).toEqual([`<${messageId}@analytical.example>`]);

  const buyer = await world.contact();
  const stale = await leaveUncertain(buyer);
  await world.publish({ type: 'bought', contactId: buyer });
  await world.settle();
  await sendAgain(world.send, { workspaceId, messageId: stale });
  await world.settle();
  expect((await world.messages()).at(-1)).toMatchObject({ status: 'skipped', reason: 'goal_met' });
  expect(inbox.mails).toHaveLength(1);
});

test('a payment that comes in while the mail server is talked to still stops the mail', async () => {
  let world: SequenceWorld | undefined;
  let isFirst = true;
  const inbox = await startInbox({
    onRcptTo(_address, _session, callback) {
      const pay = async (): Promise<void> => {
        if (world && isFirst) {
          isFirst = false;
          const [run] = await many<{ contact_id: string }>(db, { text: 'select contact_id from enrolment' });
          await world.publish({ type: 'bought', contactId: run?.contact_id ?? null });
          for (const worker of world.listeners) await worker.runOnce();
        }
        callback();
      };
      void pay();
    },
  });
  world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url }) });
  const steps = [...definition().steps, { id: 'wait', kind: 'wait_for', duration: { days: 1 } }];
  await world.live(definition({ exits: { goals: [{ type: 'bought' }] }, steps }));
  await world.publish({ type: 'start', contactId: await world.contact() });
  await world.settle();
  expect(isFirst).toBe(false);
  expect(await statuses(world)).toEqual(['withdrawn']);
  expect(inbox.mails.length).toBe(0);
});

async function startReceiver(
  answer: (n: number) => number,
): Promise<{ url: string; bodies: { headers: Record<string, string>; body: string }[] }> {
  const bodies: { headers: Record<string, string>; body: string }[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push({ headers: request.headers as Record<string, string>, body });
      response.statusCode = answer(bodies.length);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies };
}

test('an outbound webhook is signed as Standard Webhooks asks, tried again with the same id, and delivered', async () => {
  const receiver = await startReceiver((n) => (n === 1 ? 500 : 204));
  const world = await startSequenceWorld({ db });
  const endpoint = await addWebhookEndpoint(world.send, {
    workspaceId: world.workspaceId,
    name: 'CRM',
    url: receiver.url,
    eventTypes: [],
  });
  await world.live(definition({ steps: [{ id: 'hook', kind: 'webhook', endpoint: endpoint.id }] }));
  await world.publish({ type: 'start', contactId: await world.contact(), data: { amount: 5 } });
  await world.advance({ minutes: 5 });
  expect(receiver.bodies).toHaveLength(2);
  expect(receiver.bodies[0]?.headers['webhook-id']).toBe(receiver.bodies[1]?.headers['webhook-id']);
  const { body = '', headers = {} } = receiver.bodies[1] ?? {};
  expect(
    new Webhook(endpoint.secret).sign(
      headers['webhook-id'] ?? '',
      new Date(Number(headers['webhook-timestamp']) * 1000),
      body,
    ),
  ).toBe(headers['webhook-signature']);
  expect(JSON.parse(body)).toMatchObject({ type: 'sequence.step', data: { step: 'hook', trigger: { amount: 5 } } });
  expect(await statuses(world)).toEqual(['sent']);
});

test('a Slack-compatible webhook hears of it, with the markup of a hostile name made harmless', async () => {
  const receiver = await startReceiver(() => 200);
  const world = await startSequenceWorld({ db });
  const destination = await addTeamDestination(world.send, {
    workspaceId: world.workspaceId,
    name: 'Team',
    kind: 'slack',
    url: receiver.url,
  });
  const step = {
    id: 'tell',
    kind: 'notify_team',
    destination: destination.id,
    title: '{{ contact.display_name }}',
    text: 'has come',
  };
  await world.live(definition({ steps: [step] }));
  await world.publish({ type: 'start', contactId: await world.contact({ name: '<!channel> & co' }) });
  await world.settle();
  expect(JSON.parse(receiver.bodies[0]?.body ?? '{}')).toEqual({ text: '*&lt;!channel&gt; &amp; co*\nhas come' });
});

test('an address inside our own network is never called, whatever its name', async () => {
  const post = createPostJson({ allowsPrivate: false });
  for (const url of [
    'http://127.0.0.1:1/x',
    'http://localhost:1/x',
    'http://10.1.2.3/x',
    'http://169.254.169.254/latest',
    'http://[::1]:1/x',
    'http://[::ffff:127.0.0.1]:1/x',
    'http://0x7f000001/x',
    'file:///etc/passwd',
    'no address',
  ]) {
    expect(await post({ url, body: '{}', headers: {} }), url).toMatchObject({ kind: 'forbidden' });
  }
});

test('two workers at once send each message once', async () => {
  const inbox = await startInbox();
  const world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url }) });
  await world.live(definition());
  for (let i = 0; i < 60; i++) await world.publish({ type: 'start', contactId: await world.contact() });
  for (const worker of world.listeners) await worker.runOnce();
  await world.runAllBut('send-outbox');
  const workers = [outboxWorker(world.send), outboxWorker(world.send), outboxWorker(world.send)];
  for (let round = 0; round < 3; round++) await Promise.all(workers.map((worker) => worker.runOnce()));
  expect(inbox.mails).toHaveLength(60);
  expect(new Set(inbox.mails.map((mail) => mail.messageId)).size).toBe(60);
}, 120_000);
