/**
 * Sending. In: `message_requested` on the bus. Out: at most one message for one (run, step), if it is still allowed at
 * the moment when it goes; otherwise `message_skipped` with the reason. What may happen twice: a webhook (it carries its
 * id); mail never: where nobody knows whether the server took it, it waits for a person as `uncertain`.
 */
export { readPreferences, setConsent, type OptionalCategory, type Preferences } from './consent/consent.ts';
export { liftSuppression, listSuppressions } from './consent/suppression.ts';
export { createUnsubscribeTokens, type UnsubscribeClaim, type UnsubscribeTokens } from './consent/token.ts';
export { decide, type Decision, type SendFacts } from './decide.ts';
export { capturingMailer, type Mailer, smtpMailer } from './email/mailer.ts';
export { outboxWorker } from './outbox/worker.ts';
export { sendAgain } from './outbox/send-again.ts';
export { checkTexts } from './check-texts.ts';
export { previewStep } from './preview/preview.ts';
export { sendTest } from './preview/test-send.ts';
export { fetchText } from './reports/fetch-text.ts';
export { readCounts, readInlet, rotateInlet, setReportKey } from './reports/inlet.ts';
export { createMailReports, type MailReports } from './reports/reports.ts';
export { messageRequestsConsumer } from './requests.ts';
export type { SendDeps } from './send-deps.ts';
export { loadSetups, parseSender, readSendingRules, writeSendingRules } from './sending-rules.ts';
export { addTeamDestination, listTeamDestinations, removeTeamDestination } from './team/destinations.ts';
export { addWebhookEndpoint, listWebhookEndpoints, removeWebhookEndpoint } from './webhooks/endpoints.ts';
export { webhookFanOutConsumer } from './webhooks/fan-out.ts';
export { createPostJson, type PostJson } from './webhooks/post-json.ts';
export { forgetMessages } from './forget-contact.ts';
