import { afterAll, beforeAll, expect, test } from 'vitest';
import { many, one } from '#db/db.ts';
import { startWorld, type World } from '../world/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
  await world.stripe.bulkLoad({ customers: 250, invoicesPerSubscription: 2 });
  await world.connect();
}, 120_000);
afterAll(() => world.close());

const tellings = () =>
  many<{ times: number; isNew: boolean; mrr: string | null }>(world.db, {
    text: `select count(*)::int as times, bool_and((data->>'is_new')::boolean) as "isNew", min(c.mrr_minor)::text as mrr
           from bus_event e join contact c on c.id = e.contact_id
           where e.workspace_id = $1 and e.type = 'contact_updated' group by e.contact_id`,
    values: [world.workspaceId],
  });
const waiting = () => one(world.db, { text: 'select 1 from contact_stale' });

test('who is read of an account becomes known once, with all figures, however many pages told of them; reading again tells nothing', async () => {
  const once = Array.from({ length: 250 }, () => ({ times: 1, isNew: true, mrr: '9900' }));
  expect(await tellings()).toEqual(once);
  expect(await waiting()).toBeUndefined();
  const { connections } = await world.api<{ connections: { id: string }[] }>('GET', '/api/connections');
  await world.api('POST', `/api/connections/${connections[0]?.id}/backfill`);
  await world.settle();
  expect(await tellings()).toEqual(once);
  expect(await waiting()).toBeUndefined();
}, 120_000);
