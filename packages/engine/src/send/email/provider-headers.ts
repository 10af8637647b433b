/**
 * What a mail carries so that news about it can be matched to it later: a header of ours on every mail and, where the SMTP
 * host is one of a known provider, the header from which that provider gives it back in its webhooks. Those are taken out
 * by the provider, so recipients do not see them; Mailgun's stays.
 * Sources: postmarkapp.com/support, "How can I add metadata"; twilio.com/docs/sendgrid, "X-SMTPAPI"; documentation.mailgun.com,
 * "Attaching Metadata to Messages"; docs.aws.amazon.com/ses, "Specifying email headers" (X-SES-MESSAGE-TAGS).
 */
import { MESSAGE_HEADER, METADATA_KEY, TAG_KEY } from '../reports/message-ref.ts';

const PROVIDERS: readonly {
  readonly host: RegExp;
  readonly header: (id: string) => Readonly<Record<string, string>>;
}[] = [
  { host: /(^|\.)postmarkapp\.com$/, header: (id) => ({ [`X-PM-Metadata-${METADATA_KEY}`]: id }) },
  {
    host: /(^|\.)sendgrid\.net$/,
    header: (id) => ({ 'X-SMTPAPI': JSON.stringify({ unique_args: { [TAG_KEY]: id } }) }),
  },
  { host: /(^|\.)mailgun\.org$/, header: (id) => ({ 'X-Mailgun-Variables': JSON.stringify({ [METADATA_KEY]: id }) }) },
  // Without a configuration set SES leaves tags aside; the original headers hold ours then.
  {
    host: /^email-smtp(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/,
    header: (id) => ({ 'X-SES-MESSAGE-TAGS': `${TAG_KEY}=${id}` }),
  },
];

/** `host`: of the SMTP server. `messageId`: our own id. */
export function providerHeaders(input: { host: string; messageId: string }): Record<string, string> {
  const provider = PROVIDERS.find(({ host }) => host.test(input.host.toLowerCase()));
  return { [MESSAGE_HEADER]: input.messageId, ...provider?.header(input.messageId) };
}
