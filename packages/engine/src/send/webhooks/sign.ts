import { Webhook } from 'standardwebhooks';

/** Headers of the Standard Webhooks specification: the same id at every try, so that receivers can drop repeats. */
export function signedHeaders(input: {
  secret: string;
  messageId: string;
  body: string;
  now: Date;
}): Record<string, string> {
  const id = `msg_${input.messageId.replaceAll('-', '')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(input.now.getTime() / 1000)),
    'webhook-signature': new Webhook(input.secret).sign(id, input.now, input.body),
  };
}
