import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { many, type Db } from '#db/db.ts';
import { unsubscribeRoutes } from '#http/routes/unsubscribe.ts';
import { startSequenceWorld, type SequenceWorld } from '../properties/sequence-world.ts';
import { openTestDb } from '../world/database.ts';

let db: Db;
let world: SequenceWorld;
let app: FastifyInstance;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  world = await startSequenceWorld({ db });
  app = fastify();
  await app.register(formbody);
  await app.register(unsubscribeRoutes({ send: world.send }));
});

async function link(): Promise<{ contactId: string; url: string }> {
  const contactId = await world.contact({ email: 'ada@example.test', name: '<script>alert(1)</script>' });
  const token = world.send.tokens.sign({
    workspaceId: world.workspaceId,
    contactId,
    category: 'marketing',
    messageId: null,
  });
  return { contactId, url: `/unsubscribe/${token}` };
}
const optedOut = async (): Promise<string[]> =>
  (await many<{ category: string }>(db, { text: 'select category from consent where is_opted_out order by 1' })).map(
    (row) => row.category,
  );

test('opening an unsubscribe link changes nothing, however often', async () => {
  const { url } = await link();
  for (let i = 0; i < 3; i++) {
    const response = await app.inject({ method: 'GET', url });
    expect(response.statusCode).toBe(200);
    expect(response.body).toContain('Unsubscribe from “Offers and news”');
    expect(response.body).not.toContain('ada@example.test');
  }
  expect(await optedOut()).toEqual([]);
});

test("a mail program's one click opts out of that category at once, without a session, in either encoding, twice alike", async () => {
  const { url } = await link();
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(
    (await app.inject({ method: 'POST', url, headers: form, payload: 'List-Unsubscribe=One-Click' })).statusCode,
  ).toBe(200);
  expect(await optedOut()).toEqual(['marketing']);
  const multipart = { 'content-type': 'multipart/form-data; boundary=x' };
  const payload = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n';
  expect((await app.inject({ method: 'POST', url, headers: multipart, payload })).statusCode).toBe(200);
  expect(await optedOut()).toEqual(['marketing']);
  expect(await world.events('message_seen')).toMatchObject([{ outcome: 'unsubscribed', via: 'one_click' }]);
});

test('the preference page sets each category, and can take a choice back', async () => {
  const { url } = await link();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await app.inject({ method: 'POST', url, headers, payload: 'action=save&marketing=on' });
  expect(await optedOut()).toEqual(['product']);
  await app.inject({ method: 'POST', url, headers, payload: 'action=save&marketing=on&product=on' });
  expect(await optedOut()).toEqual([]);
});

test('a forged, cut or borrowed token is refused and does nothing', async () => {
  const { url } = await link();
  const token = url.slice('/unsubscribe/'.length);
  const bytes = Buffer.from(token, 'base64url');
  const otherCategory = Buffer.from(bytes);
  otherCategory[0] = 0;
  const otherContact = Buffer.from(bytes);
  otherContact[20] = (otherContact[20] ?? 0) ^ 1;
  const forged = [
    otherCategory.toString('base64url'),
    otherContact.toString('base64url'),
    token.slice(0, -1),
    `${token}A`,
    `${token.slice(0, -6)}AAAAAA`,
    'nonsense',
  ];
  for (const bad of forged) {
    for (const method of ['GET', 'POST'] as const) {
      const response = await app.inject({ method, url: `/unsubscribe/${bad}` });
      expect(response.statusCode).toBe(400);
    }
  }
  expect(await optedOut()).toEqual([]);
});
