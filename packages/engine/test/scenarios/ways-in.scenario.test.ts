import { afterAll, expect, test } from 'vitest';
import { many } from '#db/db.ts';
import type { Simulator } from '@growthos/simulator/server.ts';
import { startWorld, type World } from '../world/world.ts';

const worlds: World[] = [];
afterAll(async () => {
  for (const world of worlds) await world.close();
});

async function open(): Promise<World> {
  const world = await startWorld();
  worlds.push(world);
  return world;
}

const PEOPLE = ['ada', 'grace', 'katherine', 'hedy', 'mary'].map((name) => `${name}@example.test`);

/** Some months of five customers: renewals, a failure, an upgrade, a trial, a refund, a coupon, a cancellation. */
async function live(world: World, stripe: Simulator): Promise<void> {
  const [ada = '', grace = '', katherine = '', hedy = '', mary = ''] = PEOPLE;
  for (const email of PEOPLE)
    await stripe.createCustomer({ email, name: email.split('@')[0] ?? '', metadata: { user_id: email } });
  await stripe.subscribe({ email: ada, price: 'team_monthly' });
  await stripe.subscribe({ email: grace, price: 'pro_monthly', trialDays: 14 });
  await stripe.subscribe({ email: katherine, price: 'starter_monthly', coupon: 'LAUNCH20' });
  await stripe.subscribe({ email: hedy, price: 'volume_monthly', quantity: 12 });
  await stripe.subscribe({ email: mary, price: 'seats_monthly', quantity: 3 });
  await world.advance({ days: 20 });
  await stripe.changePlan({ email: katherine, price: 'pro_monthly' });
  await stripe.refund({ email: ada, amountMinor: 5_000 });
  await world.advance({ days: 15 });
  await stripe.failNextPayment({ email: ada, declineCode: 'insufficient_funds', renewNow: true });
  await stripe.cancel({ email: mary, when: 'period_end', reason: 'cancellation_requested' });
  await stripe.changeQuantity({ email: hedy, quantity: 40 });
  await world.advance({ days: 2 });
}

/** The figures of every contact, without what only says when we heard of them. */
async function figures(world: World): Promise<unknown[]> {
  return many(world.db, {
    text: `select email, billing_status, plan, plan_name, plan_interval, quantity, mrr_minor, mrr_currency, mrr_by_currency, ltv_minor,
             ltv_by_currency, trial_end_date, subscription_start_date, payment_method_on_file, payment_method_last4, cancels_at,
             renews_at, last_payment_at, first_paid_at, failed_attempts, next_payment_attempt_at,
             failed_payment - array['invoice_id', 'subscription_id', 'hosted_invoice_url'] as failed_payment,
             collection_paused, billing_warnings
           from contact where workspace_id = $1 and merged_into is null and email is not null order by email`,
    values: [world.workspaceId],
  });
}

test('webhooks, a backfill afterwards, and events that reconcile finds give the same figures', async () => {
  const heard = await open();
  await heard.connect();
  await live(heard, heard.stripe);
  const expected = await figures(heard);
  expect(expected).toHaveLength(PEOPLE.length);

  const read = await open();
  await live(read, read.stripe);
  await read.connect();
  expect(await figures(read)).toEqual(expected);

  const found = await open();
  await found.connect();
  found.stripe.setFaults({ dropNext: 1_000_000 });
  await live(found, found.stripe);
  found.stripe.setFaults({ dropNext: 0 });
  const { connections } = await found.api<{ connections: { id: string }[] }>('GET', '/api/connections');
  await found.api('POST', `/api/connections/${connections[0]?.id}/reconcile`, {});
  await found.settle();
  expect(await figures(found)).toEqual(expected);
}, 240_000);
