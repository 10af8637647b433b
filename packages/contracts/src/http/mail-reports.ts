/** What became of mails after they were sent: the way in for providers and mail servers, and how it is set up. */
import { z } from 'zod';
import { Instant } from './money-view.ts';

/** `mime`: a mail server's own reports, as mail (RFC 3464 and RFC 5965). */
export const MailReportProvider = z.enum(['postmark', 'sendgrid', 'mailgun', 'ses', 'resend', 'mime']);
export type MailReportProvider = z.infer<typeof MailReportProvider>;

/**
 * How a provider proves that a call is its own. `required`: it signs every call, so its key must be known here. `optional`:
 * once it is switched on there and its key is known here. `built_in`: checked without any key. `none`: by the secret
 * address alone.
 */
export const MailReportSigning = z.enum(['none', 'optional', 'required', 'built_in']);
export type MailReportSigning = z.infer<typeof MailReportSigning>;

/** POST /webhooks/email/:provider/:token: how many of the reports came to what. */
export const ReceivedReports = z.object({
  recorded: z.number().int().describe('came back for good, or was called spam: the address is blocked'),
  noted: z.number().int().describe('came back for now: nothing is blocked'),
  known: z.number().int().describe('told before'),
  unknown_message: z.number().int().describe('of a message that was not sent from here'),
  ignored: z.number().int().describe('news that change nothing, such as "delivered"'),
});
export type ReceivedReports = z.infer<typeof ReceivedReports>;

/** GET /api/sequences/mail-reports (role admin); POST .../rotate and PUT .../keys/:provider answer the same. */
export const MailReportSettings = z.object({
  providers: z.array(
    z.object({
      key: MailReportProvider,
      name: z.string(),
      /** The secret address: whoever has it can tell that mail came back. */
      url: z.string(),
      signing: MailReportSigning,
      hasKey: z.boolean(),
      /** When anything was heard from it, whatever came of it. */
      lastAt: Instant.nullable(),
      received: ReceivedReports.extend({ refused: z.number().int() }),
    }),
  ),
});
export type MailReportSettings = z.infer<typeof MailReportSettings>;

/** PUT /api/sequences/mail-reports/keys/:provider; null takes the key away. */
export const MailReportKeyBody = z.object({ key: z.string().trim().min(1).max(2000).nullable() });
export type MailReportKeyBody = z.infer<typeof MailReportKeyBody>;
