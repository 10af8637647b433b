/**
 * Mailgun's webhooks: one event a call, signed in its body by HMAC-SHA-256 over timestamp and token. How old the timestamp
 * is does not matter: Mailgun tries for eight hours, and a repeat changes nothing.
 * Source: documentation.mailgun.com, "Securing Webhooks" and "Webhook Payloads".
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { SignatureInvalidError } from '#base/errors.ts';
import { messageRef, METADATA_KEY } from '../message-ref.ts';
import { needKey, parseJson, readShape, type ReportProvider } from '../provider.ts';
import { detailOf, isForGood, NOTHING, type ReportKind } from '../report.ts';

const Call = z.object({
  signature: z.object({ timestamp: z.string(), token: z.string(), signature: z.string() }),
  'event-data': z.object({
    event: z.string(),
    severity: z.string().nullish(),
    reason: z.string().nullish(),
    'user-variables': z.record(z.string(), z.unknown()).nullish(),
    message: z.object({ headers: z.record(z.string(), z.unknown()).nullish() }).nullish(),
    'delivery-status': z
      .object({
        message: z.string().nullish(),
        description: z.string().nullish(),
        'enhanced-code': z.string().nullish(),
      })
      .nullish(),
  }),
});
type MailgunEvent = z.infer<typeof Call>['event-data'];

export const mailgun: ReportProvider = {
  name: 'Mailgun',
  signing: 'required',
  read(received) {
    const key = needKey(received, 'Mailgun');
    const call = readShape(Call, parseJson(received.rawBody));
    prove(call.signature, key);
    const event = call['event-data'];
    const kind = kindOf(event);
    if (kind === null) return NOTHING;
    const messageId = messageRef(event['user-variables']?.[METADATA_KEY], event.message?.headers?.['message-id']);
    const status = event['delivery-status'];
    return { reports: [{ messageId, kind, detail: detailOf(status?.message, status?.description) }], ignored: 0 };
  },
};

function kindOf(event: MailgunEvent): ReportKind | null {
  if (event.event === 'complained') return 'complaint';
  if (event.event !== 'failed') return null;
  if (event.severity !== 'permanent') return 'soft_bounce';
  switch (event.reason) {
    case 'suppress-complaint':
      return 'complaint';
    // Unsubscribed at Mailgun: nothing is wrong with the address, and our own unsubscribing is apart from theirs.
    case 'suppress-unsubscribe':
      return null;
    case 'suppress-bounce':
      return 'hard_bounce';
    case 'bounce': {
      const status = event['delivery-status'];
      const code = status?.['enhanced-code'] ?? /^5\.\d{1,3}\.\d{1,3}/.exec(status?.message ?? '')?.[0];
      return code === undefined || code === '' || isForGood(code) ? 'hard_bounce' : 'soft_bounce';
    }
    // Given up after tries ("old"), refused for its content or for who sends it.
    default:
      return 'soft_bounce';
  }
}

function prove(given: { timestamp: string; token: string; signature: string }, key: string): void {
  const expected = createHmac('sha256', key).update(`${given.timestamp}${given.token}`, 'utf8').digest();
  const signature = Buffer.from(given.signature, 'hex');
  if (signature.length === expected.length && timingSafeEqual(signature, expected)) return;
  throw new SignatureInvalidError('The signature is not Mailgun’s: compare the webhook signing key in Settings.');
}
