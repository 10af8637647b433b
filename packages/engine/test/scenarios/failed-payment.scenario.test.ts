import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, type World } from '../world/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
  await world.stripe.createCustomer({
    email: 'ada@example.test',
    name: 'Ada Lovelace',
    metadata: { user_id: 'u_ada' },
  });
  await world.stripe.subscribe({ email: 'ada@example.test', price: 'team_monthly' });
  await world.connect();
  await world.switchOn('failed_payment_recovery');
  await world.track('Logged In', 'u_ada');
  await world.settle();
}, 120_000);
afterAll(() => world.close());

test('a failed payment is on the contact page in one sentence, in the app as a nudge, and later in a mail from the founder; paying ends the rest', async () => {
  await world.stripe.failNextPayment({ email: 'ada@example.test', declineCode: 'insufficient_funds', renewNow: true });
  await world.settle();
  const ada = await world.contact('ada@example.test');
  expect(ada).toMatchObject({
    billing_status: 'past_due',
    failed_payment: { amount_minor: 20_000, decline_code: 'insufficient_funds' },
  });
  const page = await world.api<{ sentences: string[] }>('GET', `/api/contacts/${ada.id}`);
  expect(JSON.stringify(page)).toContain('Payment of $200.00 failed');
  expect(JSON.stringify(page)).toContain(
    '(insufficient funds). Stripe retries on 27 Nov. Step 2 of 4 of Failed payment recovery.',
  );
  expect((await world.events('segment_entered')).map((event) => event.data['segment_name'])).toContain(
    'Failed payment',
  );
  const nudges = await world.api<unknown>('GET', '/api/messages');
  expect(JSON.stringify(nudges)).toContain("Your last payment didn't go through");
  expect(await world.mails()).toEqual([]);

  await world.advance({ days: 3, hours: 3 });
  const mails = await world.mails();
  expect(mails.map(({ to, subject }) => ({ to, subject }))).toEqual([
    { to: 'ada@example.test', subject: 'A quick question about your payment' },
  ]);
  expect(mails[0]?.text).toContain('$200.00');

  await world.stripe.payOpenInvoice({ email: 'ada@example.test' });
  await world.settle();
  expect((await world.events('payment_recovered')).length).toBe(1);
  expect((await world.events('sequence_exited')).map((event) => event.data['reason'])).toEqual(['goal']);
  expect(await world.contact('ada@example.test')).toMatchObject({
    billing_status: 'active',
    failed_attempts: 0,
    failed_payment: null,
  });
  await world.advance({ days: 14 });
  expect(await world.mails()).toHaveLength(1);
  expect(world.stripe.violations()).toEqual([]);
}, 120_000);
