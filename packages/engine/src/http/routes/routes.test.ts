import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Db } from '#db/db.ts';
import { createPublisher } from '#bus/index.ts';
import { openTestDb } from '../../../test/world/database.ts';
import {
  cookiesOf,
  foreignWorkspace,
  openTestApp,
  type SignedUp,
  type TestApp,
  TEST_PASSWORD,
} from '../../../test/world/http-app.ts';
import { insertBusEvent, insertContact, insertRow } from '../../../test/world/rows.ts';
import type { AppActions } from '../app-actions.ts';

let db: Db;
let world: TestApp;
let owner: SignedUp;
const asked: unknown[] = [];
const actions: AppActions = {
  replayLedgerEvent: async (input) => void asked.push(['ledger', input.access.workspaceId, input.seq]),
  replayDeadLetter: async (input) => {
    asked.push(['bus', input.id]);
    throw new Error('still unreadable');
  },
  settingsChanged: async (_tx, input) => void asked.push(['settings', input.key]),
};

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  asked.length = 0;
  await db.execute('truncate workspace, person, first_account, bus_event, bus_dead_letter, inbox_event cascade');
  world = await openTestApp(db, { actions });
  owner = await world.signUp();
});
afterEach(() => world.app.close());

const get = (url: string) => world.ask(owner.cookie, url);
const send = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, payload: object = {}) =>
  world.ask(owner.cookie, { method, url, payload });

test('every page of the dashboard answers for a workspace in which nothing has happened yet', async () => {
  const pages = [
    '/api/overview?timezone=Europe/Berlin',
    '/api/contacts',
    '/api/contacts/filters',
    '/api/messages',
    '/api/messages/planned',
    '/api/captured-inbox',
    '/api/events',
    '/api/events/types',
    '/api/bus-events',
    '/api/dead-letters',
    '/api/ltv-by-channel',
    '/api/settings',
    '/api/members',
    '/api/keys',
    '/api/audit',
    '/api/health',
  ];
  for (const url of pages) {
    const response = await get(url);
    expect([url, response.statusCode, response.statusCode === 200 ? '' : response.body]).toEqual([url, 200, '']);
    expect(response.headers['cache-control']).toBe('no-store');
  }
});

test('nothing of another workspace can be reached by its id', async () => {
  const others = await foreignWorkspace(db, world.clock);
  const now = world.clock.now();
  const contactId = await insertContact(db, { workspaceId: others, now, name: 'Stranger' });
  const eventId = await insertBusEvent(db, { workspaceId: others, contactId, type: 'trial_started', time: now });
  const personId = '0199a000-0000-7000-8000-000000000001';
  await insertRow(db, 'person', { id: personId, name: 'S', email: 's@x.test', created_at: now, updated_at: now });
  await insertRow(db, 'workspace_member', { workspace_id: others, person_id: personId, role: 'owner', since: now });
  for (const url of [
    `/api/contacts/${contactId}`,
    `/api/contacts/${contactId}/timeline`,
    `/api/bus-events/${eventId}`,
    `/api/messages/${eventId}`,
    `/api/captured-inbox/${eventId}`,
    '/api/events/1',
  ]) {
    expect([url, (await get(url)).statusCode]).toEqual([url, 404]);
  }
  expect((await get(`/api/contacts?q=${contactId}`)).json().rows).toEqual([]);
  expect((await send('PATCH', `/api/members/${personId}`, { role: 'viewer' })).statusCode).toBe(404);
  expect((await send('DELETE', `/api/members/${personId}`)).statusCode).toBe(404);
});

test('rules are drawn from their schema, saved whole, checked by it, and tell who must compute anew', async () => {
  const fields = (await get('/api/settings')).json().rules[0].fields as { path: string; kind: string; says: string }[];
  const byPath = new Map(fields.map((field) => [field.path, field]));
  expect(byPath.get('cancelScheduled')).toMatchObject({ kind: 'choice', value: 'exclude', isChanged: false });
  expect(byPath.get('discounts.repeating')).toMatchObject({
    kind: 'switch',
    title: 'Subtract discounts of limited duration',
  });
  expect(byPath.get('rates')).toMatchObject({ kind: 'map' });
  expect(byPath.get('statusOrder')).toMatchObject({ kind: 'order' });
  expect([...byPath.keys()].some((path) => path.startsWith('tiers'))).toBe(false);
  expect(fields.every((field) => field.says.length > 20)).toBe(true);

  const wrong = await send('PUT', '/api/settings/rules/billing', { cancelScheduled: 'whenever' });
  expect(wrong.json()).toMatchObject({ error: { code: 'invalid_input', field: 'cancelScheduled' } });
  expect(asked).toEqual([]);
  await send('PUT', '/api/settings/tiers', { products: { prod_1: 'pro', prod_2: '' }, prices: {} });
  const saved = await send('PUT', '/api/settings/rules/billing', { reportCurrency: 'EUR', rates: { usd: '0.90' } });
  expect(saved.statusCode).toBe(200);
  expect(asked).toEqual([
    ['settings', 'billing'],
    ['settings', 'billing'],
  ]);
  const { rows } = await db.query<{ billing: { reportCurrency: string; tiers: unknown } }>({
    text: `select settings -> 'billing' as billing from workspace where id = $1`,
    values: [owner.liveId],
  });
  expect(rows[0]?.billing).toMatchObject({ reportCurrency: 'eur', tiers: { products: { prod_1: 'pro' }, prices: {} } });
  expect((await send('PUT', '/api/settings/rules/engagement', {})).statusCode).toBe(404);
  const audit = (await get('/api/audit')).json().rows as { text: string; who: string }[];
  expect(audit[0]).toMatchObject({ who: 'Ada', text: 'Changed the billing settings' });
});

test('an invited person joins by the link, once, with the role that was given', async () => {
  const made = (await send('POST', '/api/members/invites', { email: 'grace@navy.example', role: 'editor' })).json();
  expect(made.url).toMatch(/^http:\/\/localhost:4400\/invite\//);
  const token = made.url.split('/').at(-1);
  expect((await world.app.inject(`/api/session/invite/${token}`)).json()).toEqual({
    email: 'grace@navy.example',
    workspaceName: 'Analytical Engines',
    role: 'editor',
    hasAccount: false,
  });
  const accept = {
    method: 'POST' as const,
    url: '/api/session/accept-invite',
    payload: { token, name: 'Grace', password: TEST_PASSWORD },
  };
  const joined = await world.app.inject(accept);
  expect(joined.json()).toMatchObject({ person: { name: 'Grace' }, role: 'editor', workspace: { id: owner.liveId } });
  expect((await world.app.inject(accept)).statusCode).toBe(404);
  const grace = cookiesOf(joined);
  expect((await world.ask(grace, '/api/members')).json().members).toHaveLength(2);
  expect(
    (
      await world.ask(grace, {
        method: 'POST',
        url: '/api/members/invites',
        payload: { email: 'x@y.test', role: 'viewer' },
      })
    ).statusCode,
  ).toBe(403);
  const personId = joined.json().person.id;
  expect((await send('PATCH', `/api/members/${personId}`, { role: 'viewer' })).statusCode).toBe(200);
  await send('DELETE', `/api/members/${personId}`);
  expect((await world.ask(grace, '/api/contacts')).statusCode).toBe(401);
  expect((await send('DELETE', `/api/members/${owner.personId}`)).statusCode).toBe(409);
});

test('an API key is shown once and works until revoked; a write key stays readable and opens nothing here', async () => {
  const made = (await send('POST', '/api/keys/api', { name: 'reports', scope: 'read' })).json();
  const headers = { authorization: `Bearer ${made.key}` };
  expect((await world.app.inject({ url: '/api/contacts', headers })).statusCode).toBe(200);
  const written = (await send('POST', '/api/keys/write', { name: 'website' })).json();
  expect(written.writeKeys).toMatchObject([{ name: 'website', key: expect.stringMatching(/^wk_/) }]);
  expect(JSON.stringify(written)).not.toContain(made.key);
  const wrong = { authorization: `Bearer ${written.writeKeys[0].key}` };
  expect((await world.app.inject({ url: '/api/contacts', headers: wrong })).statusCode).toBe(401);
  await send('DELETE', `/api/keys/api/${made.id}`);
  expect((await world.app.inject({ url: '/api/contacts', headers })).statusCode).toBe(401);
});

test('a replay is asked of its stage, noted in the audit log, and one that fails again says why', async () => {
  expect((await send('POST', '/api/dead-letters/inbox-42/replay')).json()).toEqual({ ok: true });
  expect((await send('POST', '/api/events/7/replay')).json()).toEqual({ ok: true });
  expect(asked).toEqual([
    ['ledger', owner.liveId, 42n],
    ['ledger', owner.liveId, 7n],
  ]);
  const again = await send('POST', '/api/dead-letters/0199a000-0000-7000-8000-000000000001/replay');
  expect(again.statusCode).toBe(409);
  expect(again.json().error.message).toBe('It failed again: still unreadable');
  expect((await send('POST', '/api/dead-letters/nonsense/replay')).statusCode).toBe(404);
  const audit = (await get('/api/audit')).json().rows as { action: string }[];
  expect(audit.filter((entry) => entry.action === 'event.replayed')).toHaveLength(2);
});

test('an open page hears at once what happens in its workspace, and what it missed when it comes back', async () => {
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  const address = world.app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const publisher = createPublisher({ clock: world.clock });
  const publish = (type: string, workspaceId = owner.liveId) =>
    db.transaction(async (tx) =>
      publisher.publish(tx, [
        { workspaceId, contactId: null, type, source: 'growthos', time: world.clock.now(), data: {}, cause: null },
      ]),
    );
  const open = async (lastId?: string) => {
    const abort = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/api/live`, {
      headers: { cookie: owner.cookie, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
      signal: abort.signal,
    });
    const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (what: RegExp): Promise<string> => {
      while (!what.test(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended before ${what}`);
        text += value;
      }
      return text;
    };
    return { response, until, close: () => abort.abort() };
  };
  const first = await open();
  expect(first.response.headers.get('content-type')).toContain('text/event-stream');
  await first.until(/: ready/);
  await publish('trial_started', owner.testId);
  await publish('segment_entered');
  const heard = await first.until(/segment_entered/);
  expect(heard).not.toContain('trial_started');
  first.close();
  await publish('segment_left');
  const id = /id: (\d+)/.exec(heard)?.[1] ?? '';
  const second = await open(id);
  expect(await second.until(/segment_left/)).not.toContain('segment_entered');
  second.close();
});
