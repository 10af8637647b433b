import { expect, test } from 'vitest';
import { providerHeaders } from './provider-headers.ts';

const ID = '0192f0e0-1111-7111-8111-111111111111';
const OURS = { 'X-GrowthOS-Message': ID };

test.each([
  ['smtp.postmarkapp.com', { 'X-PM-Metadata-growthos-message': ID }],
  ['smtp-broadcasts.postmarkapp.com', { 'X-PM-Metadata-growthos-message': ID }],
  ['smtp.eu.sendgrid.net', { 'X-SMTPAPI': `{"unique_args":{"growthos_message":"${ID}"}}` }],
  ['SMTP.eu.mailgun.org', { 'X-Mailgun-Variables': `{"growthos-message":"${ID}"}` }],
  ['email-smtp.eu-west-1.amazonaws.com', { 'X-SES-MESSAGE-TAGS': `growthos_message=${ID}` }],
  ['smtp.resend.com', {}],
  ['127.0.0.1', {}],
  ['postmarkapp.com.evil.test', {}],
])('a mail by way of %s carries what that provider gives back, and our header always', (host, header) => {
  expect(providerHeaders({ host, messageId: ID })).toEqual({ ...OURS, ...header });
});

test('the key fits into the 20 letters that Postmark allows for the name of a metadata field', () => {
  const name = Object.keys(providerHeaders({ host: 'smtp.postmarkapp.com', messageId: ID })).at(-1) ?? '';
  expect(name.replace('X-PM-Metadata-', '').length).toBeLessThanOrEqual(20);
});
