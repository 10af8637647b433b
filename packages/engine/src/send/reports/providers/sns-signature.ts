/**
 * Whether Amazon SNS really sent a message: its signature, by the certificate that the message names, which must lie on an
 * SNS host of Amazon. Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
 */
import { createVerify, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { SignatureInvalidError, UpstreamUnavailableError } from '#base/errors.ts';
import type { FetchText } from '../fetch-text.ts';

export const SnsMessage = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Subject: z.string().nullish(),
  Message: z.string(),
  Timestamp: z.string(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.string(),
  SigningCertURL: z.string(),
  SubscribeURL: z.string().nullish(),
  Token: z.string().nullish(),
});
export type SnsMessage = z.infer<typeof SnsMessage>;

/** The fields that are signed, in this order, each with its name on a line of its own. */
const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const;

/** Regions have letters, numbers and hyphens; China's hosts end in .cn. */
const SNS_HOST = /^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$/;
const CERTIFICATES_MAX = 20;

/** An https address on one of Amazon's SNS hosts: nothing else is ever called because a message says so. */
export function isSnsAddress(text: string | null | undefined): text is string {
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'https:' && url.port === '' && url.username === '' && SNS_HOST.test(url.hostname);
}

/** Checks signatures; keeps the certificates it has fetched, which Amazon changes about once a year. */
export function createSnsVerifier(deps: { fetchText: FetchText }): (message: SnsMessage) => Promise<void> {
  const certificates = new Map<string, string>();
  const certificateAt = async (url: string): Promise<string> => {
    const known = certificates.get(url);
    if (known !== undefined) return known;
    const fetched = await fetchCertificate(deps, url);
    if (certificates.size >= CERTIFICATES_MAX) certificates.clear();
    certificates.set(url, fetched);
    return fetched;
  };
  return async (message) => {
    if (!isSnsAddress(message.SigningCertURL)) {
      throw new SignatureInvalidError('SigningCertURL: the certificate does not lie on an SNS host of Amazon.');
    }
    const pem = await certificateAt(message.SigningCertURL);
    // Version 1 is SHA-1, and what SNS uses unless a topic is set to 2.
    const check = createVerify(message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256');
    check.update(signedText(message), 'utf8');
    if (!check.verify(pem, message.Signature, 'base64')) {
      throw new SignatureInvalidError('The signature is not of Amazon SNS.');
    }
  };
}

export function signedText(message: SnsMessage): string {
  return SIGNED[message.Type]
    .flatMap((field) => {
      const value = message[field];
      // A notification without a subject is signed without one.
      return value === null || value === undefined ? [] : [`${field}\n${value}\n`];
    })
    .join('');
}

/** The public key, as PEM. A failure to fetch is for SNS to try again; what is no certificate is refused. */
async function fetchCertificate(deps: { fetchText: FetchText }, url: string): Promise<string> {
  let text: string;
  try {
    text = await deps.fetchText(url);
  } catch (error) {
    throw new UpstreamUnavailableError('webhook', { cause: error, message: 'Amazon’s certificate could not be read.' });
  }
  try {
    return String(new X509Certificate(text).publicKey.export({ type: 'spki', format: 'pem' }));
  } catch (error) {
    throw new SignatureInvalidError('What lies at SigningCertURL is no certificate.', { cause: error });
  }
}
