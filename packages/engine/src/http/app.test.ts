import type { FastifyInstance } from 'fastify';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApiKey } from '#access/index.ts';
import { createLog } from '#base/log.ts';
import type { Db } from '#db/db.ts';
import { openTestDb } from '../../test/world/database.ts';
import { cookiesOf, openTestApp, type TestApp, TEST_PASSWORD, TEST_SECRET } from '../../test/world/http-app.ts';

let db: Db;
let world: TestApp;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute('truncate workspace, person, first_account cascade');
  world = await openTestApp(db);
});
afterEach(() => world.app.close());

const options = {
  version: '0',
  baseUrl: null,
  isDemo: true,
  secret: TEST_SECRET,
  dashboardDir: null,
  isBehindProxy: false,
  isCapturingMail: true,
};

test('nobody gets anything below /api without a session or a key', async () => {
  await world.signUp();
  for (const url of ['/api/session', '/api/contacts', '/api/overview', '/api/settings', '/api/live', '/api/nothing']) {
    const response = await world.app.inject(url);
    expect([url, response.statusCode]).toEqual([url, 401]);
    expect(response.json()).toMatchObject({ error: { code: 'unauthenticated' } });
  }
  const wrongKey = await world.app.inject({ url: '/api/contacts', headers: { authorization: 'Bearer gos_nope' } });
  expect(wrongKey.statusCode).toBe(401);
});

test('the first visitor signs up, is asked to sign in afterwards, and the session holds until signed out', async () => {
  expect((await world.app.inject('/api/session/start')).json()).toEqual({ state: 'first_run' });
  const { cookie, liveId, testId } = await world.signUp();
  expect((await world.app.inject('/api/session/start')).json()).toEqual({ state: 'sign_in' });
  expect((await world.ask(cookie, '/api/session')).json()).toMatchObject({
    person: { email: 'ada@analytical.example' },
    workspace: { id: liveId, mode: 'live', twinId: testId },
    role: 'owner',
    isDemo: false,
  });
  await world.ask(cookie, { method: 'POST', url: '/api/session/sign-out', payload: {} });
  expect((await world.ask(cookie, '/api/session')).statusCode).toBe(401);
  const signIn = { email: 'ada@analytical.example', password: TEST_PASSWORD };
  const again = await world.app.inject({ method: 'POST', url: '/api/session/sign-in', payload: signIn });
  expect((await world.ask(cookiesOf(again), '/api/session')).statusCode).toBe(200);
});

test('the session cookie cannot be read by scripts nor sent from other sites', async () => {
  const response = await world.app.inject({
    method: 'POST',
    url: '/api/session/first',
    payload: { name: 'A', email: 'a@example.test', password: TEST_PASSWORD, workspaceName: 'W' },
  });
  const [cookie] = response.cookies;
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
});

test('the switch to the twin workspace is remembered', async () => {
  const { cookie, testId } = await world.signUp();
  const switched = await world.ask(cookie, {
    method: 'POST',
    url: '/api/session/workspace',
    payload: { workspaceId: testId },
  });
  expect(switched.json()).toMatchObject({ workspace: { id: testId, mode: 'test' } });
  expect((await world.ask(cookie, '/api/session')).json()).toMatchObject({ workspace: { id: testId } });
  const foreign = await world.ask(cookie, {
    method: 'POST',
    url: '/api/session/workspace',
    payload: { workspaceId: '0199a000-0000-7000-8000-000000000000' },
  });
  expect(foreign.statusCode).toBe(404);
});

test('a viewer may look and not touch, an editor may not change settings or members', async () => {
  const { liveId } = await world.signUp();
  const viewer = await world.member({ workspaceId: liveId, role: 'viewer', email: 'viewer@example.test' });
  const editor = await world.member({ workspaceId: liveId, role: 'editor', email: 'editor@example.test' });
  expect((await world.ask(viewer, '/api/contacts')).statusCode).toBe(200);
  expect((await world.ask(viewer, { method: 'POST', url: '/api/events/1/replay', payload: {} })).statusCode).toBe(403);
  expect((await world.ask(editor, { method: 'POST', url: '/api/events/1/replay', payload: {} })).statusCode).toBe(200);
  const refused = await world.ask(editor, {
    method: 'PUT',
    url: '/api/settings/workspace',
    payload: { name: 'X', timezone: 'UTC' },
  });
  expect(refused.statusCode).toBe(403);
  expect(refused.json()).toMatchObject({ error: { code: 'forbidden', message: expect.stringContaining('admin') } });
  expect((await world.ask(editor, '/api/audit')).statusCode).toBe(403);
});

test('an API key acts in its workspace with its scope, and has no session', async () => {
  const { liveId, personId } = await world.signUp();
  const access = { workspaceId: liveId, personId, role: 'owner', via: 'session' } as const;
  const { key } = await createApiKey({ db, clock: world.clock }, { access, name: 'reports', scope: 'read' });
  const headers = { authorization: `Bearer ${key}` };
  expect((await world.app.inject({ url: '/api/contacts', headers })).statusCode).toBe(200);
  expect((await world.app.inject({ url: '/api/session', headers })).statusCode).toBe(403);
  const write = await world.app.inject({ method: 'POST', url: '/api/events/1/replay', headers, payload: {} });
  expect(write.statusCode).toBe(403);
});

test('a page of another site cannot act with our cookie', async () => {
  const { cookie } = await world.signUp();
  const from = (headers: Record<string, string>) =>
    world.app.inject({
      method: 'PUT',
      url: '/api/settings/workspace',
      payload: { name: 'New name', timezone: 'UTC' },
      headers: { cookie, host: 'localhost:4400', ...headers },
    });
  expect((await from({ origin: 'https://evil.example' })).statusCode).toBe(403);
  expect((await from({ origin: 'null' })).statusCode).toBe(403);
  expect((await from({ 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
  expect((await from({})).statusCode).toBe(403);
  expect((await from({ origin: 'http://localhost:4400' })).statusCode).toBe(200);
  expect((await from({ 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200);
});

test('a wrong input is answered 400 with the field that is wrong', async () => {
  const { cookie } = await world.signUp();
  const body = await world.ask(cookie, { method: 'PUT', url: '/api/settings/workspace', payload: { name: 'X' } });
  expect(body.statusCode).toBe(400);
  expect(body.json()).toMatchObject({ error: { code: 'invalid_input', field: 'timezone' } });
  const zone = await world.ask(cookie, {
    method: 'PUT',
    url: '/api/settings/workspace',
    payload: { name: 'X', timezone: 'Mars/Olympus' },
  });
  expect(zone.json()).toMatchObject({ error: { field: 'timezone', message: expect.stringContaining('IANA') } });
  const query = await world.ask(cookie, '/api/contacts?limit=0');
  expect(query.json()).toMatchObject({ error: { code: 'invalid_input', field: 'limit' } });
  const cursor = await world.ask(cookie, '/api/contacts?cursor=nonsense');
  expect(cursor.json()).toMatchObject({ error: { code: 'invalid_input', field: 'cursor' } });
  const notJson = await world.ask(cookie, {
    method: 'PUT',
    url: '/api/settings/workspace',
    payload: '{',
    headers: { 'content-type': 'application/json' },
  });
  expect(notJson.statusCode).toBe(400);
});

test('the demo signs in whoever sits at its machine, and nobody else', async () => {
  const demo = await openTestApp(db, { options });
  const post = (over: { remoteAddress?: string; headers?: Record<string, string> }) =>
    demo.app.inject({
      method: 'POST',
      url: '/api/session/demo',
      payload: {},
      remoteAddress: over.remoteAddress ?? '127.0.0.1',
      headers: { host: 'localhost:4400', ...over.headers },
    });
  expect((await post({ remoteAddress: '203.0.113.7' })).statusCode).toBe(403);
  expect((await post({ headers: { 'x-forwarded-for': '203.0.113.7' } })).statusCode).toBe(403);
  expect((await post({ headers: { host: 'rebound.example:4400' } })).statusCode).toBe(403);
  const inside = await post({});
  expect(inside.json()).toMatchObject({ isDemo: true, workspace: { name: 'Analytical Engines' } });
  expect((await post({ remoteAddress: '::1', headers: { host: '[::1]:4400' } })).statusCode).toBe(200);
  expect((await demo.app.inject({ url: '/api/session/start', headers: { host: 'localhost' } })).json()).toEqual({
    state: 'demo',
  });
  await demo.app.close();
  expect((await world.app.inject({ method: 'POST', url: '/api/session/demo', payload: {} })).statusCode).toBe(404);
});

test('guessing at passwords is slowed down', async () => {
  await world.signUp();
  const codes: number[] = [];
  for (let nth = 0; nth < 12; nth++) {
    const response = await world.app.inject({
      method: 'POST',
      url: '/api/session/sign-in',
      payload: { email: 'ada@analytical.example', password: 'wrong wrong wrong' },
      remoteAddress: `203.0.113.${nth}`,
    });
    codes.push(response.statusCode);
  }
  expect(codes.slice(0, 10)).toEqual(Array(10).fill(401));
  expect(codes.slice(10)).toEqual([429, 429]);
});

test('every answer carries a request id and the security headers', async () => {
  const response = await world.app.inject('/');
  expect(response.headers['content-security-policy']).toContain("default-src 'self'");
  expect(response.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
  expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('the log has one line per request with its pattern, and no address, e-mail or token', async () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const logged = await openTestApp(db, { log });
  await logged.app.inject('/api/session/invite/a-secret-token-of-an-invite?email=ada@analytical.example');
  await logged.app.inject({
    url: '/api/contacts?q=ada@analytical.example',
    headers: { cookie: 'growthos.session=abc' },
  });
  await logged.app.close();
  const text = lines.join('');
  expect(text).toContain('/api/session/invite/:token');
  expect(text).not.toMatch(/ada@|a-secret-token|growthos\.session|127\.0\.0\.1/);
});

test('an unforeseen error says nothing of itself, and a lost database is a 503 that says when to try again', async () => {
  const failing = await openTestApp(db, {
    routes: [
      async (app) => {
        app.get('/v1/boom', async () => {
          throw new Error('secret detail');
        });
        app.get('/v1/down', async () => {
          throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
        });
      },
    ],
  });
  const boom = await failing.app.inject('/v1/boom');
  expect(boom.statusCode).toBe(500);
  expect(boom.body).not.toContain('secret detail');
  expect(boom.json()).toMatchObject({ error: { code: 'internal', requestId: boom.headers['x-request-id'] } });
  const down = await failing.app.inject('/v1/down');
  expect([down.statusCode, down.headers['retry-after']]).toEqual([503, '5']);
  expect(down.body).not.toContain('5432');
  await failing.app.close();
});

test('the dashboard answers for its own addresses, files are served as they are, and unknown API paths stay JSON', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'growthos-dashboard-'));
  mkdirSync(join(dir, 'assets'));
  writeFileSync(join(dir, 'index.html'), '<!doctype html><title>The dashboard</title>');
  writeFileSync(join(dir, 'assets', 'main-abc123.js'), 'export {};');
  const served = await openTestApp(db, { options: { ...options, isDemo: false, dashboardDir: dir } });
  for (const url of ['/', '/contacts/0199?tab=billing', '/segments']) {
    expect((await served.app.inject(url)).body).toContain('The dashboard');
  }
  const asset = await served.app.inject('/assets/main-abc123.js');
  expect([asset.statusCode, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
  for (const url of ['/v1/unknown', '/assets/gone.js', '/webhooks/none']) {
    const response = await served.app.inject(url);
    expect([url, response.statusCode, response.json().error.code]).toEqual([url, 404, 'not_found']);
  }
  expect((await served.app.inject('/assets/..%2f..%2fpackage.json')).statusCode).not.toBe(200);
  await served.app.close();
  rmSync(dir, { recursive: true });
});

test('a webhook is answered without what only browsers need', async () => {
  const route = async (app: FastifyInstance): Promise<void> => void app.post('/webhooks/probe', async () => 'taken');
  const served = await openTestApp(db, { webhookRoutes: [route] });
  const webhook = await served.app.inject({ method: 'POST', url: '/webhooks/probe' });
  expect(webhook.body).toBe('taken');
  expect(Object.keys(webhook.headers).sort()).toEqual([
    'connection',
    'content-length',
    'content-type',
    'date',
    'x-request-id',
  ]);
  expect((await served.app.inject('/health')).headers['content-security-policy']).toContain("default-src 'self'");
  await served.app.close();
});

test('health, readiness, metrics and the OpenAPI document are there for machines', async () => {
  expect((await world.app.inject('/health')).json()).toEqual({ status: 'ok' });
  const ready = await world.app.inject('/ready');
  expect(ready.json()).toMatchObject({ status: 'ok', database: 'ok' });
  expect(ready.json().lags.map((lag: { name: string }) => lag.name)).toContain('inbox');
  const metrics = await world.app.inject('/metrics');
  expect(metrics.body).toMatch(/growthos_queue_lag_seconds\{queue="inbox"\} 0/);
  expect(metrics.body).toContain('growthos_http_request_seconds_bucket');
  const document = (await world.app.inject('/api/openapi.json')).json();
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/api/contacts', '/api/contacts/{id}', '/api/session/sign-in', '/ready']),
  );
});
