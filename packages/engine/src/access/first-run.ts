import { createHmac } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { ConflictError } from '#base/errors.ts';
import { one, type Db } from '#db/db.ts';
import type { Sessions, SignedIn } from './sessions.ts';
import { createWorkspacePair, isFirstRun, workspacesOf } from './workspaces.ts';

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly sessions: Sessions;
}

/**
 * The first account of a server, owner of a new pair of workspaces. Once only: later accounts come by invitation.
 * @throws ConflictError when somebody has an account already.
 */
export async function createFirstWorkspace(
  deps: Deps,
  input: { name: string; email: string; password: string; workspaceName: string; timezone: string },
): Promise<SignedIn & { liveId: string; testId: string }> {
  if (!(await isFirstRun(deps)) || !(await takeFirstAccount(deps))) {
    throw new ConflictError('This server has its first account already. Sign in, or ask its owner for an invitation.');
  }
  const signedIn = await deps.sessions.signUp(input).catch(async (error: unknown) => {
    await deps.db.query({ text: 'delete from first_account' });
    throw error;
  });
  const pair = await createWorkspacePair(deps, {
    name: input.workspaceName,
    timezone: input.timezone,
    ownerId: signedIn.person.id,
  });
  return { ...signedIn, ...pair };
}

/** True for exactly one caller, whoever asks at the same time. */
async function takeFirstAccount(deps: Deps): Promise<boolean> {
  const { rowCount } = await deps.db.query({
    text: 'insert into first_account (taken_at) values ($1) on conflict do nothing',
    values: [deps.clock.now()],
  });
  return rowCount === 1;
}

const DEMO_EMAIL = 'visitor@demo.localhost';

/** The demo visitor's password: nobody needs to know it, and it is another one on every server. */
function demoPassword(secret: string): string {
  return createHmac('sha256', secret).update('demo visitor').digest('base64url');
}

/** Visits of one server wait for each other: the demo is one process, and its first two tabs must not make two of it. */
const turns = new WeakMap<Db, Promise<unknown>>();

/**
 * The demo company's workspaces and its visitor, made where they don't exist yet: may be called at every start and every
 * visit. Whoever calls has proven that this is a demo and that the visitor sits at this machine.
 */
export async function ensureDemo(
  deps: Deps,
  input: { secret: string },
): Promise<SignedIn & { liveId: string; testId: string }> {
  const before = turns.get(deps.db) ?? Promise.resolve();
  const mine = before.then(() => openDemo(deps, input));
  turns.set(
    deps.db,
    mine.catch(() => undefined),
  );
  return mine;
}

async function openDemo(deps: Deps, input: { secret: string }): Promise<SignedIn & { liveId: string; testId: string }> {
  const password = demoPassword(input.secret);
  const known = await one(deps.db, { text: 'select 1 from person where email = $1', values: [DEMO_EMAIL] });
  const signedIn = known
    ? await deps.sessions.signIn({ email: DEMO_EMAIL, password })
    : await deps.sessions.signUp({ email: DEMO_EMAIL, password, name: 'Demo visitor' });
  const [workspace] = await workspacesOf(deps, signedIn.person.id);
  if (workspace?.twinId) {
    const isLive = workspace.mode === 'live';
    return {
      ...signedIn,
      liveId: isLive ? workspace.id : workspace.twinId,
      testId: isLive ? workspace.twinId : workspace.id,
    };
  }
  const pair = await createWorkspacePair(deps, {
    name: 'Analytical Engines',
    timezone: 'UTC',
    ownerId: signedIn.person.id,
  });
  return { ...signedIn, ...pair };
}
