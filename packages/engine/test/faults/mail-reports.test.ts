import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { handIn } from '../../src/cli/mail-report.ts';
import { many, one, type Db } from '#db/db.ts';
import { liftSuppression, listSuppressions, readCounts, setReportKey, smtpMailer } from '#send/index.ts';
import { messageDetail, messageList, timeline } from '#view/index.ts';
import { startSequenceWorld, type SequenceWorld } from '../properties/sequence-world.ts';
import { openTestDb } from '../world/database.ts';
import {
  deliveryStatus,
  feedbackReport,
  MAILGUN_KEY,
  mailgunFailed,
  postmarkBounce,
  RESEND_SECRET,
  resendEvent,
  sendgridEvent,
  sendgridPost,
  sesNotification,
} from '../world/mail-payloads.ts';
import { snsMessage } from '../world/sns.ts';
import {
  headersOf,
  openReportWorld,
  type ReportWorld,
  startRawInbox,
  temporaryFile,
  TWO_MAILS,
} from './mail-reports-world.ts';

let db: Db;
let world: SequenceWorld;
let reports: ReportWorld;
let contactId: string;
const closing: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  world = await startSequenceWorld({ db });
  reports = await openReportWorld(world);
});
afterEach(async () => {
  await reports.app.close();
  for (const close of closing.splice(0)) await close();
});

/** The first of two mails has gone to ada@example.test. */
async function sendFirst(): Promise<string> {
  await world.live(TWO_MAILS);
  contactId = await world.contact({ email: 'Ada@example.test' });
  await world.publish({ type: 'start', contactId });
  await world.settle();
  const { id, status } = await reports.contactMessage();
  expect(status).toBe('sent');
  return id;
}

const statuses = async (): Promise<[string, string | null][]> =>
  (await world.messages()).map((message) => [message.status, message.reason]);
const lines = async (): Promise<{ title: string; detail: string | null }[]> => {
  const page = await timeline({ db, clock: world.clock }, { workspaceId: world.workspaceId, contactId, limit: 50 });
  return page.entries.map(({ title, detail }) => ({ title, detail }));
};

describe('each provider’s word about a mail blocks its address, and said again it changes nothing', () => {
  const key = (provider: 'mailgun' | 'resend', text: string): Promise<void> =>
    setReportKey(world.send, {
      workspaceId: world.workspaceId,
      provider,
      spec: reports.reports.providers[provider],
      key: text,
    });
  test.each([
    ['postmark', (id: string) => postmarkBounce(id), 'hard_bounce'],
    ['postmark', (id: string) => postmarkBounce(id, { RecordType: 'SpamComplaint' }), 'complaint'],
    ['sendgrid', (id: string) => sendgridPost([sendgridEvent(id)]), 'hard_bounce'],
    ['sendgrid', (id: string) => sendgridPost([sendgridEvent(id, { event: 'spamreport' })]), 'complaint'],
    ['mailgun', (id: string) => mailgunFailed(id), 'hard_bounce'],
    ['mailgun', (id: string) => mailgunFailed(id, { event: 'complained' }), 'complaint'],
    [
      'ses',
      (id: string) => ({ body: JSON.stringify(snsMessage({ Message: sesNotification(id) })), headers: {} }),
      'hard_bounce',
    ],
    ['resend', (id: string) => resendEvent(id, { at: world.clock.now() }), 'hard_bounce'],
    ['resend', (id: string) => resendEvent(id, { type: 'email.complained', at: world.clock.now() }), 'complaint'],
  ] as const)('%s: %#', async (provider, payload, reason) => {
    await key('mailgun', MAILGUN_KEY);
    await key('resend', RESEND_SECRET);
    const posted = payload(await sendFirst());
    const first = await reports.post(provider, posted);
    expect(first).toMatchObject({ status: 200, body: { recorded: 1, known: 0, unknown_message: 0 } });
    expect(await reports.post(provider, posted)).toMatchObject({ status: 200, body: { recorded: 0, known: 1 } });
    expect(await reports.suppressions()).toMatchObject([{ address: 'ada@example.test', reason }]);
    expect(await world.events('message_seen')).toHaveLength(1);
  });
});

test('after a bounce the timeline and the message say so, the run goes on, and its next mail is not sent', async () => {
  const id = await sendFirst();
  await reports.post('postmark', postmarkBounce(id));
  expect(await lines()).toContainEqual({
    title: 'E-mail “Hello” came back: it cannot be delivered',
    detail: expect.stringMatching(/^The address gets no more mail until .* The other side said: smtp;550 5\.1\.1 /),
  });
  const detail = await messageDetail({ db }, { workspaceId: world.workspaceId, messageId: id });
  expect(detail.outcome).toBe('came back');
  expect(detail.history.at(-1)?.text).toMatch(/^Came back: it cannot be delivered, .*550 5\.1\.1/);
  await world.advance({ days: 2 });
  expect(await statuses()).toEqual([
    ['sent', null],
    ['skipped', 'suppressed'],
  ]);
  expect(await lines()).toContainEqual({
    title: 'E-mail “Again” not sent',
    detail: 'Not sent: the address is blocked, because mail to it came back.',
  });
  const runs = await many<{ status: string }>(db, { text: 'select status from enrolment' });
  expect(runs).toEqual([{ status: 'completed' }]);
});

test('a soft bounce is noted, and the next mail goes out', async () => {
  const id = await sendFirst();
  const soft = postmarkBounce(id, { Type: 'SoftBounce', Details: '452 mailbox full' });
  expect(await reports.post('postmark', soft)).toMatchObject({ body: { recorded: 0, noted: 1 } });
  expect(await reports.post('postmark', soft)).toMatchObject({ body: { noted: 0, known: 1 } });
  expect(await reports.suppressions()).toEqual([]);
  expect(await lines()).toContainEqual({
    title: 'E-mail “Hello” came back for now',
    detail: 'Nothing is blocked: later mails to the address still go out. The other side said: 452 mailbox full',
  });
  await world.advance({ days: 2 });
  expect(await statuses()).toEqual([
    ['sent', null],
    ['sent', null],
  ]);
});

test('a complaint opts its contact out of what is optional; one about a note to the team does not', async () => {
  const id = await sendFirst();
  await reports.post('sendgrid', sendgridPost([sendgridEvent(id, { event: 'spamreport' })]));
  const consent = (): Promise<object[]> =>
    many(db, { text: 'select category, source from consent where is_opted_out order by category' });
  expect(await consent()).toEqual([
    { category: 'marketing', source: 'complaint' },
    { category: 'product', source: 'complaint' },
  ]);
  await db.query({ text: 'delete from consent' });
  await db.query({ text: `update message set channel = 'team', complained_at = null where id = $1`, values: [id] });
  await reports.post('sendgrid', sendgridPost([sendgridEvent(id, { event: 'spamreport' })]));
  expect(await consent()).toEqual([]);
});

test('Settings lists the address with its reason in words; lifted, mail goes again, and a late repeat does not block it anew', async () => {
  const posted = postmarkBounce(await sendFirst());
  await reports.post('postmark', posted);
  const { workspaceId } = world;
  expect(await listSuppressions(db, { workspaceId })).toMatchObject([
    { address: 'ada@example.test', reason: 'mail to it came back' },
  ]);
  await liftSuppression(db, { workspaceId, address: 'ADA@example.test' });
  await reports.post('postmark', posted);
  await world.advance({ days: 2 });
  expect(await statuses()).toEqual([
    ['sent', null],
    ['sent', null],
  ]);
});

test('a message of somebody else is answered 200 and counted, one of the twin workspace is known', async () => {
  const id = await sendFirst();
  const unknown = { status: 200, body: { recorded: 0, unknown_message: 1 } };
  expect(await reports.post('postmark', postmarkBounce('0192f0e0-1111-7111-8111-111111111111'))).toMatchObject(unknown);
  expect(await reports.post('postmark', postmarkBounce(id, { Metadata: {} }))).toMatchObject(unknown);
  expect(await reports.suppressions()).toEqual([]);
  const counts = await readCounts(db, { workspaceId: world.workspaceId });
  expect(counts).toMatchObject([{ provider: 'postmark', outcome: 'unknown_message', count: 2 }]);
  // The same call at the address of another workspace, which is a stranger first, and then the twin.
  const other = '0192f0e0-2222-7222-8222-222222222222';
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'Live', 'live', $2)`,
    values: [other, world.clock.now()],
  });
  await db.query({
    text: 'update mail_report_inlet set workspace_id = $2 where workspace_id = $1',
    values: [world.workspaceId, other],
  });
  expect(await reports.post('postmark', postmarkBounce(id))).toMatchObject(unknown);
  expect(await reports.suppressions()).toEqual([]);
  await db.query({
    text: 'update workspace set twin_id = case id when $1 then $2::uuid else $1::uuid end where id in ($1, $2)',
    values: [world.workspaceId, other],
  });
  expect(await reports.post('postmark', postmarkBounce(id))).toMatchObject({ body: { recorded: 1 } });
  expect(await reports.suppressions()).toMatchObject([{ address: 'ada@example.test' }]);
});

test('a wrong address, provider, signature or body is refused with what is wrong, and the refusal is counted', async () => {
  const posted = postmarkBounce(await sendFirst());
  expect(await reports.post('postmark', posted, 'x'.repeat(43))).toMatchObject({
    status: 404,
    body: { error: { code: 'not_found' } },
  });
  expect(await reports.post('carrier-pigeon', posted)).toMatchObject({ status: 404 });
  expect(await reports.post('postmark', { ...posted, body: '{}' })).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_input', field: 'RecordType' } },
  });
  expect(await reports.post('mailgun', mailgunFailed('x'))).toMatchObject({
    status: 400,
    body: { error: { code: 'signature_invalid' } },
  });
  expect(await reports.postMail('Subject: hello\r\n\r\nno report')).toMatchObject({
    status: 400,
    body: { error: { field: 'content-type' } },
  });
  const unreachable = snsMessage({
    Message: '{}',
    SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-gone.pem',
  });
  expect(await reports.post('ses', { body: JSON.stringify(unreachable), headers: {} })).toMatchObject({ status: 502 });
  expect(await reports.suppressions()).toEqual([]);
  const counts = await readCounts(db, { workspaceId: world.workspaceId });
  expect(counts).toMatchObject([{ provider: 'mailgun', outcome: 'refused', count: 1 }]);
});

describe('by a mail server’s own reports, end to end', () => {
  async function overSmtp(bounceAddress?: string): Promise<{ raw: string; envelopeFrom: string }> {
    const inbox = await startRawInbox();
    closing.push(() => inbox.close());
    await reports.app.close();
    world = await startSequenceWorld({ db, mailer: smtpMailer({ url: inbox.url, bounceAddress }) });
    reports = await openReportWorld(world);
    await sendFirst();
    const [mail] = inbox.mails;
    if (mail === undefined) throw new Error('no mail came to the server');
    return mail;
  }
  const afterNext = async (): Promise<[string, string | null][]> => {
    await world.advance({ days: 2 });
    return statuses();
  };
  const BLOCKED = [
    ['sent', null],
    ['skipped', 'suppressed'],
  ];

  test('a mail goes out, its delivery status comes back with its headers, and the next mail stays here', async () => {
    const mail = await overSmtp();
    expect(mail.envelopeFrom).toBe('growthos@analytical.example');
    const status = deliveryStatus({ returned: headersOf(mail.raw) });
    expect(await reports.postMail(status)).toMatchObject({ status: 200, body: { recorded: 1 } });
    expect(await afterNext()).toEqual(BLOCKED);
  });

  test('with a bounce address the envelope sender alone names the mail', async () => {
    const mail = await overSmtp('bounces@mail.analytical.example');
    const { id } = await reports.contactMessage();
    expect(mail.envelopeFrom).toBe(`bounces+${id}@mail.analytical.example`);
    expect(await reports.postMail(deliveryStatus({ to: mail.envelopeFrom }))).toMatchObject({ body: { recorded: 1 } });
    expect(await afterNext()).toEqual(BLOCKED);
  });

  test('a complaint that returns the mail blocks too, and opts out', async () => {
    const mail = await overSmtp();
    const complaint = feedbackReport({ returned: headersOf(mail.raw) });
    expect(await reports.postMail(complaint)).toMatchObject({ body: { recorded: 1 } });
    expect(await afterNext()).toEqual(BLOCKED);
    expect(await lines()).toContainEqual({
      title: 'E-mail “Hello” was marked as spam',
      detail: expect.stringContaining('gets no more mail'),
    });
  });

  test('a warning that it is late blocks nothing', async () => {
    const mail = await overSmtp();
    const late = deliveryStatus({ action: 'delayed', status: '4.4.1', returned: headersOf(mail.raw) });
    expect(await reports.postMail(late)).toMatchObject({ body: { noted: 1 } });
    expect(await afterNext()).toEqual([
      ['sent', null],
      ['sent', null],
    ]);
  });

  test('the command reads it from its input, and its exit code tells the mail server what to do', async () => {
    const mail = await overSmtp();
    const url = await reports.app.listen({ host: '127.0.0.1', port: 0 });
    const file = temporaryFile(`${url}/webhooks/email/mime/${reports.token}\n`);
    const wrong = temporaryFile(`${url}/webhooks/email/mime/wrong\n`);
    const away = temporaryFile(`http://127.0.0.1:1/webhooks/email/mime/${reports.token}\n`);
    closing.push(file.remove, wrong.remove, away.remove);
    const pipe = (addressFile: string, text: string): Promise<{ code: number; text: string }> =>
      handIn({ addressFile, mail: Readable.from([Buffer.from(text)]) });
    const status = deliveryStatus({ returned: headersOf(mail.raw) });
    expect(await pipe(away.path, status)).toMatchObject({ code: 75 });
    expect(await pipe(wrong.path, status)).toMatchObject({ code: 78 });
    expect(await pipe(file.path, 'Subject: hello\r\n\r\nhi')).toMatchObject({ code: 65 });
    expect(await pipe(file.path, status)).toEqual({ code: 0, text: 'Recorded: the address gets no more mail.' });
    expect(await pipe(file.path, status)).toEqual({ code: 0, text: 'Known already.' });
    expect(await afterNext()).toEqual(BLOCKED);
  });
});

test('a report about a mail of which nobody knew whether it was taken proves that it was', async () => {
  const id = await sendFirst();
  await db.query({
    text: `update message set status = 'uncertain', reason = 'outcome_unknown', reason_sentence = 'Nobody knows.',
             sent_at = null, handed_over_at = $2 where id = $1`,
    values: [id, world.clock.now()],
  });
  await reports.post('postmark', postmarkBounce(id, { Type: 'SoftBounce' }));
  const row = await one(db, {
    text: 'select status, reason, reason_sentence, sent_at = handed_over_at as is_dated from message where id = $1',
    values: [id],
  });
  expect(row).toEqual({ status: 'sent', reason: null, reason_sentence: null, is_dated: true });
  const list = await messageList({ db }, { workspaceId: world.workspaceId, limit: 10 });
  expect(list.rows[0]).toMatchObject({ status: 'sent', outcome: 'came back for now' });
});
