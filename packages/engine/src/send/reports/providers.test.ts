import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  deliveryStatus,
  feedbackReport,
  MAILGUN_KEY,
  mailgunFailed,
  type Posted,
  postmarkBounce,
  RESEND_SECRET,
  resendEvent,
  sendgridEvent,
  sendgridPost,
  sesNotification,
} from '../../../test/world/mail-payloads.ts';
import { SNS_CERTIFICATE, SNS_CERTIFICATE_URL, snsMessage } from '../../../test/world/sns.ts';
import { messageOfReturnPath, returnPath } from './message-ref.ts';
import type { ReportProvider } from './provider.ts';
import { mailgun } from './providers/mailgun.ts';
import { mime } from './providers/mime.ts';
import { postmark } from './providers/postmark.ts';
import { resend } from './providers/resend.ts';
import { sendgrid } from './providers/sendgrid.ts';
import { createSes } from './providers/ses.ts';
import { isSnsAddress } from './providers/sns-signature.ts';
import type { ReadReports } from './report.ts';

const ID = '0192f0e0-1111-7111-8111-111111111111';
const NOW = new Date('2026-11-24T10:00:30Z');

const read = async (provider: ReportProvider, posted: Posted, key: string | null = null): Promise<ReadReports> =>
  provider.read({ rawBody: Buffer.from(posted.body), headers: posted.headers, key, now: NOW });
const only = (kind: string): object => ({ reports: [{ messageId: ID, kind }], ignored: 0 });
const NEWS = { reports: [], ignored: 1 };

describe('Postmark', () => {
  test.each([
    [{}, only('hard_bounce')],
    [{ Type: 'BadEmailAddress' }, only('hard_bounce')],
    [{ Type: 'SoftBounce' }, only('soft_bounce')],
    [{ Type: 'Blocked' }, only('soft_bounce')],
    [{ RecordType: 'SpamComplaint', Type: 'SpamComplaint' }, only('complaint')],
    [{ Type: 'AutoResponder' }, NEWS],
    [{ RecordType: 'Delivery', Type: undefined }, NEWS],
  ])('%j', async (over, expected) => {
    expect(await read(postmark, postmarkBounce(ID, over))).toMatchObject(expected);
  });

  test('says what the other side said, and nothing of a mail without our metadata', async () => {
    const { reports } = await read(postmark, postmarkBounce(ID));
    expect(reports[0]?.detail).toBe('smtp;550 5.1.1 The email account that you tried to reach does not exist.');
    const other = await read(postmark, postmarkBounce(ID, { Metadata: { user_id: '43' } }));
    expect(other.reports[0]?.messageId).toBeNull();
  });
});

describe('SendGrid', () => {
  test('a list is read event by event; what changes nothing is ignored', async () => {
    const events = [
      sendgridEvent(ID),
      sendgridEvent(ID, { type: 'blocked' }),
      sendgridEvent(ID, { event: 'deferred', type: undefined, reason: undefined, response: '421 try later' }),
      sendgridEvent(ID, { event: 'spamreport', type: undefined, reason: undefined }),
      sendgridEvent(ID, { event: 'dropped', type: undefined, reason: 'Bounced Address' }),
      sendgridEvent(ID, { event: 'dropped', type: undefined, reason: 'Spam Content' }),
      sendgridEvent(ID, { event: 'delivered', type: undefined }),
      { event: 'group_unsubscribe', email: 'ada@example.test', timestamp: 1795514462 },
    ];
    const { reports, ignored } = await read(sendgrid, sendgridPost(events));
    expect(reports.map(({ kind }) => kind)).toEqual([
      'hard_bounce',
      'soft_bounce',
      'soft_bounce',
      'complaint',
      'hard_bounce',
    ]);
    expect(reports[2]?.detail).toBe('421 try later');
    expect(ignored).toBe(3);
  });

  test('without its arguments a mail is known by the Message-ID that we gave it', async () => {
    const event = sendgridEvent(ID, { growthos_message: undefined, 'smtp-id': `<${ID}@analytical.example>` });
    expect(await read(sendgrid, sendgridPost([event]))).toMatchObject(only('hard_bounce'));
  });

  test('once a key is known only calls signed by it are read', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const signed = sendgridPost([sendgridEvent(ID)], privateKey);
    expect(await read(sendgrid, signed, key)).toMatchObject(only('hard_bounce'));
    const changed = { ...signed, body: signed.body.replace('"bounce"', '"bounc3"') };
    await expect(read(sendgrid, changed, key)).rejects.toThrow(/signature is not SendGrid/);
    await expect(read(sendgrid, sendgridPost([sendgridEvent(ID)]), key)).rejects.toThrow(/carries no signature/);
    await expect(read(sendgrid, signed, 'no key')).rejects.toMatchObject({ code: 'signature_invalid' });
  });
});

describe('Mailgun', () => {
  test.each([
    [{}, only('hard_bounce')],
    [{ severity: 'temporary', reason: 'generic' }, only('soft_bounce')],
    [{ reason: 'suppress-bounce' }, only('hard_bounce')],
    [{ reason: 'suppress-complaint' }, only('complaint')],
    [{ reason: 'old' }, only('soft_bounce')],
    [{ 'delivery-status': { code: 552, 'enhanced-code': '5.2.2', message: 'mailbox full' } }, only('soft_bounce')],
    [{ 'delivery-status': { code: 550, message: '5.7.1 blocked for its reputation' } }, only('soft_bounce')],
    [{ event: 'complained', severity: undefined, reason: undefined }, only('complaint')],
    [{ reason: 'suppress-unsubscribe' }, NEWS],
    [{ event: 'delivered', severity: undefined }, NEWS],
    [{ 'user-variables': {}, message: { headers: { 'message-id': `${ID}@analytical.example` } } }, only('hard_bounce')],
  ])('%j', async (over, expected) => {
    expect(await read(mailgun, mailgunFailed(ID, over), MAILGUN_KEY)).toMatchObject(expected);
  });

  test('a signature by another key is refused, and without a key nothing is read', async () => {
    await expect(read(mailgun, mailgunFailed(ID, {}, 'another'), MAILGUN_KEY)).rejects.toThrow(/not Mailgun/);
    await expect(read(mailgun, mailgunFailed(ID), null)).rejects.toThrow(/Paste its signing key/);
  });
});

describe('Resend', () => {
  test.each([
    [{}, only('hard_bounce')],
    [{ bounce: { message: 'Mailbox full', type: 'Transient', subType: 'MailboxFull' } }, only('soft_bounce')],
    [{ bounce: { message: 'A hard bounce, in the form of 2023' } }, only('hard_bounce')],
    [{ type: 'email.complained', bounce: null }, only('complaint')],
    [{ type: 'email.delivery_delayed', bounce: null }, only('soft_bounce')],
    [{ type: 'email.delivered', bounce: null }, NEWS],
  ])('%j', async (over, expected) => {
    expect(await read(resend, resendEvent(ID, over), RESEND_SECRET)).toMatchObject(expected);
  });

  test('a signature that is old, of another secret, of another body or missing is refused', async () => {
    const old = resendEvent(ID, { at: new Date('2026-11-24T09:55:00Z') });
    await expect(read(resend, old, RESEND_SECRET)).rejects.toThrow(/older than five minutes/);
    const other = resendEvent(ID, { secret: `whsec_${Buffer.from('another').toString('base64')}` });
    await expect(read(resend, other, RESEND_SECRET)).rejects.toThrow(/not Resend/);
    const good = resendEvent(ID);
    const changed = { ...good, body: good.body.replace('Permanent', 'Transient') };
    await expect(read(resend, changed, RESEND_SECRET)).rejects.toThrow(/not Resend/);
    await expect(read(resend, { ...good, headers: {} }, RESEND_SECRET)).rejects.toThrow(/no svix signature/);
  });
});

describe('Amazon SES', () => {
  const world = (): { ses: ReportProvider; fetched: string[] } => {
    const fetched: string[] = [];
    const ses = createSes({
      async fetchText(url) {
        fetched.push(url);
        if (url === SNS_CERTIFICATE_URL) return SNS_CERTIFICATE;
        if (url.includes('Action=ConfirmSubscription')) return '<ConfirmSubscriptionResponse/>';
        throw new Error('answered 404');
      },
    });
    return { ses, fetched };
  };
  const post = (ses: ReportProvider, message: object): Promise<ReadReports> =>
    read(ses, { body: JSON.stringify(message), headers: { 'content-type': 'text/plain; charset=UTF-8' } });

  test.each([
    ['a bounce of an identity', {}, only('hard_bounce')],
    [
      'a full mailbox',
      { bounce: { bounceType: 'Transient', bounceSubType: 'MailboxFull', bouncedRecipients: [] } },
      only('soft_bounce'),
    ],
    [
      'a complaint',
      { notificationType: 'Complaint', bounce: undefined, complaint: { complaintFeedbackType: 'abuse' } },
      only('complaint'),
    ],
    [
      'somebody who says that it was no spam',
      { notificationType: 'Complaint', bounce: undefined, complaint: { complaintFeedbackType: 'not-spam' } },
      NEWS,
    ],
    [
      'a bounce of a configuration set, by its tag',
      { notificationType: undefined, eventType: 'Bounce', mail: { tags: { growthos_message: [ID] } } },
      only('hard_bounce'),
    ],
    ['a delivery', { notificationType: 'Delivery', bounce: undefined }, NEWS],
  ])('%s', async (_name, over, expected) => {
    const { ses } = world();
    expect(await post(ses, snsMessage({ Message: sesNotification(ID, over) }))).toMatchObject(expected);
  });

  test('both versions of the signature hold; a changed message, or another certificate’s host, does not', async () => {
    const { ses, fetched } = world();
    const Message = sesNotification(ID);
    const second = snsMessage({ Message, SignatureVersion: '2', Subject: 'Amazon SES Email Event Notification' });
    expect(await post(ses, second)).toMatchObject(only('hard_bounce'));
    await expect(post(ses, { ...second, Message: sesNotification(ID.replace('1', '2')) })).rejects.toThrow(
      /not of Amazon SNS/,
    );
    for (const SigningCertURL of [
      'https://sns.eu-west-1.amazonaws.com.evil.test/x.pem',
      'http://sns.eu-west-1.amazonaws.com/x.pem',
      'https://evil.test/sns.eu-west-1.amazonaws.com/x.pem',
      'https://user@sns.eu-west-1.amazonaws.com/x.pem',
      'https://bucket.s3.amazonaws.com/x.pem',
    ]) {
      await expect(post(ses, snsMessage({ Message, SigningCertURL })), SigningCertURL).rejects.toThrow(/SNS host/);
    }
    // The certificate was fetched once, and nothing of the others was ever called.
    expect(fetched).toEqual([SNS_CERTIFICATE_URL]);
  });

  test('a topic is confirmed at Amazon’s address only, and only with a signature', async () => {
    const { ses, fetched } = world();
    const SubscribeURL = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=23';
    const confirmation = { Type: 'SubscriptionConfirmation', Message: 'You have chosen', Token: '23' } as const;
    await expect(post(ses, snsMessage({ ...confirmation, SubscribeURL, Signature: 'AAAA' }))).rejects.toThrow(
      /not of Amazon SNS/,
    );
    const elsewhere = 'https://evil.test/?Action=ConfirmSubscription';
    await expect(post(ses, snsMessage({ ...confirmation, SubscribeURL: elsewhere }))).rejects.toMatchObject({
      field: 'SubscribeURL',
    });
    expect(fetched).toEqual([SNS_CERTIFICATE_URL]);
    expect(await post(ses, snsMessage({ ...confirmation, SubscribeURL }))).toEqual(NEWS);
    expect(fetched).toEqual([SNS_CERTIFICATE_URL, SubscribeURL]);
  });

  test('the plain sentence with which SES tries a topic is no error', async () => {
    const { ses } = world();
    expect(await post(ses, snsMessage({ Message: 'Successfully validated SNS topic for Amazon SES' }))).toEqual(NEWS);
  });

  test('an address of Amazon is https, on an SNS host, with nothing in front', () => {
    expect(isSnsAddress('https://sns.cn-north-1.amazonaws.com.cn/x.pem')).toBe(true);
    expect(isSnsAddress('https://sns.eu-west-1.amazonaws.com:8443/x.pem')).toBe(false);
    expect(isSnsAddress(null)).toBe(false);
  });
});

describe('a report as mail', () => {
  const mail = (body: string): Promise<ReadReports> => read(mime, { body, headers: {} });
  const returned = `From: growthos@analytical.example\nMessage-ID: <${ID}@analytical.example>\nSubject: Hello Ada`;

  test.each([
    ['failed for good', {}, only('hard_bounce')],
    ['failed for now', { status: '4.4.1' }, only('soft_bounce')],
    ['delayed', { action: 'delayed', status: '4.2.0' }, only('soft_bounce')],
    ['a full mailbox blocks nobody', { status: '5.2.2' }, only('soft_bounce')],
    ['a policy against the sender blocks nobody', { status: '5.7.1' }, only('soft_bounce')],
    ['delivered', { action: 'delivered', status: '2.0.0' }, NEWS],
    ['in the form for other alphabets', { type: 'message/global-delivery-status' }, only('hard_bounce')],
  ])('%s', async (_name, over, expected) => {
    expect(await mail(deliveryStatus({ returned, ...over }))).toMatchObject(expected);
  });

  test('what the other side said is joined from its folded lines', async () => {
    const { reports } = await mail(deliveryStatus({ returned }));
    expect(reports[0]?.detail).toBe('550 5.1.1 <ada@example.test>: Recipient address rejected: User unknown');
  });

  test('a relay that wrote its own Message-ID still returns our header', async () => {
    const relayed = `Message-ID: <0100019a@relay.test>\nX-GrowthOS-Message: ${ID}`;
    expect(await mail(deliveryStatus({ returned: relayed }))).toMatchObject(only('hard_bounce'));
  });

  test('without returned headers the address that the report went to names the mail', async () => {
    const to = returnPath('bounces@analytical.example', ID);
    expect(to).toBe(`bounces+${ID}@analytical.example`);
    expect(messageOfReturnPath(to)).toBe(ID);
    expect(await mail(deliveryStatus({ to: `<${to}>` }))).toMatchObject(only('hard_bounce'));
    expect((await mail(deliveryStatus({}))).reports[0]?.messageId).toBeNull();
  });

  test('a complaint of a feedback loop is one; "not-spam" takes nothing away and adds nothing', async () => {
    expect(await mail(feedbackReport({ returned }))).toMatchObject(only('complaint'));
    expect(await mail(feedbackReport({ type: 'not-spam', returned }))).toEqual(NEWS);
  });

  test.each([
    ['an answer by a person', 'From: ada@example.test\r\nSubject: Re: Hello\r\n\r\nThanks!', 'content-type'],
    ['bytes without sense', '\u0000\u0001\u0002', 'content-type'],
    ['nothing', '', 'content-type'],
    [
      'a status without a recipient',
      deliveryStatus({ returned }).replace(/Final-Recipient[\s\S]*unknown/, ''),
      'Action',
    ],
  ])('%s is refused, naming what is missing', async (_name, body, field) => {
    await expect(mail(body)).rejects.toMatchObject({ code: 'invalid_input', field });
  });
});

test.each([
  [postmark, '{', 'body', null],
  [postmark, '{"Type":"HardBounce"}', 'RecordType', null],
  [sendgrid, '{"event":"bounce"}', 'body', null],
  [sendgrid, '[{"email":"ada@example.test"}]', '0.event', null],
  [mailgun, '{"event-data":{"event":"failed"}}', 'signature', MAILGUN_KEY],
  [createSes({ fetchText: () => Promise.reject(new Error('never')) }), '{"notificationType":"Bounce"}', 'Type', null],
] as const)('a body that is not as documented names its field: %#', async (provider, body, field, key) => {
  await expect(read(provider, { body, headers: {} }, key)).rejects.toMatchObject({ code: 'invalid_input', field });
});
