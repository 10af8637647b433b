/**
 * Amazon SES, by way of an SNS topic: notifications of an identity (`notificationType`) or of a configuration set
 * (`eventType`). The topic's confirmation is answered once its signature holds. SES writes its own Message-ID, so ours is
 * in the original headers ("Include original headers") or in the message's tags.
 * Source: docs.aws.amazon.com/ses/latest/dg/notification-contents.html and event-publishing-retrieving-sns-contents.html.
 */
import { z } from 'zod';
import { InvalidInputError, UpstreamUnavailableError } from '#base/errors.ts';
import type { FetchText } from '../fetch-text.ts';
import { headerIn, MESSAGE_HEADER, messageRef, TAG_KEY } from '../message-ref.ts';
import { parseJson, readShape, type ReportProvider } from '../provider.ts';
import { detailOf, NOTHING, type ReadReports, type ReportKind } from '../report.ts';
import { createSnsVerifier, isSnsAddress, SnsMessage } from './sns-signature.ts';

const Recipient = z.object({ diagnosticCode: z.string().nullish() });
const Notification = z.object({
  notificationType: z.string().nullish(),
  eventType: z.string().nullish(),
  mail: z.object({
    headers: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
    commonHeaders: z.object({ messageId: z.string().nullish() }).nullish(),
    tags: z.record(z.string(), z.array(z.string())).nullish(),
  }),
  bounce: z
    .object({
      bounceType: z.string(),
      bounceSubType: z.string().nullish(),
      bouncedRecipients: z.array(Recipient).nullish(),
    })
    .nullish(),
  complaint: z
    .object({ complaintFeedbackType: z.string().nullish(), complaintSubType: z.string().nullish() })
    .nullish(),
  deliveryDelay: z
    .object({ delayType: z.string().nullish(), delayedRecipients: z.array(Recipient).nullish() })
    .nullish(),
});
type Notification = z.infer<typeof Notification>;

export function createSes(deps: { fetchText: FetchText }): ReportProvider {
  const verify = createSnsVerifier(deps);
  return {
    name: 'Amazon SES',
    signing: 'built_in',
    async read({ rawBody }) {
      const message = readShape(SnsMessage, parseJson(rawBody));
      await verify(message);
      if (message.Type === 'SubscriptionConfirmation') await confirm(deps, message);
      return message.Type === 'Notification' ? readNotification(message.Message) : NOTHING;
    },
  };
}

/** The topic asks whether we want its messages: whoever gave it our secret address does. */
async function confirm(deps: { fetchText: FetchText }, message: SnsMessage): Promise<void> {
  if (!isSnsAddress(message.SubscribeURL)) {
    throw new InvalidInputError('SubscribeURL: this is no https address of Amazon SNS', { field: 'SubscribeURL' });
  }
  try {
    await deps.fetchText(message.SubscribeURL);
  } catch (error) {
    throw new UpstreamUnavailableError('webhook', { cause: error, message: 'Amazon did not take the confirmation.' });
  }
}

function readNotification(text: string): ReadReports {
  // When SES is pointed at a topic it sends one plain sentence, to try it.
  if (!text.trimStart().startsWith('{')) return NOTHING;
  const told = readShape(Notification, parseJson(Buffer.from(text), 'Message'));
  const kind = kindOf(told);
  if (kind === null) return NOTHING;
  const { headers, commonHeaders, tags } = told.mail;
  const messageId = messageRef(
    tags?.[TAG_KEY]?.[0],
    headerIn(headers, MESSAGE_HEADER),
    headerIn(headers, 'Message-ID'),
    commonHeaders?.messageId,
  );
  return { reports: [{ messageId, kind, detail: sayingOf(told) }], ignored: 0 };
}

function kindOf(told: Notification): ReportKind | null {
  switch (told.eventType ?? told.notificationType) {
    case 'Bounce':
      return told.bounce?.bounceType === 'Permanent' ? 'hard_bounce' : 'soft_bounce';
    case 'Complaint':
      // Somebody says that it was no spam after all.
      return told.complaint?.complaintFeedbackType === 'not-spam' ? null : 'complaint';
    case 'DeliveryDelay':
      return 'soft_bounce';
    default:
      return null;
  }
}

function sayingOf({ bounce, complaint, deliveryDelay }: Notification): string | null {
  const recipients = [...(bounce?.bouncedRecipients ?? []), ...(deliveryDelay?.delayedRecipients ?? [])];
  return detailOf(
    ...recipients.map((recipient) => recipient.diagnosticCode),
    bounce?.bounceSubType,
    complaint?.complaintFeedbackType,
    complaint?.complaintSubType,
    deliveryDelay?.delayType,
  );
}
