import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
  StripeAccountGoneError,
  StripePermissionError,
  UpstreamUnavailableError,
  WriteRefusedError,
} from '#base/errors.ts';
import { callStripe, rateLimitedReason } from './call-stripe.ts';
import { createStripeClient, isAllowedCall } from './client.ts';

/** Stands where Stripe would: writes down every request that leaves, and answers as told. */
let server: Server;
let stripe: Stripe;
let left: { method: string; path: string; account: string | undefined }[] = [];
let answer: { status: number; body: unknown; headers?: Record<string, string>; isCut?: boolean };

beforeAll(async () => {
  server = createServer((request, response) => {
    const account = request.headers['stripe-account'];
    left.push({ method: request.method ?? '', path: request.url ?? '', account: account?.toString() });
    request.resume();
    if (answer.isCut === true) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stripe = createStripeClient({ apiKey: 'sk_test_x', account: 'acct_1', apiBase });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  left = [];
  answer = { status: 200, body: { object: 'list', data: [], has_more: false, url: '/v1/x' } };
});

type Method = (...args: unknown[]) => unknown;

/** Every method of every resource of the package, with its name: `customers.create`, `billing.meters.update`, ... */
function everyMethod(root: object, path: string, seen: Set<object>): { name: string; call: Method }[] {
  const found: { name: string; call: Method }[] = [];
  const own = Object.entries(root).filter(([key]) => !key.startsWith('_') && key !== 'errors');
  for (const [key, value] of own) {
    const isNamespace = value !== null && typeof value === 'object' && !seen.has(value as object);
    if (!isNamespace) continue;
    seen.add(value as object);
    const prototype = Object.getPrototypeOf(value) as object;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method: unknown = Reflect.get(value as object, name);
      if (name === 'constructor' || name.startsWith('_') || typeof method !== 'function') continue;
      found.push({ name: `${path}${key}.${name}`, call: method.bind(value) as Method });
    }
    found.push(...everyMethod(value as object, `${path}${key}.`, seen));
  }
  return found;
}

test('no method of the stripe package can write: each is refused before a byte leaves, or only reads', async () => {
  const methods = everyMethod(stripe, '', new Set([stripe]));
  const refused = new Set<string>();
  for (const { name, call } of methods) {
    for (const args of [[], [{}], ['id_1'], ['id_1', 'id_2'], ['id_1', 'id_2', 'id_3']]) {
      try {
        await callStripe(async () => call(...args));
      } catch (error) {
        if (error instanceof WriteRefusedError) refused.add(name);
      }
    }
  }
  const writes = left.filter(({ method }) => method !== 'GET');
  const isOurs = (path: string): boolean => /^(\/v1\/webhook_endpoints(\/|$)|\/(v1\/)?oauth\/)/.test(path);
  expect(writes.filter(({ path }) => !isOurs(path))).toEqual([]);
  // The list below is long and typical; the counts show that the walk really found the package's methods.
  for (const name of [
    'customers.create',
    'customers.update',
    'customers.del',
    'subscriptions.create',
    'subscriptions.update',
    'subscriptions.cancel',
    'subscriptionItems.del',
    'invoices.pay',
    'invoices.voidInvoice',
    'invoices.finalizeInvoice',
    'charges.create',
    'charges.capture',
    'refunds.create',
    'paymentIntents.create',
    'paymentIntents.confirm',
    'paymentMethods.attach',
    'promotionCodes.create',
    'coupons.create',
    'coupons.del',
    'products.update',
    'prices.create',
    'disputes.close',
    'creditNotes.create',
    'billing.meterEvents.create',
    'checkout.sessions.create',
    'accounts.update',
    'accounts.del',
    'transfers.create',
    'payouts.cancel',
    'testHelpers.testClocks.advance',
  ]) {
    expect(refused, name).toContain(name);
  }
  expect(refused.size).toBeGreaterThan(250);
  expect(left.filter(({ method }) => method === 'GET').length).toBeGreaterThan(100);
});

test('a raw request cannot write either', async () => {
  const call = callStripe(() => stripe.rawRequest('POST', '/v1/customers', { name: 'Ada' }));
  await expect(call).rejects.toThrow('Refused POST /v1/customers');
  expect(left).toEqual([]);
});

test.each([
  ['POST', '/v1/webhook_endpoints', true],
  ['POST', '/v1/webhook_endpoints/we_1A', true],
  ['DELETE', '/v1/webhook_endpoints/we_1A', true],
  ['POST', '/oauth/token', true],
  ['POST', '/oauth/deauthorize', true],
  ['POST', '/v1/oauth/token', true],
  ['GET', '/v1/customers?limit=100', true],
  ['PUT', '/v1/webhook_endpoints', false],
  ['PATCH', '/v1/webhook_endpoints/we_1A', false],
  ['DELETE', '/v1/webhook_endpoints', false],
  ['DELETE', '/v1/customers/cus_1', false],
  ['POST', '/v1/webhook_endpoints/../customers', false],
  ['POST', '/v1/webhook_endpoints/we_1A/../../customers', false],
  ['POST', '/v1/customers?/v1/webhook_endpoints', false],
  ['POST', '/v1/oauth/token/x', false],
  ['post', '/v1/customers', false],
  ['HEAD', '/v1/customers', false],
])('%s %s: allowed is %s', (method, path, isAllowed) => {
  expect(isAllowedCall(method, path)).toBe(isAllowed);
});

test('our own endpoint and OAuth calls do leave, and a read names the connected account', async () => {
  await callStripe(() =>
    stripe.webhookEndpoints.create({ url: 'https://x.example', enabled_events: ['invoice.paid'] }),
  );
  await callStripe(() => stripe.webhookEndpoints.del('we_1'));
  await callStripe(() => stripe.oauth.token({ grant_type: 'authorization_code', code: 'ac_1' }));
  await callStripe(() => stripe.customers.list({ limit: 1 }));
  expect(left.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/webhook_endpoints',
    'DELETE /v1/webhook_endpoints/we_1',
    'POST /oauth/token',
    'GET /v1/customers?limit=1',
  ]);
  expect(left[3]?.account).toBe('acct_1');
});

test('an OAuth code is sent once, even when the connection breaks: Stripe would revoke at the second time', async () => {
  answer.isCut = true;
  const exchange = callStripe(() => stripe.oauth.token({ grant_type: 'authorization_code', code: 'ac_1' }));
  await expect(exchange).rejects.toBeInstanceOf(UpstreamUnavailableError);
  expect(left).toHaveLength(1);
});

const error = (status: number, body: Record<string, unknown>, headers: Record<string, string> = {}) => {
  answer = { status, body: { error: { type: 'invalid_request_error', ...body } }, headers };
  return callStripe(() => stripe.prices.list()).catch((caught: unknown) => caught);
};

test('a missing permission is named by its slug', async () => {
  const message =
    "The provided key 'rk_test_***1' does not have the required permissions for this endpoint on account 'acct_1'. " +
    "Having the 'rak_plan_read' permission would allow this request to continue.";
  const caught = await error(403, { message });
  expect(caught).toBeInstanceOf(StripePermissionError);
  expect((caught as StripePermissionError).permission).toBe('rak_plan_read');
});

test('a 429 carries how long to wait and why', async () => {
  const headers = { 'retry-after': '7', 'stripe-rate-limited-reason': 'endpoint-rate' };
  const caught = await error(429, { message: 'Too many requests' }, headers);
  expect(caught).toBeInstanceOf(RateLimitedError);
  expect((caught as RateLimitedError).retryAfterMs).toBe(7_000);
  expect(rateLimitedReason(caught)).toBe('endpoint-rate');
});

test('a revoked key and a removed account are the end; a missing object and a bad parameter are named', async () => {
  expect(await error(401, { message: 'Invalid API Key provided' })).toBeInstanceOf(StripeAccountGoneError);
  expect(await error(403, { code: 'account_invalid', message: 'x' })).toBeInstanceOf(StripeAccountGoneError);
  expect(await error(404, { code: 'resource_missing', message: 'No such price' })).toBeInstanceOf(NotFoundError);
  const invalid = await error(400, { message: 'Invalid starting_after', param: 'starting_after' });
  expect(invalid).toBeInstanceOf(InvalidInputError);
  expect((invalid as InvalidInputError).field).toBe('starting_after');
});

test('a 5xx of Stripe, and no answer at all, may be tried again', async () => {
  expect(await error(500, { type: 'api_error', message: 'oops' })).toBeInstanceOf(UpstreamUnavailableError);
  answer.isCut = true;
  await expect(callStripe(() => stripe.prices.list())).rejects.toBeInstanceOf(UpstreamUnavailableError);
});
