import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bench, clientFor, failureOf, startBench } from './world.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await startBench();
});

afterEach(() => bench.close());

const BACK = 'http://127.0.0.1:9/back';

async function authorize(decision: 'connect' | 'cancel', clientId = bench.sim.clientId): Promise<URL> {
  const answer = await fetch(`${bench.sim.url}/oauth/decide`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_id: clientId,
      redirect_uri: BACK,
      state: 'st4te',
      scope: clientId === bench.sim.clientId ? 'read_write' : 'stripe_apps',
      account: bench.sim.companyAccount,
      decision,
    }),
  });
  return new URL(answer.headers.get('location') ?? '');
}

test('the authorize page names the app, its scope and the accounts to choose from', async () => {
  const { sim } = bench;
  const url = `${sim.url}/oauth/authorize?response_type=code&client_id=${sim.clientId}&scope=read_write&redirect_uri=${encodeURIComponent(BACK)}&state=s`;
  const page = await (await fetch(url)).text();
  expect(page).toContain('GrowthOS would like to connect');
  expect(page).toContain('read_write');
  expect(page).toContain('Analytical Engines');
  expect(page).toContain('Difference Works');
  const refused = await fetch(url.replace('read_write', 'read_only'));
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    error: 'invalid_scope',
    error_description: 'read_only can only be specified for extensions',
  });
});

test('a code connects once; used twice, the connection is revoked and the platform hears of it', async () => {
  const { sim } = bench;
  const platform = clientFor(sim, sim.keys.platformTest);
  const back = await authorize('connect');
  expect(back.searchParams.get('state')).toBe('st4te');
  const code = back.searchParams.get('code') ?? '';
  const token = await platform.oauth.token({ grant_type: 'authorization_code', code });
  expect(token).toMatchObject({
    stripe_user_id: sim.companyAccount,
    scope: 'read_write',
    livemode: false,
    token_type: 'bearer',
  });
  const reader = clientFor(sim, sim.keys.platformTest, { account: sim.companyAccount });
  expect((await reader.customers.list()).data).toEqual([]);
  expect((await clientFor(sim, token.access_token ?? '').customers.list()).data).toEqual([]);
  const again = await failureOf(platform.oauth.token({ grant_type: 'authorization_code', code }));
  expect(again.message).toContain('already been used');
  const shut = await failureOf(reader.customers.list());
  expect([shut.statusCode, shut.code]).toEqual([403, 'account_invalid']);
  expect((await failureOf(clientFor(sim, token.access_token ?? '').customers.list())).statusCode).toBe(401);
  expect(sim.events().map((event) => event.type)).toEqual([
    'account.application.deauthorized',
    'account.application.authorized',
  ]);
});

test('a code is good for five minutes', async () => {
  const { sim } = bench;
  const code = (await authorize('connect')).searchParams.get('code') ?? '';
  await sim.advance({ minutes: 5, seconds: 1 });
  const late = await failureOf(
    clientFor(sim, sim.keys.platformTest).oauth.token({ grant_type: 'authorization_code', code }),
  );
  expect(late.message).toContain('Authorization code expired');
});

test('a person who presses Cancel comes back with access_denied', async () => {
  const back = await authorize('cancel');
  expect(back.searchParams.get('error')).toBe('access_denied');
  expect(back.searchParams.get('state')).toBe('st4te');
});

test('deauthorize ends the connection once; a second time there is nothing to end', async () => {
  const { sim } = bench;
  await sim.connectAccount();
  const platform = clientFor(sim, sim.keys.platformTest);
  const input = { client_id: sim.clientId, stripe_user_id: sim.companyAccount };
  expect(await platform.oauth.deauthorize(input)).toMatchObject({ stripe_user_id: sim.companyAccount });
  const again = await failureOf(platform.oauth.deauthorize(input));
  expect(again.statusCode).toBe(401);
  expect(again.message).toContain('not connected');
});

test('an app’s token lives an hour and may read only; its refresh token changes with every use', async () => {
  const { sim } = bench;
  const code = (await authorize('connect', sim.appClientId)).searchParams.get('code') ?? '';
  const call = async (fields: Record<string, string>): Promise<Record<string, string>> => {
    const answer = await fetch(`${sim.url}/v1/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${sim.keys.platformTest}:`).toString('base64')}` },
      body: new URLSearchParams(fields),
    });
    return (await answer.json()) as Record<string, string>;
  };
  const first = await call({ grant_type: 'authorization_code', code });
  expect(first['scope']).toBe('stripe_apps');
  const reader = clientFor(sim, first['access_token'] ?? '');
  expect((await reader.subscriptions.list()).object).toBe('list');
  expect((await failureOf(reader.customers.create({}))).statusCode).toBe(403);
  await sim.advance({ hours: 1 });
  const expired = await failureOf(reader.customers.list());
  expect([expired.statusCode, expired.message]).toEqual([401, expect.stringContaining('Expired API Key')]);
  const second = await call({ grant_type: 'refresh_token', refresh_token: first['refresh_token'] ?? '' });
  expect(second['refresh_token']).not.toBe(first['refresh_token']);
  expect((await clientFor(sim, second['access_token'] ?? '').customers.list()).object).toBe('list');
  expect(await call({ grant_type: 'refresh_token', refresh_token: first['refresh_token'] ?? '' })).toMatchObject({
    error: 'invalid_grant',
  });
});
