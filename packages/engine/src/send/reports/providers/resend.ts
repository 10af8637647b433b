/**
 * Resend's webhooks: one event a call, signed by Svix, which is the Standard Webhooks signature under headers of its own
 * names. Source: resend.com/docs/webhooks/emails/bounced and /verify-webhooks-requests; docs.svix.com, "Verifying webhooks
 * manually" (tolerance: five minutes).
 */
import { timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { SignatureInvalidError } from '#base/errors.ts';
import { headerIn, MESSAGE_HEADER, messageRef, TAG_KEY } from '../message-ref.ts';
import { needKey, parseJson, readShape, type ReceivedCall, type ReportProvider } from '../provider.ts';
import { detailOf, NOTHING, type ReportKind } from '../report.ts';

const TOLERANCE_MS = 5 * 60_000;

const Call = z.object({
  type: z.string(),
  data: z.object({
    message_id: z.unknown().optional(),
    headers: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
    tags: z.unknown().optional(),
    bounce: z.object({ message: z.string().nullish(), type: z.string().nullish() }).nullish(),
  }),
});

export const resend: ReportProvider = {
  name: 'Resend',
  signing: 'required',
  read(received) {
    prove(received, needKey(received, 'Resend'));
    const { type, data } = readShape(Call, parseJson(received.rawBody));
    const kind = kindOf(type, data.bounce?.type ?? 'Permanent');
    if (kind === null) return NOTHING;
    const messageId = messageRef(headerIn(data.headers, MESSAGE_HEADER), tagIn(data.tags), data.message_id);
    return { reports: [{ messageId, kind, detail: detailOf(data.bounce?.message) }], ignored: 0 };
  },
};

/** Without a type a bounce is for good: Resend calls `email.bounced` "permanently rejected", and an older form had none. */
function kindOf(type: string, bounceType: string): ReportKind | null {
  switch (type) {
    case 'email.bounced':
      return bounceType === 'Permanent' ? 'hard_bounce' : 'soft_bounce';
    case 'email.complained':
      return 'complaint';
    case 'email.delivery_delayed':
      return 'soft_bounce';
    default:
      return null;
  }
}

/** Tags come as one object. */
function tagIn(tags: unknown): unknown {
  return tags !== null && typeof tags === 'object' && TAG_KEY in tags ? tags[TAG_KEY] : null;
}

function prove(call: ReceivedCall, key: string): void {
  const id = call.headers['svix-id'];
  const timestamp = call.headers['svix-timestamp'];
  const signatures = call.headers['svix-signature'];
  if (id === undefined || timestamp === undefined || signatures === undefined) {
    throw new SignatureInvalidError('The call carries no svix signature.');
  }
  const at = new Date(Number(timestamp) * 1000);
  if (!(Math.abs(call.now.getTime() - at.getTime()) <= TOLERANCE_MS)) {
    throw new SignatureInvalidError('The signature is older than five minutes, or of a clock that goes wrong.');
  }
  const expected = Buffer.from(signatureOf(key, { id, at, body: call.rawBody }));
  const isOurs = signatures.split(' ').some((given) => {
    const bytes = Buffer.from(given);
    return bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
  if (!isOurs)
    throw new SignatureInvalidError('The signature is not Resend’s: compare the signing secret in Settings.');
}

/** `Webhook.verify` reads the system's clock, which is not ours to move; so its `sign` is compared. */
function signatureOf(key: string, input: { id: string; at: Date; body: Buffer }): string {
  try {
    return new Webhook(key).sign(input.id, input.at, input.body);
  } catch (error) {
    throw new SignatureInvalidError('The signing secret in Settings is none: it starts with whsec_.', { cause: error });
  }
}
