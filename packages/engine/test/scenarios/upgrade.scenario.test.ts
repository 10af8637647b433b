import { afterAll, beforeAll, expect, test } from 'vitest';
import { many } from '#db/db.ts';
import { startWorld, type World } from '../world/world.ts';

let world: World;
const katherine = { email: 'katherine@example.test' };

beforeAll(async () => {
  world = await startWorld();
  await world.stripe.createCustomer({ ...katherine, name: 'Katherine Johnson', metadata: { user_id: 'u_katherine' } });
  await world.stripe.subscribe({ ...katherine, price: 'starter_monthly' });
  await world.connect();
  await world.switchOn('upgrade_celebration');
  await world.settle();
}, 120_000);
afterAll(() => world.close());

const confetti = () =>
  many<{ status: string; title: string }>(world.db, {
    text: `select status, payload->>'title' as title from message where channel = 'in_app' and workspace_id = $1`,
    values: [world.workspaceId],
  });

test('from Starter to Pro: confetti once, and "Welcome to Pro!" by mail', async () => {
  await world.stripe.changePlan({ ...katherine, price: 'pro_monthly' });
  await world.settle();
  expect((await world.events('subscription_updated')).map((event) => event.data)).toMatchObject([
    { change: 'upgrade', plan: { name: 'Pro' }, mrr_before_minor: 2900, mrr_minor: 9900 },
  ]);
  expect(await confetti()).toEqual([{ status: 'ready', title: 'Welcome to Pro!' }]);
  await world.advance({ days: 1 });
  expect((await world.mails()).map((mail) => mail.subject)).toEqual(['Welcome to Pro!']);
});

test('from monthly to yearly is no upgrade', async () => {
  await world.stripe.changePlan({ ...katherine, price: 'pro_yearly' });
  await world.advance({ days: 1 });
  expect((await world.events('subscription_updated')).map((event) => event.data['change'])).toEqual([
    'upgrade',
    'interval',
  ]);
  expect(await confetti()).toHaveLength(1);
  expect(await world.mails()).toHaveLength(1);
});
