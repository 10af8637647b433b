import type { Clock } from '#base/clock.ts';
import { InvalidInputError, NotFoundError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import type { Role } from './access.ts';
import { writeAudit } from './audit.ts';

export interface WorkspaceOfPerson {
  readonly id: string;
  readonly name: string;
  readonly mode: 'live' | 'test';
  readonly twinId: string | null;
  readonly timezone: string;
  readonly role: Role;
  readonly hasStripe: boolean;
}

/** True for a name that this runtime knows, such as Europe/Berlin. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The organisation's pair of workspaces, live and test, with `ownerId` as owner of both. */
export async function createWorkspacePair(
  deps: { db: Db; clock: Clock },
  input: { name: string; timezone: string; ownerId: string },
): Promise<{ liveId: string; testId: string }> {
  return deps.db.transaction((tx) => insertWorkspacePair({ tx, clock: deps.clock }, input));
}

async function insertWorkspacePair(
  deps: { tx: Tx; clock: Clock },
  input: { name: string; timezone: string; ownerId: string },
): Promise<{ liveId: string; testId: string }> {
  const { tx, clock } = deps;
  if (!isTimezone(input.timezone)) {
    throw new InvalidInputError(`"${input.timezone}" is no time zone. Give an IANA name such as Europe/Berlin.`, {
      field: 'timezone',
    });
  }
  const now = clock.now();
  const [liveId, testId] = [newId(), newId()];
  for (const [id, mode] of [
    [liveId, 'live'],
    [testId, 'test'],
  ] as const) {
    await tx.query({
      text: 'insert into workspace (id, name, mode, timezone, created_at) values ($1, $2, $3, $4, $5)',
      values: [id, input.name, mode, input.timezone, now],
    });
    await tx.query({
      text: `insert into workspace_member (workspace_id, person_id, role, since) values ($1, $2, 'owner', $3)`,
      values: [id, input.ownerId, now],
    });
    await writeAudit(
      { db: tx, clock },
      {
        workspaceId: id,
        actorKind: 'person',
        actorId: input.ownerId,
        action: 'workspace.created',
        subject: id,
        text: `Created the ${mode} workspace “${input.name}”`,
      },
    );
  }
  await tx.query({
    text: 'update workspace set twin_id = case id when $1 then $2::uuid else $1::uuid end where id in ($1, $2)',
    values: [liveId, testId],
  });
  return { liveId, testId };
}

/** Workspaces that a person is a member of: those with a connected Stripe account first, live before test. */
export async function workspacesOf(deps: { db: Db }, personId: string): Promise<WorkspaceOfPerson[]> {
  return many<WorkspaceOfPerson>(deps.db, {
    name: 'access_workspaces_of',
    text: `select w.id, w.name, w.mode, w.twin_id as "twinId", w.timezone, m.role,
             exists (select 1 from stripe_account a where a.workspace_id = w.id and a.status = 'active') as "hasStripe"
           from workspace_member m join workspace w on w.id = m.workspace_id
           where m.person_id = $1
           order by "hasStripe" desc, w.name, w.mode, w.id`,
    values: [personId],
  });
}

/** Remembers in the session which workspace its browser looks at. @throws NotFoundError when the person is no member. */
export async function switchWorkspace(
  deps: { db: Db },
  input: { sessionId: string; personId: string; workspaceId: string },
): Promise<void> {
  const changed = await deps.db.query({
    text: `update person_session s set workspace_id = $3 where s.id = $1 and s.person_id = $2
             and exists (select 1 from workspace_member m where m.workspace_id = $3 and m.person_id = $2)`,
    values: [input.sessionId, input.personId, input.workspaceId],
  });
  if (changed.rowCount === 0) throw new NotFoundError('There is no such workspace, or you are no member of it.');
}

/** True until the first account exists: then the sign-up form is shown, and only then. */
export async function isFirstRun(deps: { db: Db }): Promise<boolean> {
  const row = await one(deps.db, { text: 'select 1 from person limit 1' });
  return row === undefined;
}
