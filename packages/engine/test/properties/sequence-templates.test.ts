import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Db, json, many } from '#db/db.ts';
import { writeSendingRules } from '#send/index.ts';
import { SendingRules } from '@growthos/contracts/http/sending.ts';
import { openTestDb } from '../world/database.ts';
import { startSequenceWorld, type SequenceWorld } from './sequence-world.ts';

let db: Db;
let world: SequenceWorld;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  world = await startSequenceWorld({ db });
  await writeSendingRules(world.send, {
    workspaceId: world.workspaceId,
    rules: SendingRules.parse({
      founderName: 'Charles',
      founderEmail: 'charles@analytical.example',
      checkoutUrl: 'https://buy.example.test/plan',
      postalAddress: '1 Dorset Street, London',
    }),
  });
});

const failure = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  stripe_account: 'acct_1',
  livemode: false,
  customer_id: 'cus_1',
  invoice_id: 'in_1',
  subscription_id: 'sub_1',
  amount_minor: 20000,
  currency: 'usd',
  attempt: 1,
  decline_code: 'insufficient_funds',
  failure_message: null,
  next_payment_attempt: new Date(world.clock.now().getTime() + 3 * 86_400_000).toISOString(),
  hosted_invoice_url: 'https://invoice.example.test/in_1?a=1&b=2',
  billing_reason: 'subscription_cycle',
  ...extra,
});
const paid = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  stripe_account: 'acct_1',
  invoice_id: 'in_1',
  subscription_id: 'sub_1',
  amount_minor: 20000,
  currency: 'usd',
  ...extra,
});
const runs = (): Promise<
  { status: string; number: number; count: number; step: string; due: Date | null; reason: string | null }[]
> =>
  many(world.db, {
    text: `select status, step_number as number, step_count as count, step_id as step, next_due_at as due, end_reason as reason
           from enrolment order by entered_at, id`,
  });

test('a failed payment shows a nudge at once and then stands at step 2 of 4 until after the next retry of Stripe', async () => {
  const ada = await world.contact({ plan_name: 'Team' });
  await world.liveTemplate('failed_payment_recovery');
  await world.publish({ type: 'invoice.payment_failed', contactId: ada, data: failure() });
  await world.settle();
  const [run] = await runs();
  expect(run).toMatchObject({ status: 'active', number: 2, count: 4, step: 'wait_for_retry' });
  expect(run?.due?.toISOString()).toBe('2026-11-27T12:00:00.000Z');
  expect(await world.messages()).toMatchObject([
    {
      channel: 'in_app',
      status: 'ready',
      payload: {
        style: 'banner',
        title: "Your last payment didn't go through",
        body: "We couldn't charge $200.00 (insufficient funds). Please check your card so that nothing is interrupted.",
        cta: { label: 'Update your card', url: 'https://invoice.example.test/in_1?a=1&b=2' },
      },
    },
  ]);
});

test('the e-mail after the wait is plain, from the founder, and names the amount; the founder hears when it stays unpaid', async () => {
  const ada = await world.contact({ plan_name: 'Team', email: 'ada@analytical.example' });
  await world.liveTemplate('failed_payment_recovery');
  await world.publish({ type: 'invoice.payment_failed', contactId: ada, data: failure() });
  await world.advance({ days: 3, hours: 3 });
  const [mail] = await world.captured();
  expect(mail).toMatchObject({
    to: 'ada@analytical.example',
    from: 'Charles <charles@analytical.example>',
    subject: 'A quick question about your payment',
    html: null,
  });
  expect(mail?.text).toContain('Hi Ada,');
  expect(mail?.text).toContain('$200.00 for Team');
  expect(mail?.text).toContain('https://invoice.example.test/in_1?a=1&b=2');
  expect(mail?.headers['List-Unsubscribe']).toBeUndefined();
  expect((await runs())[0]).toMatchObject({ status: 'active', number: 4 });
  await world.advance({ days: 5 });
  expect((await world.captured()).map((one) => [one.to, one.subject])).toEqual([
    ['ada@analytical.example', 'A quick question about your payment'],
    ['charles@analytical.example', 'Ada Lovelace still has not paid $200.00'],
  ]);
  expect((await runs())[0]).toMatchObject({ status: 'completed' });
});

test('a payment of the same invoice ends the run, takes the nudge back, and nothing more is sent', async () => {
  const ada = await world.contact();
  await world.liveTemplate('failed_payment_recovery');
  await world.publish({ type: 'invoice.payment_failed', contactId: ada, data: failure() });
  await world.settle();
  await world.publish({ type: 'payment_succeeded', contactId: ada, data: paid() });
  await world.advance({ days: 10 });
  expect((await runs())[0]).toMatchObject({ status: 'exited', reason: 'goal' });
  expect(await world.messages()).toMatchObject([{ stepId: 'nudge', status: 'withdrawn' }]);
  expect(await world.captured()).toEqual([]);
  expect(await world.events('sequence_goal_met')).toHaveLength(1);
  expect(await world.events('sequence_exited')).toMatchObject([{ reason: 'goal' }]);
});

test('a payment of another invoice ends nothing', async () => {
  const ada = await world.contact();
  await world.liveTemplate('failed_payment_recovery');
  await world.publish({ type: 'invoice.payment_failed', contactId: ada, data: failure() });
  await world.publish({ type: 'payment_succeeded', contactId: ada, data: paid({ invoice_id: 'in_2' }) });
  await world.publish({ type: 'payment_succeeded', contactId: ada, data: paid({ invoice_id: null }) });
  await world.advance({ days: 4 });
  expect(await world.captured()).toHaveLength(1);
});

test('a second failed attempt of the same invoice starts no second run, another invoice does', async () => {
  const ada = await world.contact();
  await world.liveTemplate('failed_payment_recovery');
  await world.publish({ type: 'invoice.payment_failed', contactId: ada, data: failure() });
  await world.publish({ type: 'invoice.payment_failed', contactId: ada, data: failure({ attempt: 2 }) });
  await world.publish({ type: 'invoice.payment_failed', contactId: ada, data: failure({ invoice_id: 'in_2' }) });
  await world.settle();
  expect(await runs()).toHaveLength(2);
});

test('a card that will never work again is written about at once', async () => {
  const ada = await world.contact();
  await world.liveTemplate('failed_payment_recovery');
  await world.publish({
    type: 'invoice.payment_failed',
    contactId: ada,
    data: failure({ decline_code: 'expired_card', next_payment_attempt: null }),
  });
  await world.settle();
  expect((await runs())[0]).toMatchObject({ number: 4 });
  const [mail] = await world.captured();
  expect(mail?.text).toContain("can't be used any more (expired card)");
});

test('a voided invoice ends the run although no event of the bus says so', async () => {
  const ada = await world.contact();
  await world.liveTemplate('failed_payment_recovery');
  await world.publish({ type: 'invoice.payment_failed', contactId: ada, data: failure() });
  await world.settle();
  await world.db.query({
    text: `insert into stripe_object (workspace_id, stripe_account, livemode, type, id, customer_id, fact, as_of_s, told_by, updated_at)
           values ($1, 'acct_1', false, 'invoice', 'in_1', 'cus_1', $2::jsonb, 1, 'event', now())`,
    values: [world.workspaceId, json({ status: 'void' })],
  });
  await world.advance({ days: 4 });
  expect(await world.captured()).toEqual([]);
  expect(await world.messages()).toMatchObject([
    {},
    { status: 'skipped', reason: 'billing_closed', sentence: 'Not sent: the invoice was voided.' },
  ]);
  await world.change(ada, { failed_attempts: null });
  await world.settle();
  expect((await runs())[0]).toMatchObject({ status: 'exited', reason: 'no_longer_true' });
});

const code = async (fact: Record<string, unknown> = {}): Promise<void> => {
  const promotion = {
    id: 'promo_1',
    code: 'STAY20',
    isActive: true,
    couponId: 'co_1',
    coupon: null,
    customerId: null,
    expiresAtS: null,
    maxRedemptions: null,
    timesRedeemed: 0,
    isFirstTimeOnly: null,
    minimumAmountMinor: null,
    minimumAmountCurrency: null,
    ...fact,
  };
  const coupon = {
    isDeleted: false,
    isValid: true,
    redeemByS: null,
    maxRedemptions: null,
    timesRedeemed: 0,
    productIds: null,
    percentOffDecimal: '20',
    amountOffMinor: null,
    currency: null,
    duration: 'repeating',
    durationInMonths: 3,
  };
  for (const [type, id, body] of [
    ['promotion_code', 'promo_1', promotion],
    ['coupon', 'co_1', coupon],
  ] as const) {
    await world.db.query({
      text: `insert into stripe_object (workspace_id, stripe_account, livemode, type, id, fact, as_of_s, told_by, updated_at)
             values ($1, 'acct_1', false, $2, $3, $4::jsonb, 1, 'backfill', now())`,
      values: [world.workspaceId, type, id, json(body)],
    });
  }
};
const trialing = async (columns: Record<string, unknown> = {}): Promise<string> => {
  const id = await world.contact({ billing_status: 'trialing', plan_name: 'Pro' });
  await world.change(id, { trial_end_date: '2026-12-02T10:00:00.000Z', ...columns });
  return id;
};

test('three days before a trial ends the e-mail comes, with a code for those who use the product, without for others', async () => {
  await code();
  await world.liveTemplate('trial_expiry');
  await trialing({ email: 'grace@example.test', engagement_score: 90 });
  await trialing({ email: 'idle@example.test', engagement_score: 10 });
  await world.advance({ days: 4, hours: 23 });
  expect(await world.captured()).toEqual([]);
  await world.advance({ hours: 2 });
  const mails = await world.captured();
  expect(mails.map((mail) => [mail.to, mail.subject])).toEqual([
    ['grace@example.test', 'Your trial expires in 3 days'],
    ['idle@example.test', 'Your trial expires in 3 days'],
  ]);
  expect(mails[0]?.html).toContain('20% off for 3 months with the code STAY20');
  expect(mails[0]?.text).toContain('prefilled_promo_code=STAY20');
  expect(mails[1]?.html).not.toContain('STAY20');
  expect(mails[1]?.text).toContain('Wednesday, 2 December');
  expect(mails[0]?.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
});

test('whoever converts before gets no trial e-mail, and a trial that is extended is told of at its new end', async () => {
  await world.liveTemplate('trial_expiry');
  const converted = await trialing({ email: 'paid@example.test' });
  const extended = await trialing({ email: 'later@example.test' });
  await world.advance({ days: 2 });
  await world.publish({ type: 'trial_converted', contactId: converted, data: {} });
  await world.change(converted, { billing_status: 'active' });
  await world.change(extended, { trial_end_date: '2026-12-12T10:00:00.000Z' });
  await world.advance({ days: 8 });
  expect(await world.captured()).toEqual([]);
  await world.advance({ days: 6 });
  expect((await world.captured()).map((mail) => mail.to)).toEqual(['later@example.test']);
});

test('whoever converts after the first trial e-mail gets nothing more', async () => {
  await world.liveTemplate('trial_expiry');
  const grace = await trialing();
  await world.advance({ days: 6 });
  expect(await world.captured()).toHaveLength(1);
  await world.publish({ type: 'trial_converted', contactId: grace, data: {} });
  await world.change(grace, { billing_status: 'active' });
  await world.advance({ days: 5 });
  expect((await world.messages()).map((message) => message.stepId)).toEqual(['expires_email']);
  expect((await runs())[0]).toMatchObject({ status: 'exited', reason: 'goal' });
});

test('a promotion code that has expired is not put into the e-mail, and the team is told why', async () => {
  await code({ expiresAtS: 1 });
  await world.liveTemplate('trial_expiry');
  await trialing({ engagement_score: 90 });
  await world.advance({ days: 6 });
  const [mail] = await world.captured();
  expect(mail?.text).not.toContain('STAY20');
  expect((await world.messages())[0]).toMatchObject({
    status: 'sent',
    sentence: 'The code STAY20 was not used: it has expired.',
  });
});

const upgrade = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  stripe_account: 'acct_1',
  subscription_id: 'sub_1',
  change: 'upgrade',
  plan: { name: 'Pro' },
  plan_before: { name: 'Starter' },
  ...extra,
});

test('an upgrade is celebrated once in the app and by e-mail; from monthly to yearly is no upgrade', async () => {
  await world.liveTemplate('upgrade_celebration');
  const katherine = await world.contact({ name: 'Katherine Johnson' });
  await world.publish({ type: 'subscription_updated', contactId: katherine, data: upgrade({ change: 'interval' }) });
  await world.settle();
  expect(await world.messages()).toEqual([]);
  await world.publish({ type: 'subscription_updated', contactId: katherine, data: upgrade(), dedupeKey: 'evt:1' });
  await world.publish({ type: 'subscription_updated', contactId: katherine, data: upgrade(), dedupeKey: 'evt:1' });
  await world.settle();
  expect(await world.messages()).toMatchObject([
    { channel: 'in_app', status: 'ready', payload: { style: 'confetti', title: 'Welcome to Pro!' } },
    { channel: 'email', status: 'sent' },
  ]);
  expect((await world.captured()).map((mail) => mail.subject)).toEqual(['Welcome to Pro!']);
});

test('who left gets another message, at another time, than who lost their plan over a payment; who comes back gets none', async () => {
  await world.liveTemplate('cancellation_win_back');
  const gone = { billing_status: 'canceled' };
  const left = await world.contact({ ...gone, email: 'left@example.test' });
  const lost = await world.contact({ ...gone, email: 'lost@example.test' });
  const back = await world.contact({ ...gone, email: 'back@example.test' });
  const canceled = (contactId: string, voluntary: boolean): Promise<void> =>
    world.publish({
      type: 'subscription_canceled',
      contactId,
      data: {
        stripe_account: 'acct_1',
        subscription_id: `sub_${contactId}`,
        plan: { name: 'Pro' },
        voluntary,
        never_paid: false,
        feedback: voluntary ? 'too_expensive' : null,
      },
    });
  await canceled(left, true);
  await canceled(lost, false);
  await canceled(back, true);
  await world.advance({ days: 2 });
  expect((await world.captured()).map((mail) => [mail.to, mail.subject])).toEqual([
    ['lost@example.test', 'Your Pro ended because a payment failed'],
  ]);
  await world.publish({ type: 'subscription_created', contactId: back, data: { subscription_id: 'sub_new' } });
  await world.advance({ days: 6 });
  const mails = await world.captured();
  expect(mails.map((mail) => mail.to)).toEqual(['lost@example.test', 'left@example.test']);
  expect(mails[1]?.text).toContain('because it cost too much');
});
