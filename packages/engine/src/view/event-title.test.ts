import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { ENGINE_EVENTS } from '@growthos/contracts/events/engine.ts';
import { expect, test } from 'vitest';
import { eventTitle } from './event-title.ts';

const viewer = { now: new Date('2026-11-24T09:00:00Z'), timezone: 'UTC' };
const told = (type: string, data: Record<string, unknown>, source = 'stripe:acct_1') =>
  eventTitle({ type, source, data }, viewer);
const pro = { name: 'Pro', price_id: 'price_pro', quantity: 5, interval: 'year' };
const starter = { name: 'Starter', price_id: 'price_starter', quantity: 3, interval: 'month' };

test('a failed payment names its amount, reason, attempt and next try', () => {
  const failed = told('invoice.payment_failed', {
    amount_minor: 20_000,
    currency: 'usd',
    attempt: 1,
    decline_code: 'insufficient_funds',
    next_payment_attempt: '2026-11-27T09:00:00.000Z',
  });
  expect(failed).toMatchObject({
    kind: 'billing',
    tone: 'bad',
    title: 'Payment of $200.00 failed (insufficient funds), attempt 1',
    detail: 'Stripe retries on 27 Nov.',
  });
});

test('changes of a subscription are told by what they are', () => {
  const change = (name: string, extra: Record<string, unknown> = {}) =>
    told('subscription_updated', {
      change: name,
      plan_before: starter,
      plan: pro,
      mrr_before_minor: 2900,
      mrr_minor: 9900,
      currency: 'usd',
      ...extra,
    });
  expect(change('upgrade')).toMatchObject({ title: 'Upgraded from Starter to Pro', detail: 'MRR: $29.00 → $99.00' });
  expect(change('quantity').title).toBe('Seats: 3 → 5 of Pro');
  expect(change('interval').title).toBe('Now billed by the year for Pro');
  expect(change('cancel_scheduled', { cancels_at: '2027-01-03T00:00:00Z' }).detail).toBe('It ends on 3 Jan 2027.');
  expect(change('something_new').title).toBe('Subscription to Pro: something new');
});

test('a change of properties reads as old and new, with money and status in words', () => {
  const mrr = {
    property: 'mrr',
    old: { amount_minor: 2900, currency: 'usd' },
    new: { amount_minor: 9900, currency: 'usd' },
  };
  const status = { property: 'billing_status', old: 'past_due', new: 'active' };
  const quiet = { property: 'last_seen_at', old: null, new: '2026-11-24T09:00:00Z' };
  expect(told('contact_updated', { is_new: false, changes: [mrr, quiet] }).title).toBe('MRR: $29.00 → $99.00');
  const trait = { property: 'traits.company_size', old: null, new: 12 };
  expect(told('contact_updated', { is_new: false, changes: [status, mrr, trait] })).toMatchObject({
    title: 'Billing status: Past due → Active, MRR: $29.00 → $99.00, and 1 more',
    changes: [{ label: 'Billing status' }, { label: 'MRR' }, { label: 'Company size', old: null, new: '12' }],
  });
});

test('messages, segments and sequences have their names in the title', () => {
  const message = { channel: 'email', title: 'Your trial expires in 3 days', message_id: 'm1' };
  expect(told('message_sent', message, 'growthos')).toMatchObject({
    title: 'E-mail “Your trial expires in 3 days” sent',
    kind: 'message',
    messageId: 'm1',
  });
  expect(told('segment_entered', { segment_name: 'Failed payment' }).title).toBe('Entered segment Failed payment');
  expect(told('sequence_exited', { sequence_name: 'Trial expiry', reason: 'goal' }).title).toBe(
    'Left Trial expiry: reached its goal',
  );
});

test('events of the app keep their name, and page views the page', () => {
  expect(told('report_exported', { properties: { format: 'csv', rows: 120 } }, 'app')).toMatchObject({
    kind: 'product',
    title: 'Report exported',
    detail: 'format: csv, rows: 120',
  });
  expect(told('page', { name: 'Pricing' }, 'app').title).toBe('Viewed Pricing');
});

test('every event that GrowthOS knows has a title even when its payload is empty', () => {
  for (const type of [...Object.keys(BILLING_EVENTS), ...Object.keys(ENGINE_EVENTS)]) {
    const title = told(type, {});
    expect(title.kind, type).not.toBe('product');
    expect(title.title, type).not.toMatch(/undefined|NaN|\[object/);
  }
});
