import { expect, test } from 'vitest';
import type { Viewer } from './date-text.ts';
import { contactSentences, type SentenceFacts } from './sentence.ts';

const now = new Date('2026-11-24T09:00:00Z');
const viewer: Viewer = { now, timezone: 'UTC' };
const usd = (amountMinor: number) => ({ amountMinor: BigInt(amountMinor), currency: 'usd' });
const visa = { isOnFile: true, brand: 'visa', last4: '4242', expiresAt: new Date('2029-05-01T00:00:00Z') };
const nobody: SentenceFacts = {
  billingStatus: 'none',
  planName: null,
  lastPlanName: null,
  interval: null,
  mrr: null,
  ltv: null,
  trialEndsAt: null,
  renewsAt: null,
  cancelsAt: null,
  canceledAt: null,
  cancelReason: null,
  isCollectionPaused: false,
  failedPayment: null,
  paymentMethod: { isOnFile: false, brand: null, last4: null, expiresAt: null },
  sequences: [],
  isKnownToStripe: true,
};
const active: SentenceFacts = {
  ...nobody,
  billingStatus: 'active',
  planName: 'Pro',
  interval: 'month',
  mrr: usd(9900),
  renewsAt: new Date('2026-12-03T00:00:00Z'),
  paymentMethod: visa,
};
const say = (facts: Partial<SentenceFacts>, at: Viewer = viewer): string =>
  contactSentences({ ...nobody, ...facts }, at)
    .map((sentence) => sentence.text)
    .join(' | ');

test('a failed payment is told with its amount, reason, next try, and where the recovery stands', () => {
  const failed: SentenceFacts = {
    ...active,
    billingStatus: 'past_due',
    failedPayment: {
      amount: usd(20_000),
      declineCode: 'insufficient_funds',
      failedAt: new Date('2026-11-24T08:55:00Z'),
      nextAttemptAt: new Date('2026-11-27T09:00:00Z'),
    },
    sequences: [{ name: 'Failed payment recovery', step: 2, stepCount: 4 }],
  };
  expect(say(failed)).toBe(
    'Payment of $200.00 failed 5 minutes ago (insufficient funds). Stripe retries on 27 Nov. Step 2 of 4 of Failed payment recovery.',
  );
  expect(contactSentences(failed, viewer)[0].tone).toBe('bad');
});

test('a failed payment without a reason, a next try or an amount says only what is known', () => {
  const failedPayment = { amount: null, declineCode: null, failedAt: null, nextAttemptAt: null };
  expect(say({ ...active, billingStatus: 'past_due', failedPayment })).toBe(
    'A payment failed. Stripe does not try again.',
  );
  const late = { ...failedPayment, declineCode: 'some_new_code', nextAttemptAt: new Date('2026-11-23T09:00:00Z') };
  expect(say({ ...active, failedPayment: late })).toBe(
    'A payment failed (some new code). Stripe’s next try was due on 23 Nov.',
  );
});

test('a trial is told with its end, counted in days of the calendar, and whether anything would be charged', () => {
  const trial = { billingStatus: 'trialing', planName: 'Pro', trialEndsAt: new Date('2026-11-27T08:00:00Z') };
  expect(say(trial)).toBe('Trial of Pro ends in 3 days, on 27 Nov. No payment method on file.');
  expect(say({ ...trial, paymentMethod: visa })).toBe(
    'Trial of Pro ends in 3 days, on 27 Nov. Visa ending in 4242 is on file.',
  );
  expect(say({ ...trial, trialEndsAt: new Date('2026-11-24T14:30:00Z') })).toBe(
    'Trial of Pro ends in 5 hours, on 24 Nov. No payment method on file.',
  );
  expect(say({ ...trial, cancelsAt: trial.trialEndsAt })).toBe(
    'Trial of Pro ends in 3 days, on 27 Nov, and is set to cancel then. No payment method on file.',
  );
});

test('somebody who pays is told with the price a month, and a yearly plan says so', () => {
  expect(say(active)).toBe('Pays $99.00 a month for Pro, renews on 3 Dec.');
  expect(say({ ...active, interval: 'year' })).toBe('Pays $99.00 a month for Pro, billed yearly, renews on 3 Dec.');
  expect(say({ ...active, mrr: usd(0) })).toBe('Has Pro at no charge, renews on 3 Dec.');
  expect(say({ ...active, mrr: null })).toBe(
    'Subscribed to Pro; what it is worth a month is unknown, renews on 3 Dec.',
  );
});

test('a scheduled cancellation, an end and a pause each have their own words', () => {
  expect(say({ ...active, cancelsAt: new Date('2026-12-03T00:00:00Z') })).toBe(
    'Set to cancel: Pro ends in 9 days, on 3 Dec.',
  );
  const canceled = {
    billingStatus: 'canceled',
    lastPlanName: 'Pro',
    canceledAt: new Date('2026-11-03T00:00:00Z'),
    ltv: usd(120_000),
  };
  expect(say({ ...canceled, cancelReason: 'voluntary' })).toBe(
    'Canceled Pro on 3 Nov, by their own choice. Paid $1,200.00 in all.',
  );
  expect(say({ ...canceled, cancelReason: 'involuntary' })).toBe(
    'Lost Pro on 3 Nov because payment failed. Paid $1,200.00 in all.',
  );
  expect(say({ ...canceled, cancelReason: null, ltv: null })).toBe('Pro was canceled on 3 Nov.');
  expect(say({ ...active, billingStatus: 'paused' })).toBe('Pro is paused: Stripe charges nothing.');
  expect(say({ ...active, isCollectionPaused: true })).toBe('Collection for Pro is paused: Stripe charges nothing.');
  expect(say({ billingStatus: 'incomplete_expired', lastPlanName: 'Pro' })).toBe(
    'Never paid: the first payment for Pro did not go through.',
  );
  expect(say({ ...active, billingStatus: 'unpaid' })).toBe('Pro is unpaid: Stripe has stopped trying.');
  expect(say({ ...active, billingStatus: 'incomplete' })).toBe('The first payment for Pro is not complete.');
});

test('without a subscription the sentence tells whether Stripe knows the person at all', () => {
  expect(say({})).toBe('No subscription.');
  expect(say({ ltv: usd(5000) })).toBe('No subscription. Paid $50.00 in all.');
  expect(say({ isKnownToStripe: false })).toBe('Not known to Stripe, so no billing.');
  expect(say({ billingStatus: 'brand_new_status' })).toBe('Brand new status.');
});

test('currencies keep their real decimals', () => {
  expect(say({ ...active, mrr: { amountMinor: 1200n, currency: 'jpy' } })).toContain('Pays ¥1,200 a month');
  expect(say({ ...active, mrr: { amountMinor: 1500n, currency: 'kwd' } })).toContain('Pays KWD 1.500 a month');
  expect(say({ ...active, mrr: { amountMinor: 9900n, currency: 'eur' } })).toContain('Pays €99.00 a month');
});

test('days are those of the viewer, with the year only when it is another one', () => {
  const renewsAt = new Date('2026-12-31T23:30:00Z');
  expect(say({ ...active, renewsAt })).toContain('renews on 31 Dec.');
  expect(say({ ...active, renewsAt }, { now, timezone: 'Europe/Berlin' })).toContain('renews on 1 Jan 2027.');
});

test('a card that expires within 30 days is a second sentence', () => {
  const soon = { ...visa, expiresAt: new Date('2026-12-01T00:00:00Z') };
  expect(say({ ...active, paymentMethod: soon })).toBe(
    'Pays $99.00 a month for Pro, renews on 3 Dec. | Visa ending in 4242 expires in 7 days.',
  );
  expect(say({ ...active, paymentMethod: { ...visa, expiresAt: new Date('2026-11-01T00:00:00Z') } })).toContain(
    'Visa ending in 4242 has expired.',
  );
});
