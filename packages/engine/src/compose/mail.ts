/** Where mail goes, and the way back in for what became of it. */
import type { FastifyPluginAsync } from 'fastify';
import type { Config } from '#config.ts';
import { mailReportSettingsRoutes } from '#http/routes/mail-report-settings.ts';
import { mailReportRoutes } from '#http/routes/mail-reports.ts';
import { capturingMailer, createMailReports, fetchText, type Mailer, type SendDeps, smtpMailer } from '#send/index.ts';

/** Without an SMTP server mail stays in the captured inbox. */
export function createMailer(config: Config): Mailer {
  const { SMTP_URL: url, BOUNCE_ADDRESS: bounceAddress } = config;
  return url === undefined ? capturingMailer : smtpMailer({ url, bounceAddress });
}

export function composeMailReports(sending: SendDeps): FastifyPluginAsync[] {
  const reports = createMailReports(sending, { fetchText });
  return [mailReportRoutes({ reports }), mailReportSettingsRoutes({ ...sending, reports })];
}
