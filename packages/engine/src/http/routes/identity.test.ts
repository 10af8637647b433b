import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPublisher } from '#bus/index.ts';
import { many, one, type Db } from '#db/db.ts';
import { applyStripeEvents, applyTrackEvents, explainContactBilling } from '#project/index.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { aCustomer, aSubscription, EMPTY_MESSAGE, GRAPH_START } from '../../../test/world/graph.ts';
import { openTestApp, type SignedUp, type TestApp } from '../../../test/world/http-app.ts';
import { explainRoutes } from './explain.ts';
import { identityRoutes } from './identity.ts';

let db: Db;
let web: TestApp;
let owner: SignedUp;
let serial = 0;
const clock = { now: () => GRAPH_START };
const publisher = createPublisher({ clock });

beforeAll(async () => {
  db = await openTestDb();
  web = await openTestApp(db, {
    routes: [
      identityRoutes({ db, clock, publisher }),
      explainRoutes({ explain: (input) => explainContactBilling(db, { ...input, clock }) }),
    ],
  });
  owner = await web.signUp();
});
afterAll(async () => {
  await web.app.close();
  await db.close();
});

async function say(message: Record<string, unknown>): Promise<void> {
  const eventId = `m${(serial += 1)}`;
  const payload = { ...EMPTY_MESSAGE, ...message, messageId: eventId, timestamp: GRAPH_START.toISOString() };
  const events = [{ workspaceId: owner.testId, eventId, payload }];
  await db.transaction((tx) => applyTrackEvents({ clock, publisher }, { tx, events }));
}

async function stripe(type: string, object: Record<string, unknown>): Promise<void> {
  const eventId = `evt_${(serial += 1)}`;
  const createdS = GRAPH_START.getTime() / 1000;
  const event = {
    workspaceId: owner.testId,
    origin: 'acct_1',
    livemode: false,
    eventId,
    type,
    createdS,
    payload: { data: { object } },
  };
  await db.transaction((tx) => applyStripeEvents({ clock, publisher }, { tx, events: [event] }));
}

async function contactOf(value: string): Promise<string> {
  const row = await one<{ id: string }>(db, {
    text: 'select contact_id as id from contact_identity where value = $1',
    values: [value],
  });
  return row?.id ?? '';
}

const ask = (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) =>
  web.ask(owner.cookie, { method, url, ...(payload ? { payload } : {}) });

test('who is who is decided over HTTP: a conflict is listed and answered, contacts are merged and parted, and each act is audited', async () => {
  const switched = await ask('POST', '/api/session/workspace', { workspaceId: owner.testId });
  expect(switched.statusCode).toBe(200);
  await say({ type: 'identify', userId: 'ada', traits: { email: 'team@example.test', name: 'Ada' } });
  await say({ type: 'identify', userId: 'grace', traits: { email: 'team@example.test', name: 'Grace' } });
  const [ada, grace] = [await contactOf('ada'), await contactOf('grace')];
  const { conflicts } = (await ask('GET', '/api/identity/conflicts')).json();
  expect(conflicts).toMatchObject([
    {
      identity: { kind: 'email', value: 'team@example.test' },
      belongsTo: { id: ada, name: 'Ada' },
      candidates: [{ contact: { id: ada } }, { contact: { id: grace, name: 'Grace' } }],
    },
  ]);
  const url = `/api/identity/conflicts/${conflicts[0].id}/resolve`;
  const stranger = await ask('POST', url, { action: 'link', contactId: '00000000-0000-4000-8000-000000000000' });
  expect([stranger.statusCode, stranger.json().error.field]).toEqual([400, 'contactId']);
  expect((await ask('POST', url, { action: 'keep_apart' })).statusCode).toBe(200);
  expect((await ask('POST', url, { action: 'keep_apart' })).statusCode).toBe(409);
  const merged = await ask('POST', `/api/contacts/${grace}/merge`, { into: ada });
  expect(merged.statusCode).toBe(200);
  const { merges } = (await ask('GET', `/api/contacts/${ada}/merges`)).json();
  expect(merges).toMatchObject([
    { id: merged.json().mergeId, from: { id: grace, name: 'Grace' }, by: 'person', canUndo: true },
  ]);
  const undone = await ask('POST', `/api/identity/merges/${merges[0].id}/undo`);
  expect(undone.json()).toEqual({ contactId: ada, restoredContactId: grace });
  expect(await contactOf('grace')).toBe(grace);
  expect((await ask('POST', `/api/contacts/${grace}/erase`, { confirm: 'somebody else' })).statusCode).toBe(400);
  expect((await ask('POST', `/api/contacts/${grace}/erase`, { confirm: 'Grace' })).statusCode).toBe(200);
  const audit = await many<{ action: string }>(db, {
    text: `select action from audit_entry where workspace_id = $1 and action like any(array['identity%', 'contact%']) order by at, id`,
    values: [owner.testId],
  });
  expect(audit.map((row) => row.action)).toEqual([
    'identity.conflict_resolved',
    'contact.merged',
    'contact.merge_undone',
    'contact.erased',
  ]);
  const viewer = await web.member({ workspaceId: owner.testId, role: 'viewer', email: 'viewer@example.test' });
  const refused = await web.ask(viewer, { method: 'POST', url: `/api/contacts/${ada}/merge`, payload: { into: ada } });
  expect(refused.statusCode).toBe(403);
});

test('the explanation of MRR adds up to the figure on the contact, in money that a page can show', async () => {
  const coupon = { id: 'c', object: 'coupon', name: 'Early bird', percent_off: 10, duration: 'forever' };
  const discounts = [{ id: 'di_1', object: 'discount', coupon, start: 1, end: null }];
  await stripe('customer.created', aCustomer('cus_1', { email: 'explained@example.test' }));
  await stripe('customer.subscription.created', aSubscription('sub_1', 'cus_1', { unitAmount: 9900, discounts }));
  const id = await contactOf('acct_1/cus_1');
  const answer = await ask('GET', `/api/contacts/${id}/billing/explanation`);
  expect(answer.statusCode).toBe(200);
  const { mrr, ltv, warnings } = answer.json();
  expect(mrr.total).toEqual({ amountMinor: 8910, currency: 'usd', formatted: '$89.10' });
  expect(mrr.subscriptions[0]).toMatchObject({
    subscriptionId: 'sub_1',
    reason: 'counted',
    amount: { formatted: '$89.10' },
  });
  const lines: { kind: string; approximateMinor: string; perMonthShown: string }[] = mrr.subscriptions[0].lines;
  expect(lines.map((line) => line.perMonthShown)).toEqual(expect.arrayContaining(['$99.00', '-$9.90']));
  expect(mrr.subscriptions[0].lines[0].steps).toMatchObject([
    { units: '1', unitShown: '$99.00', flatShown: null, amountShown: '$99.00' },
  ]);
  expect(lines.map((line) => line.kind)).toEqual(expect.arrayContaining(['item', 'discount']));
  expect(lines.reduce((sum, line) => sum + Number(line.approximateMinor), 0)).toBe(8910);
  expect(ltv.total).toMatchObject({ amountMinor: 0 });
  expect(warnings).toEqual([]);
  expect((await ask('GET', '/api/contacts/nobody/billing/explanation')).statusCode).toBe(404);
});

test('people who claim the same are compared side by side, merged in one answer, and asked about again when that is undone', async () => {
  await say({ type: 'identify', userId: 'first', traits: { email: 'shop@example.test', name: 'Mary' } });
  await say({ type: 'identify', userId: 'second', traits: { email: 'shop@example.test', name: 'Joan' } });
  const [mary, joan] = [await contactOf('first'), await contactOf('second')];
  const open = async () =>
    (
      (await ask('GET', '/api/identity/conflicts')).json().conflicts as {
        id: string;
        identity: { value: string };
        candidates: unknown;
      }[]
    ).filter((one) => one.identity.value === 'shop@example.test');
  const [conflict] = await open();
  expect(conflict?.candidates).toMatchObject([
    {
      contact: {
        id: mary,
        name: 'Mary',
        userId: 'first',
        billingStatus: 'none',
        mrr: null,
        knownBy: ['User id first, from your app', 'E-mail shop@example.test, from your app'],
      },
    },
    { contact: { id: joan, knownBy: ['User id second, from your app'] } },
  ]);
  const answered = await ask('POST', `/api/identity/conflicts/${conflict?.id}/resolve`, {
    action: 'merge',
    contactId: mary,
  });
  expect(answered.statusCode).toBe(200);
  expect(await contactOf('second')).toBe(mary);
  expect(await open()).toEqual([]);
  const { merges } = (await ask('GET', '/api/identity/merges')).json();
  expect(merges[0]).toMatchObject({
    from: { id: joan, name: 'Joan' },
    into: { id: mary, name: 'Mary' },
    by: 'person',
    byName: expect.stringMatching(/./),
    canUndo: true,
  });
  await ask('POST', `/api/identity/merges/${merges[0].id}/undo`);
  const [undone] = (await ask('GET', `/api/contacts/${mary}/merges`)).json().merges;
  expect(undone).toMatchObject({ undoneByName: merges[0].byName, canUndo: false });
  expect(await open()).toHaveLength(1);
  expect((await ask('GET', `/api/identity/compare?contactIds=${mary},${joan}`)).json().contacts).toHaveLength(2);
  expect((await ask('GET', '/api/identity/compare?contactIds=nobody')).statusCode).toBe(400);
});
