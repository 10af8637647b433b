import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, type World } from '../world/world.ts';

let world: World;
const busy = 'grace@example.test';
const quiet = 'hedy@example.test';
const converting = 'mary@example.test';

beforeAll(async () => {
  world = await startWorld();
  for (const email of [busy, quiet, converting]) {
    await world.stripe.createCustomer({ email, name: email.split('@')[0] ?? '', metadata: { user_id: email } });
    await world.stripe.subscribe({ email, price: 'pro_monthly', trialDays: 14 });
  }
  await world.connect();
  await world.switchOn('trial_expiry');
  await world.settle();
}, 120_000);
afterAll(() => world.close());

const mailsOf = async (email: string) => (await world.mails()).filter((mail) => mail.to === email);

test('three days before its end a trial hears of it: a busy one with a code, a quiet one without; who converts hears nothing', async () => {
  for (let day = 0; day < 10; day++) {
    for (let visit = 0; visit < 8; visit++) await world.track('Feature Used', busy, { visit, day });
    await world.advance({ days: 1 });
  }
  await world.track('Logged In', quiet);
  await world.stripe.setTrialEnd({ email: converting, trialEnd: 'now' });
  await world.settle();
  expect(await world.mails()).toEqual([]);
  expect((await world.contact(busy))['engagement_score']).toBeGreaterThanOrEqual(60);
  expect((await world.contact(quiet))['engagement_score']).toBeLessThan(60);

  await world.advance({ days: 2 });
  expect((await mailsOf(busy)).map((mail) => mail.subject)).toEqual(['Your trial expires in 3 days']);
  expect((await mailsOf(busy))[0]?.text).toContain('STAY20');
  expect((await mailsOf(quiet)).map((mail) => mail.subject)).toEqual(['Your trial expires in 3 days']);
  expect((await mailsOf(quiet))[0]?.text).not.toContain('STAY20');
  expect(await mailsOf(converting)).toEqual([]);

  await world.stripe.setTrialEnd({ email: busy, trialEnd: 'now' });
  await world.advance({ days: 5 });
  expect(await mailsOf(busy)).toHaveLength(1);
  expect((await world.events('sequence_exited')).length).toBeGreaterThan(0);
}, 120_000);
