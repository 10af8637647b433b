import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseFilter } from '@growthos/contracts/filter/parse-filter.ts';
import type { Db } from '#db/db.ts';
import { startSegmentWorld, type SegmentWorld } from '../../../test/properties/segment-harness.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { fillTemplate, listTemplates } from './templates.ts';

let db: Db;
let world: SegmentWorld;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute('truncate workspace, bus_event, bus_consumer, segment_membership cascade');
  world = await startSegmentWorld({ db, now: '2026-11-24T09:00:00Z' });
  await world.installTemplates();
  await world.settle();
});

const inDays = (days: number): string => new Date(world.clock.now().getTime() + days * 86_400_000).toISOString();

test('every template is a filter that the schema takes, and the gallery says it in English', () => {
  const templates = listTemplates();
  expect(templates.map((template) => template.key)).toEqual([
    'trial_expiring',
    'failed_payment',
    'churned_voluntary',
    'churned_involuntary',
    'plan_tier',
    'plan_without_tier',
    'trial_high_engagement',
    'paying_failed_payment',
    'downgraded',
    'tier_silent',
    'active_low_nps',
    'canceling',
  ]);
  for (const { definition, sentence } of templates) {
    expect(parseFilter(definition)).toMatchObject({ ok: true });
    expect(sentence).toMatch(/^People for whom .+\.$/);
  }
  expect(fillTemplate({ key: 'tier_silent', parameters: {} }).sentence).toBe(
    'People for whom plan tier is "pro" and billing status is "active" or "past_due" and last seen is more than 7 days ago and subscribed since is more than 7 days ago.',
  );
});

test('a wrong answer to a question is refused with the question', () => {
  expect(() => fillTemplate({ key: 'trial_expiring', parameters: { days: 'soon' } })).toThrow(
    '"How many days before the trial ends?" needs a whole number.',
  );
  expect(() => fillTemplate({ key: 'trial_expiring', parameters: { days: 500 } })).toThrow(
    'needs a number from 1 to 60.',
  );
  expect(() => fillTemplate({ key: 'plan_tier', parameters: { tiers: [] } })).toThrow('needs at least one value.');
  expect(() => fillTemplate({ key: 'nope', parameters: {} })).toThrow('There is no segment template called "nope".');
});

test('installing the templates again changes nothing', async () => {
  await world.installTemplates();
  await world.settle();
  const rows = await db.query<{ n: number }>({ text: 'select count(*)::int as n from segment' });
  expect(rows.rows[0]?.n).toBe(13);
});

test('trial expiring: in exactly 7 and 3 days before the end, out at the end; converted and canceling trials never', async () => {
  const grace = await world.addContact({ billing_status: 'trialing', trial_end_date: inDays(20) });
  const canceling = await world.addContact({
    billing_status: 'trialing',
    trial_end_date: inDays(20),
    cancels_at: inDays(20),
  });
  const converted = await world.addContact({ billing_status: 'active', trial_end_date: inDays(20) });
  await world.settle();
  expect(await world.told(grace)).toEqual([]);
  await world.moveTo('2026-12-07T08:59:59Z');
  expect(await world.told(grace)).toEqual([]);
  await world.moveTo('2026-12-07T09:00:00Z');
  expect(await world.told(grace)).toEqual(['+trial_expiring_7_days']);
  await world.moveTo('2026-12-11T09:00:00Z');
  expect(await world.told(grace)).toEqual(['+trial_expiring_7_days', '+trial_expiring_3_days']);
  await world.moveTo('2026-12-14T09:00:00Z');
  expect((await world.told(grace)).slice(2).sort()).toEqual(['-trial_expiring_3_days', '-trial_expiring_7_days']);
  expect(await world.told(canceling)).toEqual(['+canceling']);
  expect(await world.told(converted)).toEqual([]);
});

test('trial expiring: who converts inside the window is out at once, and an extended trial waits again', async () => {
  const ada = await world.addContact({ billing_status: 'trialing', trial_end_date: inDays(2) });
  const grace = await world.addContact({ billing_status: 'trialing', trial_end_date: inDays(2) });
  await world.settle();
  await world.change(ada, { billing_status: 'active' });
  await world.change(grace, { trial_end_date: inDays(30) });
  await world.settle();
  expect(await world.members('trial_expiring_3_days')).toEqual([]);
  await world.advance({ days: 28 });
  expect(await world.members('trial_expiring_3_days')).toEqual([grace]);
});

test('failed payment: in while the invoice is open on a live subscription, out on paid; a first payment never', async () => {
  const ada = await world.addContact({ billing_status: 'active', first_paid_at: inDays(-90) });
  const incomplete = await world.addContact({ billing_status: 'incomplete', failed_payment_at: inDays(0) });
  const canceled = await world.addContact({ billing_status: 'canceled', failed_payment_at: inDays(-9) });
  await world.settle();
  await world.change(ada, { billing_status: 'past_due', failed_payment_at: inDays(0), failed_attempts: 1 });
  await world.settle();
  expect(await world.members('failed_payment')).toEqual([ada]);
  expect(await world.members('paying_failed_payment')).toEqual([ada]);
  await world.change(ada, { billing_status: 'active', failed_payment_at: null, failed_attempts: 0 });
  await world.settle();
  expect(await world.told(ada)).toEqual(
    expect.arrayContaining(['+failed_payment', '+paying_failed_payment', '-failed_payment', '-paying_failed_payment']),
  );
  expect(await world.told(ada)).toHaveLength(4);
  expect(await world.told(incomplete)).toEqual([]);
  expect(await world.told(canceled)).toEqual([]);
});

test('paying with failed payment: not somebody who never paid', async () => {
  await world.addContact({ billing_status: 'past_due', failed_payment_at: inDays(0), first_paid_at: null });
  await world.settle();
  expect(await world.members('failed_payment')).toHaveLength(1);
  expect(await world.members('paying_failed_payment')).toEqual([]);
});

test('churned: by choice and by failed payments apart; a scheduled cancellation, a trial and a first payment never', async () => {
  const left = await world.addContact({ billing_status: 'active', first_paid_at: inDays(-90), cancels_at: inDays(3) });
  const lost = await world.addContact({
    billing_status: 'canceled',
    cancel_reason: 'involuntary',
    first_paid_at: inDays(-90),
  });
  await world.addContact({ billing_status: 'canceled', cancel_reason: 'voluntary', first_paid_at: null });
  await world.addContact({ billing_status: 'incomplete_expired', cancel_reason: 'never_paid' });
  await world.settle();
  expect(await world.members('churned_voluntary')).toEqual([]);
  expect(await world.members('canceling')).toEqual([left]);
  expect(await world.members('churned_involuntary')).toEqual([lost]);
  await world.advance({ days: 3 });
  await world.change(left, {
    billing_status: 'canceled',
    cancel_reason: 'voluntary',
    canceled_at: inDays(0),
    cancels_at: null,
  });
  await world.settle();
  expect(await world.members('churned_voluntary')).toEqual([left]);
  expect(await world.members('canceling')).toEqual([]);
});

test('churned within so many days: out when they have passed', async () => {
  const filled = fillTemplate({ key: 'churned_voluntary', parameters: { days: 30 } });
  await world.segment('just_churned', filled.definition.where);
  const left = await world.addContact({
    billing_status: 'canceled',
    cancel_reason: 'voluntary',
    first_paid_at: inDays(-90),
    canceled_at: inDays(0),
  });
  await world.settle();
  await world.moveTo('2026-12-24T08:59:59Z');
  expect(await world.members('just_churned')).toEqual([left]);
  await world.moveTo('2026-12-24T09:00:00Z');
  expect(await world.members('just_churned')).toEqual([]);
});

test('by plan tier: running subscriptions of the tier; canceled ones and unmapped plans not, and those are shown apart', async () => {
  const pro = await world.addContact({ billing_status: 'active', plan: 'price_pro', tier: 'Pro' });
  await world.addContact({ billing_status: 'canceled', tier: 'pro' });
  const unmapped = await world.addContact({ billing_status: 'active', plan: 'price_new' });
  await world.settle();
  expect(await world.members('on_pro')).toEqual([pro]);
  expect(await world.members('plan_without_tier')).toEqual([unmapped]);
  await world.change(unmapped, { tier: 'pro' });
  await world.settle();
  expect(await world.members('on_pro')).toEqual([pro, unmapped].sort());
  expect(await world.members('plan_without_tier')).toEqual([]);
});

test('trial with high engagement: from the score on; without product data nobody', async () => {
  const keen = await world.addContact({ billing_status: 'trialing', engagement_score: 70 });
  const calm = await world.addContact({ billing_status: 'trialing', engagement_score: 69 });
  await world.addContact({ billing_status: 'trialing' });
  await world.addContact({ billing_status: 'active', engagement_score: 99 });
  await world.settle();
  expect(await world.members('trial_high_engagement')).toEqual([keen]);
  await world.change(calm, { engagement_score: 71 });
  await world.settle();
  expect(await world.members('trial_high_engagement')).toEqual([keen, calm].sort());
});

test('downgraded: for 30 days after a real downgrade; a change of interval or a coupon that ended never', async () => {
  const ada = await world.addContact({ billing_status: 'active' });
  const yearly = await world.addContact({ billing_status: 'active' });
  await world.track(ada, { type: 'subscription_updated', source: 'stripe:acct_1', data: { change: 'downgrade' } });
  await world.track(yearly, { type: 'subscription_updated', source: 'stripe:acct_1', data: { change: 'interval' } });
  await world.track(yearly, { type: 'subscription_updated', source: 'stripe:acct_1', data: { change: 'discount' } });
  await world.settle();
  expect(await world.members('downgraded')).toEqual([ada]);
  await world.moveTo('2026-12-24T08:59:59.999Z');
  expect(await world.members('downgraded')).toEqual([ada]);
  await world.moveTo('2026-12-24T09:00:00Z');
  expect(await world.members('downgraded')).toEqual([]);
  expect(await world.told(ada)).toEqual(['+downgraded', '-downgraded']);
});

test('Pro users who have not logged in for 7 days: in to the second, out when seen; never seen and newly paid never', async () => {
  const since = inDays(-60);
  const silent = await world.addContact({
    tier: 'pro',
    billing_status: 'active',
    last_seen_at: inDays(0),
    subscription_start_date: since,
  });
  const unknown = await world.addContact({ tier: 'pro', billing_status: 'active', subscription_start_date: since });
  const starter = await world.addContact({
    tier: 'starter',
    billing_status: 'active',
    last_seen_at: inDays(-30),
    subscription_start_date: since,
  });
  const fresh = await world.addContact({
    tier: 'pro',
    billing_status: 'active',
    last_seen_at: inDays(-30),
    subscription_start_date: inDays(-6),
  });
  await world.moveTo('2026-11-25T08:59:59Z');
  expect(await world.members('pro_silent_7_days')).toEqual([]);
  await world.moveTo('2026-11-25T09:00:00Z');
  expect(await world.members('pro_silent_7_days')).toEqual([fresh]);
  await world.moveTo('2026-12-01T09:00:00Z');
  expect(await world.members('pro_silent_7_days')).toEqual([silent, fresh].sort());
  await world.change(silent, { last_seen_at: inDays(0) });
  await world.settle();
  expect(await world.told(silent)).toEqual(['+on_pro', '+pro_silent_7_days', '-pro_silent_7_days']);
  expect(await world.told(unknown)).toEqual(['+on_pro']);
  expect(await world.told(starter)).toEqual([]);
});

test('active customers with low NPS: detractors who pay; no answer is not a bad answer', async () => {
  const unhappy = await world.addContact({ billing_status: 'active', nps_score: 6 });
  await world.addContact({ billing_status: 'active', nps_score: 7 });
  await world.addContact({ billing_status: 'active' });
  await world.addContact({ billing_status: 'canceled', nps_score: 0 });
  await world.settle();
  expect(await world.members('active_low_nps')).toEqual([unhappy]);
});
