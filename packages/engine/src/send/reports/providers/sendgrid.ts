/**
 * SendGrid's Event Webhook: a list of events. Signed where somebody switched "Signed Event Webhook" on: ECDSA (P-256,
 * SHA-256) over the timestamp and the raw body, by the public key that SendGrid shows.
 * Source: twilio.com/docs/sendgrid/for-developers/tracking-events/event and .../getting-started-event-webhook-security-features.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { SignatureInvalidError } from '#base/errors.ts';
import { messageRef, TAG_KEY } from '../message-ref.ts';
import { parseJson, readShape, type ReceivedCall, type ReportProvider } from '../provider.ts';
import { detailOf, type MailReport, type ReportKind } from '../report.ts';

const Events = z.array(
  z.object({
    event: z.string(),
    type: z.string().nullish(),
    reason: z.string().nullish(),
    response: z.string().nullish(),
    [TAG_KEY]: z.unknown().optional(),
    'smtp-id': z.unknown().optional(),
  }),
);
type SendGridEvent = z.infer<typeof Events>[number];

/** Why SendGrid itself did not try: it knows the address from before. Other reasons are about the message. */
const DROPPED: Readonly<Record<string, ReportKind>> = {
  'Bounced Address': 'hard_bounce',
  Invalid: 'hard_bounce',
  'Spam Reporting Address': 'complaint',
};

export const sendgrid: ReportProvider = {
  name: 'SendGrid',
  signing: 'optional',
  read(call) {
    if (call.key !== null) prove(call, call.key);
    const events = readShape(Events, parseJson(call.rawBody));
    const reports = events.flatMap((event): MailReport[] => {
      const kind = kindOf(event);
      if (kind === null) return [];
      const messageId = messageRef(event[TAG_KEY], event['smtp-id']);
      return [{ messageId, kind, detail: detailOf(event.reason, event.response) }];
    });
    return { reports, ignored: events.length - reports.length };
  },
};

function kindOf(event: SendGridEvent): ReportKind | null {
  switch (event.event) {
    case 'bounce':
      // "blocked": the other side would not have this mail now; the address itself is not bad.
      return event.type === 'blocked' ? 'soft_bounce' : 'hard_bounce';
    case 'deferred':
      return 'soft_bounce';
    case 'spamreport':
      return 'complaint';
    case 'dropped':
      return DROPPED[event.reason ?? ''] ?? null;
    default:
      return null;
  }
}

function prove(call: ReceivedCall, key: string): void {
  const signature = call.headers['x-twilio-email-event-webhook-signature'];
  const timestamp = call.headers['x-twilio-email-event-webhook-timestamp'];
  if (signature === undefined || timestamp === undefined) {
    throw new SignatureInvalidError('The call carries no signature. Switch on “Signed Event Webhook” at SendGrid.');
  }
  const signed = Buffer.concat([Buffer.from(timestamp, 'utf8'), call.rawBody]);
  if (!verify('sha256', signed, publicKey(key), Buffer.from(signature, 'base64'))) {
    throw new SignatureInvalidError('The signature is not SendGrid’s: compare the verification key in Settings.');
  }
}

/** The key as SendGrid shows it: base64 of its DER form, with or without the lines of PEM. */
function publicKey(text: string): KeyObject {
  const der = Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch (error) {
    throw new SignatureInvalidError('The verification key in Settings is no public key.', { cause: error });
  }
}
