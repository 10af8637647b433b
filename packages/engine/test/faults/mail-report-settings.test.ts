import type { MailReportSettings } from '@growthos/contracts/http/mail-reports.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecretBox } from '#access/secrets.ts';
import { MovableClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { createPublisher } from '#bus/index.ts';
import { many, type Db } from '#db/db.ts';
import { mailReportSettingsRoutes } from '#http/routes/mail-report-settings.ts';
import { mailReportRoutes } from '#http/routes/mail-reports.ts';
import { createMailReports } from '#send/index.ts';
import { openTestDb } from '../world/database.ts';
import { openTestApp, type SignedUp, type TestApp } from '../world/http-app.ts';
import { MAILGUN_KEY, mailgunFailed, postmarkBounce } from '../world/mail-payloads.ts';

const PATH = '/api/sequences/mail-reports';
const SOMEBODY_ELSES = '0192f0e0-1111-7111-8111-111111111111';

let db: Db;
let world: TestApp;
let owner: SignedUp;
beforeAll(async () => {
  db = await openTestDb();
  const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
  const sending = {
    db,
    clock,
    log: silentLog,
    publisher: createPublisher({ clock }),
    secrets: createSecretBox(Buffer.alloc(32, 7).toString('base64')),
    baseUrl: 'https://growth.example.test',
  };
  const reports = createMailReports(sending, { fetchText: () => Promise.reject(new Error('not asked')) });
  world = await openTestApp(db, {
    routes: [mailReportRoutes({ reports }), mailReportSettingsRoutes({ ...sending, reports })],
  });
  owner = await world.signUp();
});
afterAll(async () => {
  await world.app.close();
  await db.close();
});

const page = async (): Promise<MailReportSettings> => (await world.ask(owner.cookie, PATH)).json<MailReportSettings>();
const urlOf = (settings: MailReportSettings, key: string): string => {
  const url = settings.providers.find((one) => one.key === key)?.url ?? '';
  expect(url).toMatch(/^https:\/\/growth\.example\.test\/webhooks\/email\/[a-z]+\/[\w-]{43}$/);
  return new URL(url).pathname;
};
const post = async (url: string, posted: { body: string; headers: Readonly<Record<string, string>> }) =>
  (await world.app.inject({ method: 'POST', url, payload: posted.body, headers: posted.headers })).statusCode;

test('an admin sees one secret address per provider, the same at every look, and what was heard at it', async () => {
  const settings = await page();
  expect(settings.providers.map(({ key, signing, hasKey, lastAt }) => [key, signing, hasKey, lastAt])).toEqual([
    ['postmark', 'none', false, null],
    ['sendgrid', 'optional', false, null],
    ['mailgun', 'required', false, null],
    ['ses', 'built_in', false, null],
    ['resend', 'required', false, null],
    ['mime', 'none', false, null],
  ]);
  expect(await post(urlOf(settings, 'postmark'), postmarkBounce(SOMEBODY_ELSES))).toBe(200);
  const later = await page();
  expect(urlOf(later, 'postmark')).toBe(urlOf(settings, 'postmark'));
  expect(later.providers[0]).toMatchObject({ lastAt: '2026-11-24T09:00:00.000Z', received: { unknown_message: 1 } });
});

test('a key is stored sealed, never shown, and decides from then on; taken away, calls are refused', async () => {
  const url = urlOf(await page(), 'mailgun');
  const call = mailgunFailed(SOMEBODY_ELSES);
  const set = (key: string | null) =>
    world.ask(owner.cookie, { method: 'PUT', url: `${PATH}/keys/mailgun`, payload: { key } });
  expect(await post(url, call)).toBe(400);
  const stored = await set(MAILGUN_KEY);
  expect(stored.statusCode).toBe(200);
  expect(stored.body).not.toContain(MAILGUN_KEY);
  const rows = await many<{ sealed: string }>(db, {
    text: 'select sealed_keys::text as sealed from mail_report_inlet',
  });
  expect(JSON.stringify(rows)).not.toContain(MAILGUN_KEY);
  expect(await post(url, call)).toBe(200);
  await set(null);
  expect(await post(url, call)).toBe(400);
  expect((await page()).providers[2]).toMatchObject({ hasKey: false, received: { refused: 2, unknown_message: 1 } });
  const needless = await world.ask(owner.cookie, { method: 'PUT', url: `${PATH}/keys/ses`, payload: { key: 'x' } });
  expect(needless.json()).toMatchObject({ error: { code: 'invalid_input', field: 'provider' } });
});

test('new addresses take the old ones back, keep the keys, and stand in the audit log', async () => {
  await world.ask(owner.cookie, { method: 'PUT', url: `${PATH}/keys/mailgun`, payload: { key: MAILGUN_KEY } });
  const old = urlOf(await page(), 'postmark');
  const fresh = (await world.ask(owner.cookie, { method: 'POST', url: `${PATH}/rotate` })).json<MailReportSettings>();
  expect(urlOf(fresh, 'postmark')).not.toBe(old);
  expect(fresh.providers[2]?.hasKey).toBe(true);
  expect(await post(old, postmarkBounce(SOMEBODY_ELSES))).toBe(404);
  expect(await post(urlOf(fresh, 'postmark'), postmarkBounce(SOMEBODY_ELSES))).toBe(200);
  const audit = await many<{ action: string }>(db, {
    text: `select action from audit_entry where action like 'mail_reports.%' order by at, id`,
  });
  expect(new Set(audit.map(({ action }) => action))).toEqual(
    new Set(['mail_reports.key_changed', 'mail_reports.rotated']),
  );
});

test('an editor sees none of it, and a stranger still less', async () => {
  const editor = await world.member({ workspaceId: owner.liveId, role: 'editor', email: 'ed@analytical.example' });
  expect((await world.ask(editor, PATH)).statusCode).toBe(403);
  expect((await world.ask(editor, { method: 'POST', url: `${PATH}/rotate` })).statusCode).toBe(403);
  expect((await world.app.inject(PATH)).statusCode).toBe(401);
});
