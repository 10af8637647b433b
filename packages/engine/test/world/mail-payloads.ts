/**
 * What providers post, in the shapes that they document and that receivers have recorded, with the id of one of our
 * messages in the place where each provider gives it back.
 */
import { createHmac, sign as signBytes, type KeyObject } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

export interface Posted {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const posted = (body: unknown, headers: Readonly<Record<string, string>> = {}): Posted => ({
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

/** postmarkapp.com/developer/webhooks/bounce-webhook, with `Metadata` as an SMTP header put it there. */
export function postmarkBounce(messageId: string, over: Record<string, unknown> = {}): Posted {
  return posted({
    RecordType: 'Bounce',
    MessageStream: 'outbound',
    ID: 692560173,
    Type: 'HardBounce',
    TypeCode: 1,
    Name: 'Hard bounce',
    Tag: '',
    MessageID: '883953f4-6105-42a2-a16a-77a8eac79483',
    Metadata: { 'growthos-message': messageId },
    ServerID: 23,
    Description: 'The server was unable to deliver your message (ex: unknown user, mailbox not found).',
    Details: 'smtp;550 5.1.1 The email account that you tried to reach does not exist.',
    Email: 'ada@example.test',
    From: 'growthos@analytical.example',
    BouncedAt: '2026-11-24T10:01:02.2735393Z',
    DumpAvailable: true,
    Inactive: true,
    CanActivate: true,
    Subject: 'Hello Ada',
    ...over,
  });
}

/** One event of SendGrid's list; `unique_args` come back beside the other fields. */
export function sendgridEvent(messageId: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    email: 'ada@example.test',
    event: 'bounce',
    type: 'bounce',
    ip: '167.89.17.173',
    status: '5.1.1',
    reason: '550 5.1.1 The email account that you tried to reach does not exist.',
    'smtp-id': '<wrfRRvF7Q0GgwUo2CvDmEA@ismtpd0006p1sjc2.sendgrid.net>',
    sg_event_id: 'lC0Rc-FuQmKbnxCWxX1jRQ',
    sg_message_id: 'Lli-03HcQ5-JLybO9fXsJg.filter0077p1las1.21536.5717FC482.0',
    timestamp: 1795514462,
    tls: 1,
    growthos_message: messageId,
    ...over,
  };
}

export function sendgridPost(events: unknown, key: KeyObject | null = null): Posted {
  const body = JSON.stringify(events);
  if (key === null) return posted(body);
  const timestamp = '1795514463';
  return posted(body, {
    'x-twilio-email-event-webhook-signature': signBytes('sha256', Buffer.from(timestamp + body), key).toString(
      'base64',
    ),
    'x-twilio-email-event-webhook-timestamp': timestamp,
  });
}

export const MAILGUN_KEY = 'mailgun-webhook-signing-key';

export function mailgunFailed(messageId: string, over: Record<string, unknown> = {}, key = MAILGUN_KEY): Posted {
  const timestamp = '1795514462';
  const token = '651869375b9df3c98fc15c4889b102119add1235c38fc92824';
  const signature = createHmac('sha256', key)
    .update(timestamp + token)
    .digest('hex');
  return posted({
    signature: { timestamp, token, signature },
    'event-data': {
      event: 'failed',
      severity: 'permanent',
      reason: 'bounce',
      id: 'G9Bn5sl1TC6nu79C8C0bwg',
      timestamp: 1795514462.389832,
      'log-level': 'error',
      recipient: 'ada@example.test',
      'recipient-domain': 'example.test',
      'user-variables': { 'growthos-message': messageId },
      message: { headers: { to: 'ada@example.test', 'message-id': '20181109@mailgun.example', subject: 'Hello Ada' } },
      'delivery-status': {
        'attempt-no': 1,
        code: 550,
        'enhanced-code': '5.1.1',
        message: '5.1.1 The email account that you tried to reach does not exist.',
        description: '',
        'mx-host': 'mx.example.test',
      },
      ...over,
    },
  });
}

/** docs.aws.amazon.com/ses/latest/dg/notification-examples.html: a bounce with the original headers. */
export function sesNotification(messageId: string, over: Record<string, unknown> = {}): string {
  return JSON.stringify({
    notificationType: 'Bounce',
    bounce: {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      reportingMTA: 'dns; email.example.com',
      bouncedRecipients: [
        {
          emailAddress: 'ada@example.test',
          status: '5.1.1',
          action: 'failed',
          diagnosticCode: 'smtp; 550 5.1.1 <ada@example.test>... User unknown',
        },
      ],
      timestamp: '2026-11-24T10:00:38.237Z',
      feedbackId: '00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa068a-000000',
    },
    mail: {
      timestamp: '2026-11-24T10:00:00.000Z',
      source: 'growthos@analytical.example',
      messageId: '00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000',
      destination: ['ada@example.test'],
      headersTruncated: false,
      headers: [
        { name: 'From', value: 'GrowthOS <growthos@analytical.example>' },
        { name: 'X-GrowthOS-Message', value: messageId },
        { name: 'Message-ID', value: '<0100019a@eu-west-1.amazonses.com>' },
      ],
      commonHeaders: { messageId: '<0100019a@eu-west-1.amazonses.com>', subject: 'Hello Ada' },
    },
    ...over,
  });
}

export const RESEND_SECRET = `whsec_${Buffer.from('resend signing secret').toString('base64')}`;

export function resendEvent(
  messageId: string,
  over: { type?: string; bounce?: Record<string, unknown> | null; secret?: string; at?: Date } = {},
): Posted {
  const { type = 'email.bounced', bounce, secret = RESEND_SECRET, at = new Date('2026-11-24T10:00:00Z') } = over;
  const body = JSON.stringify({
    type,
    created_at: '2026-11-24T10:00:00.126Z',
    data: {
      created_at: '2026-11-24T09:59:11.894719+00:00',
      email_id: '56761188-7520-42d8-8898-ff6fc54ce618',
      from: 'GrowthOS <growthos@analytical.example>',
      headers: [{ name: 'X-GrowthOS-Message', value: messageId }],
      to: ['ada@example.test'],
      subject: 'Hello Ada',
      ...(bounce === null
        ? {}
        : { bounce: bounce ?? { message: 'The address does not exist.', subType: 'General', type: 'Permanent' } }),
    },
  });
  const id = 'msg_2W2D3qXLS5fOaPja1GDg7rF2CwB';
  return posted(body, {
    'svix-id': id,
    'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
    'svix-signature': `v1,c29tZXRoaW5nIGVsc2U= ${new Webhook(secret).sign(id, at, body)}`,
  });
}

/** A delivery status as Postfix sends it. `returned`: the headers of our mail that come back with it. */
export function deliveryStatus(input: {
  action?: string;
  status?: string;
  returned?: string;
  to?: string;
  type?: string;
}): string {
  const { action = 'failed', status = '5.1.1', returned = '', to = 'bounces@analytical.example' } = input;
  return mimeOf(to, 'delivery-status', [
    ['text/plain', 'This is the mail system at host mx.example.test.\n\nI am sorry to have to inform you.'],
    [
      input.type ?? 'message/delivery-status',
      `Reporting-MTA: dns; mx.example.test
X-Postfix-Queue-ID: 4Rk1
Arrival-Date: Tue, 24 Nov 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; ada@example.test
Original-Recipient: rfc822;ada@example.test
Action: ${action}
Status: ${status}
Remote-MTA: dns; mx.example.test
Diagnostic-Code: smtp; 550 ${status} <ada@example.test>: Recipient address
    rejected: User unknown`,
    ],
    ...(returned === '' ? [] : ([['text/rfc822-headers', returned]] as const)),
  ]);
}

/** A complaint as feedback loops send it (RFC 5965, appendix B). */
export function feedbackReport(input: { type?: string; returned: string }): string {
  return mimeOf('bounces@analytical.example', 'feedback-report', [
    ['text/plain', 'This is an email abuse report for an email message received from IP 192.0.2.1.'],
    [
      'message/feedback-report',
      `Feedback-Type: ${input.type ?? 'abuse'}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <growthos@analytical.example>
Arrival-Date: Tue, 24 Nov 2026 10:00:00 +0000
Source-IP: 192.0.2.1`,
    ],
    ['message/rfc822', `${input.returned}\n\nHello Ada`],
  ]);
}

function mimeOf(to: string, reportType: string, parts: readonly (readonly [string, string])[]): string {
  const head = `From: MAILER-DAEMON@mx.example.test (Mail Delivery System)
To: ${to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=${reportType}; boundary="4Rk1.1795514462/mx.example.test"
`;
  const body = parts.map(
    ([type, content]) => `--4Rk1.1795514462/mx.example.test\nContent-Type: ${type}\n\n${content}\n`,
  );
  return `${head}\n${body.join('')}--4Rk1.1795514462/mx.example.test--\n`.replaceAll('\n', '\r\n');
}
