/**
 * Postmark's bounce and spam complaint webhooks. It does not sign them; the secret address is the proof. It writes its own
 * Message-ID, so ours comes back as metadata (`X-PM-Metadata-*`).
 * Source: postmarkapp.com/developer/webhooks/bounce-webhook, /spam-complaint-webhook; bounce types: /developer/api/bounce-api.
 */
import { z } from 'zod';
import { messageRef, METADATA_KEY } from '../message-ref.ts';
import { parseJson, readShape, type ReportProvider } from '../provider.ts';
import { detailOf, NOTHING, type ReportKind } from '../report.ts';

const Call = z.object({
  RecordType: z.string(),
  Type: z.string().nullish(),
  Metadata: z.record(z.string(), z.unknown()).nullish(),
  Description: z.string().nullish(),
  Details: z.string().nullish(),
});

/** Types that are missing here say nothing about the address: an answer by a machine, a subscription, an open relay. */
const KINDS: Readonly<Record<string, ReportKind>> = {
  HardBounce: 'hard_bounce',
  BadEmailAddress: 'hard_bounce',
  ManuallyDeactivated: 'hard_bounce',
  SpamComplaint: 'complaint',
  SoftBounce: 'soft_bounce',
  Transient: 'soft_bounce',
  DnsError: 'soft_bounce',
  SpamNotification: 'soft_bounce',
  VirusNotification: 'soft_bounce',
  Blocked: 'soft_bounce',
  DMARCPolicy: 'soft_bounce',
  Unknown: 'soft_bounce',
};

export const postmark: ReportProvider = {
  name: 'Postmark',
  signing: 'none',
  read({ rawBody }) {
    const call = readShape(Call, parseJson(rawBody));
    const isTold = call.RecordType === 'Bounce' || call.RecordType === 'SpamComplaint';
    const kind = call.RecordType === 'SpamComplaint' ? 'complaint' : KINDS[call.Type ?? ''];
    if (!isTold || kind === undefined) return NOTHING;
    const messageId = messageRef(call.Metadata?.[METADATA_KEY]);
    return { reports: [{ messageId, kind, detail: detailOf(call.Details, call.Description) }], ignored: 0 };
  },
};
