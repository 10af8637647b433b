import { afterAll, beforeAll, expect, test } from 'vitest';
import { many } from '#db/db.ts';
import { startWorld, type World } from '../world/world.ts';

let world: World;
const ADDRESS = 'ada.erased@example.test';

beforeAll(async () => {
  world = await startWorld();
  await world.stripe.createCustomer({ email: ADDRESS, name: 'Ada Erased', metadata: { user_id: 'u_erased' } });
  await world.stripe.subscribe({ email: ADDRESS, price: 'team_monthly' });
  await world.connect();
  await world.switchOn('failed_payment_recovery');
  await world.track('Logged In', 'u_erased', { from: ADDRESS });
  await world.stripe.failNextPayment({ email: ADDRESS, renewNow: true });
  await world.advance({ days: 4 });
}, 120_000);
afterAll(() => world.close());

/** Every table that still holds a word, in whatever column. */
async function tablesThatKnow(word: string): Promise<string[]> {
  const tables = await many<{ name: string }>(world.db, {
    text: `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  });
  const knowing: string[] = [];
  for (const { name } of tables) {
    const rows = await many(world.db, {
      text: `select 1 from "${name}" t where t::text ilike $1 limit 1`,
      values: [`%${word}%`],
    });
    if (rows.length > 0) knowing.push(name);
  }
  return knowing;
}

test('a person who is erased is in no table any more, and does not come back with the next event', async () => {
  expect(await tablesThatKnow(ADDRESS)).toEqual(
    expect.arrayContaining(['bus_event', 'captured_email', 'contact', 'inbox_event', 'message']),
  );
  const { id } = await world.contact(ADDRESS);
  await world.api('POST', `/api/contacts/${id}/erase`, { confirm: ADDRESS });
  expect(await tablesThatKnow(ADDRESS)).toEqual([]);
  expect(await tablesThatKnow('Ada Erased')).toEqual([]);
  await world.stripe.payOpenInvoice({ email: ADDRESS });
  await world.track('Logged In', 'u_erased', { from: ADDRESS });
  await world.settle();
  expect(await tablesThatKnow(ADDRESS)).toEqual([]);
}, 60_000);
