/**
 * The way in for what became of mails after they were sent. In: one call of a provider, or one report as mail. Out: what
 * was told is stored (`record-report.ts`), and counted. May happen twice: every call, providers repeat them; the second
 * time changes nothing. A message that we do not know is no error: the mail server may serve others too.
 */
import type { MailReportProvider, ReceivedReports } from '@growthos/contracts/http/mail-reports.ts';
import { NotFoundError, SignatureInvalidError } from '#base/errors.ts';
import type { SendDeps } from '../send-deps.ts';
import type { FetchText } from './fetch-text.ts';
import { countReports, findInlet } from './inlet.ts';
import type { ReceivedCall, ReportProvider } from './provider.ts';
import { mailgun } from './providers/mailgun.ts';
import { mime } from './providers/mime.ts';
import { postmark } from './providers/postmark.ts';
import { resend } from './providers/resend.ts';
import { sendgrid } from './providers/sendgrid.ts';
import { createSes } from './providers/ses.ts';
import { recordReport } from './record-report.ts';

export type ReportDeps = Pick<SendDeps, 'db' | 'clock' | 'log' | 'publisher' | 'secrets'>;

export interface MailReports {
  readonly providers: Readonly<Record<MailReportProvider, ReportProvider>>;
  /**
   * @throws NotFoundError for an address that is none of ours; SignatureInvalidError; InvalidInputError naming the field
   *   that cannot be read; UpstreamUnavailableError where Amazon's certificate cannot be fetched: worth another try.
   */
  receive(input: ReceivedInput): Promise<ReceivedReports>;
}

export interface ReceivedInput {
  readonly provider: MailReportProvider;
  readonly token: string;
  readonly rawBody: Buffer;
  readonly headers: ReceivedCall['headers'];
}

/** `fetchText` is asked for what lies at Amazon's addresses, and for nothing else. */
export function createMailReports(deps: ReportDeps, options: { fetchText: FetchText }): MailReports {
  const providers = { postmark, sendgrid, mailgun, ses: createSes(options), resend, mime };
  return {
    providers,
    async receive({ provider, token, rawBody, headers }) {
      const inlet = await findInlet(deps, token);
      if (!inlet) throw new NotFoundError('There is no such address here. Copy it again from Settings, Sending.');
      const { workspaceId } = inlet;
      const call = { rawBody, headers, key: inlet.keys[provider] ?? null, now: deps.clock.now() };
      try {
        const { reports, ignored } = await providers[provider].read(call);
        const counts = { recorded: 0, noted: 0, known: 0, unknown_message: 0, ignored };
        for (const report of reports) counts[await recordReport(deps, { workspaceId, report })] += 1;
        await countReports(deps, { workspaceId, provider, counts });
        return counts;
      } catch (error) {
        // Who sets it up looks into Settings, not into the provider's log.
        if (error instanceof SignatureInvalidError)
          await countReports(deps, { workspaceId, provider, counts: { refused: 1 } });
        throw error;
      }
    },
  };
}
