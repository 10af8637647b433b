import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSecretBox } from '#access/secrets.ts';
import { MovableClock, toEpochS } from '#base/clock.ts';
import { GrowthError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { many, one, type Db } from '#db/db.ts';
import { stripeWebhookRoutes } from '#http/routes/stripe-webhook.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { createInbox } from '../index.ts';
import { createAccountDirectory } from './account-directory.ts';
import { insertEndpoint } from './endpoint-store.ts';
import { receiveStripeWebhook } from './receive.ts';
import { createSigningSecrets } from './signing-secrets.ts';
import { claimUnclaimed } from './unclaimed.ts';
import { signStripePayload } from './verify.ts';

const SECRET = 'whsec_platform';
const secretBox = createSecretBox(Buffer.alloc(32, 7).toString('base64'));
let db: Db;
let clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
let app: FastifyInstance;
let isDatabaseDown = false;
let live: string;
let testTwin: string;
let connectionId: string;

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

beforeEach(async () => {
  clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
  isDatabaseDown = false;
  await db.execute(
    `truncate inbox_event, inbox_pending, inbox_unclaimed, stripe_endpoint, stripe_account, workspace cascade`,
  );
  [live, testTwin, connectionId] = [newId(), newId(), newId()];
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'Live', 'live', now()), ($2, 'Test', 'test', now())`,
    values: [live, testTwin],
  });
  await db.query({ text: 'update workspace set twin_id = $2 where id = $1', values: [live, testTwin] });
  await connect({ account: 'acct_1', livemode: true, workspaceId: live, id: connectionId });
  const [scope, url] = [{ stripeAccountId: null, livemode: true }, 'https://growth.example/webhooks/stripe'];
  await insertEndpoint(
    { db, secretBox },
    { ...scope, urlKey: null, stripeId: 'we_1', url, apiVersion: 'x', secret: SECRET, now: clock.now() },
  );
  const flaky: Db = {
    ...db,
    query: (statement) => (isDatabaseDown ? Promise.reject(new Error('connection lost')) : db.query(statement)),
  };
  const deps = {
    db: flaky,
    clock,
    inbox: createInbox({ db: flaky, clock }),
    directory: createAccountDirectory({ db: flaky, clock }),
    signingSecrets: createSigningSecrets({ db: flaky, clock, secretBox }),
  };
  app = Fastify();
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const code = error instanceof GrowthError ? error.code : undefined;
    const statuses = { signature_invalid: 400, invalid_input: 400, not_found: 404, upstream_unavailable: 500 };
    const status = code === undefined ? error.statusCode : statuses[code as keyof typeof statuses];
    return reply.code(status ?? 500).send({ error: error.message });
  });
  await app.register(stripeWebhookRoutes({ receive: (input) => receiveStripeWebhook(deps, input) }));
});

async function connect(input: { account: string; livemode: boolean; workspaceId: string; id: string }): Promise<void> {
  await db.query({
    text: `insert into stripe_account (id, workspace_id, account, livemode, method, status, connected_at)
           values ($1, $2, $3, $4, 'connect', 'active', $5)`,
    values: [input.id, input.workspaceId, input.account, input.livemode, clock.now()],
  });
}
const event = (over: Record<string, unknown> = {}): string =>
  JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'invoice.paid',
    created: toEpochS(clock.now()),
    livemode: true,
    account: 'acct_1',
    data: { object: { object: 'invoice', id: 'in_1', customer: 'cus_1' } },
    ...over,
  });
const post = (payload: string, over: { signature?: string | null; url?: string; secret?: string } = {}) => {
  const signature =
    over.signature === undefined
      ? signStripePayload({ payload, secret: over.secret ?? SECRET, now: clock.now() })
      : over.signature;
  return app.inject({
    method: 'POST',
    url: over.url ?? '/webhooks/stripe',
    headers: { 'content-type': 'application/json', ...(signature === null ? {} : { 'stripe-signature': signature }) },
    payload,
  });
};
const ledger = () =>
  many<{ event_id: string; workspace_id: string; subject: string; payload: string }>(db, {
    text: 'select event_id, workspace_id, subject, payload from inbox_event join inbox_pending using (seq) order by seq',
  });
const rowsOf = async (table: string): Promise<number | undefined> =>
  (await one<{ n: number }>(db, { text: `select count(*)::int as n from ${table}` }))?.n;
async function expectNothingWritten(): Promise<void> {
  for (const table of ['inbox_event', 'inbox_pending', 'inbox_unclaimed']) expect(await rowsOf(table)).toBe(0);
}

test('a signed event is answered 200 once it is in the ledger, byte for byte, for its workspace', async () => {
  const payload = event({ note: 'naïve ☃ \u0000' });
  const answer = await post(payload);
  expect([answer.statusCode, answer.json()]).toEqual([200, { outcome: 'accepted' }]);
  expect(await ledger()).toEqual([{ event_id: 'evt_1', workspace_id: live, subject: 'cus_1', payload }]);
});

test('a second delivery is answered 200 and changes nothing', async () => {
  await post(event());
  const answer = await post(event());
  expect([answer.statusCode, answer.json()]).toEqual([200, { outcome: 'duplicate' }]);
  expect(await rowsOf('inbox_event')).toBe(1);
});

test('an unknown type of an unknown API version is stored', async () => {
  expect((await post(event({ type: 'moon.rose', api_version: '2031-01-01.zenith' }))).statusCode).toBe(200);
  expect(await rowsOf('inbox_pending')).toBe(1);
});

test('a missing signature is 400', async () => {
  const answer = await post(event(), { signature: null });
  expect([answer.statusCode, answer.json()]).toEqual([400, { error: 'The Stripe-Signature header is missing.' }]);
  await expectNothingWritten();
});

test('a wrong signature is 400', async () => {
  expect((await post(event(), { secret: 'whsec_wrong' })).statusCode).toBe(400);
  await expectNothingWritten();
});

test('a signature that is too old is 400', async () => {
  const payload = event();
  const signature = signStripePayload({ payload, secret: SECRET, now: clock.now() });
  clock.advance({ seconds: 301 });
  expect((await post(payload, { signature })).statusCode).toBe(400);
  await expectNothingWritten();
});

test('a body over 1 MiB is 413, whatever its signature', async () => {
  const answer = await post(event({ padding: 'x'.repeat(1024 * 1024) }));
  expect(answer.statusCode).toBe(413);
  await expectNothingWritten();
});

test('broken JSON is 400, also with a good signature', async () => {
  expect((await post('{"id":"evt_1",')).statusCode).toBe(400);
  await expectNothingWritten();
});

test.each([
  ['a list', '[]'],
  ['no id', event({ id: undefined })],
  ['an id that no key can hold', event({ id: 'evt_\u0000' })],
  ['no type', event({ type: 7 })],
  ['an impossible time', event({ created: 1e300 })],
  ['a time beyond the year 9999', event({ created: 253_402_300_800 })],
  ['nothing at all', ''],
])('a body that is no event (%s) is 400', async (_what, payload) => {
  expect((await post(payload)).statusCode).toBe(400);
  await expectNothingWritten();
});

test('an event of an account that nobody has connected is 200, and waits until somebody does', async () => {
  const answer = await post(event({ account: 'acct_new' }));
  expect([answer.statusCode, answer.json()]).toEqual([200, { outcome: 'unclaimed' }]);
  await post(event({ account: 'acct_new' }));
  expect([await rowsOf('inbox_event'), await rowsOf('inbox_unclaimed')]).toEqual([0, 1]);
  const claim = { account: 'acct_new', livemode: true, workspaceId: live, now: clock.now() };
  expect(await db.transaction((tx) => claimUnclaimed(tx, claim))).toBe(1);
  expect((await ledger()).map((row) => row.event_id)).toEqual(['evt_1']);
  expect(await rowsOf('inbox_unclaimed')).toBe(0);
});

test('when our database does not take the event the answer is 5xx, and the next delivery succeeds', async () => {
  await post(event({ id: 'evt_0' }));
  isDatabaseDown = true;
  expect((await post(event())).statusCode).toBe(500);
  isDatabaseDown = false;
  expect((await post(event())).json()).toEqual({ outcome: 'accepted' });
});

test('a test event of an account connected in live mode goes to the test twin, never to the live workspace', async () => {
  await post(event({ livemode: false }));
  expect((await ledger()).map((row) => row.workspace_id)).toEqual([testTwin]);
});

test('when the owner removes us at Stripe the connection ends, once, and its later events are kept aside', async () => {
  const removed = event({ id: 'evt_2', type: 'account.application.deauthorized' });
  expect((await post(removed)).statusCode).toBe(200);
  const read = () => one(db, { text: 'select status, disconnect_reason from stripe_account' });
  expect(await read()).toEqual({
    status: 'disconnected',
    disconnect_reason: 'The account’s owner removed the application in Stripe.',
  });
  expect((await post(event())).json()).toEqual({ outcome: 'unclaimed' });
});

test('a late delivery of the removal does not end a connection that was made since', async () => {
  const removed = event({ id: 'evt_2', type: 'account.application.deauthorized' });
  await post(removed);
  clock.advance({ hours: 1 });
  await connect({ account: 'acct_1', livemode: true, workspaceId: live, id: newId() });
  await post(removed);
  expect(await one(db, { text: `select count(*)::int as n from stripe_account where status = 'active'` })).toEqual({
    n: 1,
  });
});

test('an endpoint in a tenant’s own account has its own URL and secret, and its events name no account', async () => {
  const url = 'https://growth.example/webhooks/stripe/key1';
  await insertEndpoint(
    { db, secretBox },
    {
      stripeAccountId: connectionId,
      livemode: true,
      urlKey: 'key1',
      stripeId: 'we_2',
      url,
      apiVersion: 'x',
      secret: 'whsec_own',
      now: clock.now(),
    },
  );
  const payload = event({ account: undefined });
  expect((await post(payload, { url: '/webhooks/stripe/key1' })).statusCode).toBe(400);
  expect((await post(payload, { url: '/webhooks/stripe/key2' })).statusCode).toBe(404);
  const answer = await post(payload, { url: '/webhooks/stripe/key1', secret: 'whsec_own' });
  expect(answer.json()).toEqual({ outcome: 'accepted' });
});

test('a secret made by another process is found without a restart', async () => {
  await post(event({ id: 'evt_0' }));
  await db.query({ text: `update stripe_endpoint set sealed_secret = $1`, values: [secretBox.seal('whsec_new')] });
  clock.advance({ seconds: 2 });
  expect((await post(event(), { secret: 'whsec_new' })).json()).toEqual({ outcome: 'accepted' });
});
