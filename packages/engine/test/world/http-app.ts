import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { Registry } from 'prom-client';
import { createSessions, type Role, type Sessions } from '#access/index.ts';
import { type Clock, MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { type Log, silentLog } from '#base/log.ts';
import type { Db } from '#db/db.ts';
import { type AppDeps, buildApp } from '#http/app.ts';
import { BILLING_WARNINGS } from '#project/billing/warning.ts';
import { BillingSettingsSchema } from '#project/billing/settings.ts';

export const TEST_SECRET = 'a secret of at least thirty-two characters';
export const TEST_PASSWORD = 'a long enough password';

export interface TestApp {
  readonly app: FastifyInstance;
  readonly sessions: Sessions;
  readonly clock: MovableClock;
  /** Makes the first account and its pair of workspaces; `cookie` is its session. */
  signUp(input?: { name?: string; workspaceName?: string }): Promise<SignedUp>;
  /** A further person with a role in the workspace, without the invitation between. */
  member(input: { workspaceId: string; role: Role; email: string }): Promise<string>;
  /** As the signed-in browser of `cookie` asks: with its Origin. */
  ask(cookie: string, request: InjectOptions | string): Promise<LightMyRequestResponse>;
}

export interface SignedUp {
  readonly cookie: string;
  readonly liveId: string;
  readonly testId: string;
  readonly personId: string;
}

const HOST = 'localhost:4400';

/** The real server on a real database, without a port: for tests of routes. */
export async function openTestApp(db: Db, over: Partial<Omit<AppDeps, 'db'>> = {}): Promise<TestApp> {
  const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
  const log: Log = over.log ?? silentLog;
  const sessions = createSessions({ db, log }, { secret: TEST_SECRET, baseUrl: `http://${HOST}` });
  const deps: AppDeps = {
    db,
    clock: clock as Clock,
    log,
    sessions,
    actions: {
      replayLedgerEvent: async () => undefined,
      replayDeadLetter: async () => undefined,
      settingsChanged: async () => undefined,
    },
    ruleGroups: [
      {
        group: 'billing',
        title: 'Billing',
        says: 'How figures are counted.',
        schema: BillingSettingsSchema,
        skip: ['tiers'],
      },
    ],
    billingWarningTexts: BILLING_WARNINGS,
    routes: [],
    metrics: new Registry(),
    ...over,
    options: {
      version: '0.0.0-test',
      baseUrl: `http://${HOST}`,
      isDemo: false,
      secret: TEST_SECRET,
      dashboardDir: null,
      isBehindProxy: false,
      isCapturingMail: true,
      ...over.options,
    },
  };
  const app = await buildApp(deps);
  return {
    app,
    sessions,
    clock,
    async signUp(input = {}) {
      const response = await app.inject({
        method: 'POST',
        url: '/api/session/first',
        payload: {
          name: input.name ?? 'Ada',
          email: 'ada@analytical.example',
          password: TEST_PASSWORD,
          workspaceName: input.workspaceName ?? 'Analytical Engines',
          timezone: 'UTC',
        },
      });
      const session = response.json<{ person: { id: string }; workspace: { id: string; twinId: string } }>();
      return {
        cookie: cookiesOf(response),
        liveId: session.workspace.id,
        testId: session.workspace.twinId,
        personId: session.person.id,
      };
    },
    async member({ workspaceId, role, email }) {
      const signedIn = await sessions.signUp({ email, password: TEST_PASSWORD, name: email });
      await db.query({
        text: 'insert into workspace_member (workspace_id, person_id, role, since) values ($1, $2, $3, $4)',
        values: [workspaceId, signedIn.person.id, role, clock.now()],
      });
      return signedIn.setCookies.map((value) => value.split(';', 1)[0] ?? '').join('; ');
    },
    ask(cookie, request) {
      const options = typeof request === 'string' ? { method: 'GET' as const, url: request } : request;
      return app.inject({ ...options, headers: { cookie, host: HOST, origin: `http://${HOST}`, ...options.headers } });
    },
  };
}

export function cookiesOf(response: LightMyRequestResponse): string {
  return response.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

/** A pair of workspaces that belongs to somebody else, with nobody in it. */
export async function foreignWorkspace(db: Db, clock: Clock): Promise<string> {
  const id = newId();
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'Others', 'live', $2)`,
    values: [id, clock.now()],
  });
  return id;
}
