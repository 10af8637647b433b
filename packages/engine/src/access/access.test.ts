import { executionAsyncId } from 'node:async_hooks';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError } from '#base/errors.ts';
import { silentLog } from '#base/log.ts';
import { many, one, type Db } from '#db/db.ts';
import { openTestDb } from '../../test/world/database.ts';
import {
  acceptInvite,
  type Access,
  changeRole,
  createApiKey,
  createFirstWorkspace,
  createSessions,
  createWriteKey,
  ensureDemo,
  findApiKey,
  findInvite,
  findWriteKey,
  inviteMember,
  isFirstRun,
  removeMember,
  resolveAccess,
  revokeKey,
  saveSetting,
  type Sessions,
  switchWorkspace,
  workspacesOf,
} from './index.ts';
import { cookieOf } from './sessions.ts';

let db: Db;
let sessions: Sessions;
const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
const SECRET = 'a secret of at least thirty-two characters';

beforeAll(async () => {
  db = await openTestDb();
  sessions = createSessions({ db, log: silentLog }, { secret: SECRET, baseUrl: 'http://localhost:4400' });
});
afterAll(() => db.close());
beforeEach(() => db.execute('truncate workspace, person, first_account cascade'));

const ada = { name: 'Ada', email: 'Ada@Analytical.example', password: 'a long enough password' };
const deps = () => ({ db, clock, sessions });
async function firstOwner(): Promise<{
  access: Access;
  liveId: string;
  testId: string;
  cookie: string;
  sessionId: string;
}> {
  const first = await createFirstWorkspace(deps(), { ...ada, workspaceName: 'Engines', timezone: 'Europe/Berlin' });
  return {
    access: { workspaceId: first.liveId, personId: first.person.id, role: 'owner', via: 'session' },
    liveId: first.liveId,
    testId: first.testId,
    cookie: cookieOf(first.setCookies),
    sessionId: first.sessionId,
  };
}

test('the first sign-up makes an account and a pair of twins, once; afterwards it is refused', async () => {
  expect(await isFirstRun({ db })).toBe(true);
  const { liveId, testId, access } = await firstOwner();
  expect(await isFirstRun({ db })).toBe(false);
  const pairs = await workspacesOf({ db }, access.personId ?? '');
  expect(pairs.map((w) => [w.id, w.mode, w.twinId, w.role])).toEqual([
    [liveId, 'live', testId, 'owner'],
    [testId, 'test', liveId, 'owner'],
  ]);
  await expect(firstOwner()).rejects.toThrow(ConflictError);
});

test('of two first sign-ups at the same instant one wins, and one that fails leaves the place free', async () => {
  const sign = (email: string, password = ada.password) =>
    createFirstWorkspace(deps(), { ...ada, email, password, workspaceName: 'Engines', timezone: 'UTC' });
  await expect(sign('short@example.test', 'short')).rejects.toThrow();
  const outcomes = await Promise.allSettled([sign('one@example.test'), sign('two@example.test')]);
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await many(db, { text: 'select 1 from workspace' })).toHaveLength(2);
});

test('over https the cookie is secure, and never readable by scripts', async () => {
  const secure = createSessions({ db, log: silentLog }, { secret: SECRET, baseUrl: 'https://growth.example' });
  const { setCookies } = await secure.signUp(ada);
  expect(setCookies[0]).toMatch(/^__Secure-growthos/);
  expect(setCookies[0]).toMatch(/; Secure/i);
  expect(setCookies[0]).toMatch(/; HttpOnly/i);
  expect(await secure.find(cookieOf(setCookies))).not.toBeNull();
});

test('a session is found by its cookie until it is signed out; passwords and tokens are not stored in the clear', async () => {
  const { cookie, liveId } = await firstOwner();
  const resolved = await resolveAccess(deps(), { authorization: undefined, cookie });
  expect(resolved?.access).toMatchObject({ workspaceId: liveId, role: 'owner', via: 'session' });
  const account = await one<{ password: string }>(db, { text: 'select password from person_account' });
  expect(account?.password).not.toContain(ada.password);
  await sessions.signOut(cookie);
  expect(await resolveAccess(deps(), { authorization: undefined, cookie })).toBeNull();
});

test('signing in leaves no hook behind on the promises of the process, however many are at it', async () => {
  const { cookie } = await firstOwner();
  const found = await Promise.all([sessions.find(cookie), sessions.find(cookie), sessions.find('growthos=forged')]);
  expect(found.map((one) => one?.person.name ?? null)).toEqual(['Ada', 'Ada', null]);
  await expect(sessions.signIn({ email: ada.email, password: 'not this one' })).rejects.toThrow(UnauthenticatedError);
  // Node numbers what runs behind a promise only while somebody listens.
  await Promise.resolve();
  expect(executionAsyncId()).toBe(0);
});

test('a wrong password and an unknown e-mail are told apart by nobody, and a forged cookie is nobody', async () => {
  await firstOwner();
  const wrong = sessions.signIn({ email: ada.email, password: 'not the password' });
  const unknown = sessions.signIn({ email: 'nobody@example.test', password: 'not the password' });
  const errors = await Promise.all([wrong, unknown].map((attempt) => attempt.catch((error: unknown) => error)));
  expect(errors.every((error) => error instanceof UnauthenticatedError)).toBe(true);
  expect(new Set(errors.map((error) => (error instanceof Error ? error.message : ''))).size).toBe(1);
  const { setCookies } = await sessions.signIn({ ...ada, email: ada.email.toUpperCase() });
  const forged = cookieOf(setCookies).replace(/=(.)/, (_all, first: string) => (first === 'x' ? '=y' : '=x'));
  expect(await sessions.find(forged)).toBeNull();
});

test('the chosen workspace is remembered, and one that is not yours cannot be chosen', async () => {
  const { cookie, testId, sessionId, access } = await firstOwner();
  const personId = access.personId ?? '';
  await switchWorkspace({ db }, { sessionId, personId, workspaceId: testId });
  const resolved = await resolveAccess(deps(), { authorization: undefined, cookie });
  expect(resolved?.access.workspaceId).toBe(testId);
  const foreign = { sessionId, personId, workspaceId: '0199a000-0000-7000-8000-000000000000' };
  await expect(switchWorkspace({ db }, foreign)).rejects.toThrow(NotFoundError);
});

test('an API key acts with the role of its scope in its workspace until it is revoked, and only its hash is kept', async () => {
  const { access } = await firstOwner();
  const made = await createApiKey(deps(), { access, name: 'reports', scope: 'read' });
  expect(await findApiKey(deps(), made.key)).toMatchObject({ workspaceId: access.workspaceId, role: 'viewer' });
  const stored = await many(db, { text: 'select * from api_key' });
  expect(JSON.stringify(stored)).not.toContain(made.key);
  const stranger: Access = { ...access, workspaceId: '0199a000-0000-7000-8000-000000000000' };
  await expect(revokeKey(deps(), { access: stranger, kind: 'api_key', id: made.id })).rejects.toThrow(NotFoundError);
  await revokeKey(deps(), { access, kind: 'api_key', id: made.id });
  expect(await findApiKey(deps(), made.key)).toBeNull();
});

test('a write key names its workspace and nothing more', async () => {
  const { access } = await firstOwner();
  const { key, id } = await createWriteKey(deps(), { access, name: 'website' });
  expect(await findWriteKey({ db }, key)).toEqual({ id, workspaceId: access.workspaceId, mode: 'live' });
  expect(await findApiKey(deps(), key)).toBeNull();
  await revokeKey(deps(), { access, kind: 'write_key', id });
  expect(await findWriteKey({ db }, key)).toBeNull();
});

test('an invitation makes a member of both twins, once, and is void after seven days', async () => {
  const { access, liveId, testId } = await firstOwner();
  const made = await inviteMember(deps(), { access, email: 'Grace@analytical.example', role: 'editor' });
  const invite = await findInvite(deps(), made.token);
  expect(invite).toMatchObject({ email: 'grace@analytical.example', role: 'editor', hasAccount: false });
  const grace = await sessions.signUp({ ...ada, name: 'Grace', email: invite.email });
  await acceptInvite(deps(), { invite, personId: grace.person.id });
  expect((await workspacesOf({ db }, grace.person.id)).map((w) => [w.id, w.role])).toEqual([
    [liveId, 'editor'],
    [testId, 'editor'],
  ]);
  await expect(findInvite(deps(), made.token)).rejects.toThrow(NotFoundError);
  await expect(acceptInvite(deps(), { invite, personId: grace.person.id })).rejects.toThrow(NotFoundError);
  const late = await inviteMember(deps(), { access, email: 'late@analytical.example', role: 'viewer' });
  clock.advance({ days: 8 });
  await expect(findInvite(deps(), late.token)).rejects.toThrow(/ask for a new one/i);
});

test('nobody hands out or takes a role above their own, and the last owner stays', async () => {
  const { access } = await firstOwner();
  const owner = access.personId ?? '';
  const admin: Access = { ...access, role: 'admin', personId: null };
  await expect(inviteMember(deps(), { access: admin, email: 'x@example.test', role: 'owner' })).rejects.toThrow(
    ForbiddenError,
  );
  await expect(changeRole(deps(), { access: admin, personId: owner, role: 'viewer' })).rejects.toThrow(ForbiddenError);
  await expect(changeRole(deps(), { access, personId: owner, role: 'viewer' })).rejects.toThrow(ConflictError);
  await expect(removeMember(deps(), { access, personId: owner })).rejects.toThrow(ConflictError);
});

test('the demo is made once, however often it is opened, and signs in as the same visitor', async () => {
  const first = await ensureDemo(deps(), { secret: SECRET });
  const second = await ensureDemo(deps(), { secret: SECRET });
  expect([second.liveId, second.testId, second.person.id]).toEqual([first.liveId, first.testId, first.person.id]);
  expect(second.sessionId).not.toBe(first.sessionId);
  await db.execute('truncate workspace, person cascade');
  const tabs = await Promise.all([1, 2, 3].map(() => ensureDemo(deps(), { secret: SECRET })));
  expect(new Set(tabs.map((tab) => tab.testId)).size).toBe(1);
});

test('every act is in the audit log with its actor, and a failed one is not', async () => {
  const { access, liveId } = await firstOwner();
  await saveSetting(deps(), { access, key: 'identity', value: { metadataKey: 'uid' } });
  await expect(
    saveSetting(deps(), {
      access,
      key: 'identity',
      value: 1,
      also: async () => {
        throw new Error('no');
      },
    }),
  ).rejects.toThrow('no');
  const entries = await many<{ action: string; actor_id: string }>(db, {
    text: 'select action, actor_id from audit_entry where workspace_id = $1 order by id',
    values: [liveId],
  });
  expect(entries.map((entry) => entry.action)).toEqual(['workspace.created', 'settings.changed']);
  expect(entries.every((entry) => entry.actor_id === access.personId)).toBe(true);
  const row = await one<{ settings: unknown }>(db, {
    text: 'select settings from workspace where id = $1',
    values: [liveId],
  });
  expect(row?.settings).toEqual({ identity: { metadataKey: 'uid' } });
});
