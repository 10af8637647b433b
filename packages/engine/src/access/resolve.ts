import type { Clock } from '#base/clock.ts';
import type { Db } from '#db/db.ts';
import type { Access } from './access.ts';
import { findApiKey } from './keys.ts';
import type { Sessions, SignedIn } from './sessions.ts';
import { type WorkspaceOfPerson, workspacesOf } from './workspaces.ts';

/** Who asks, with what a page needs to show about it. `signedIn` is null for an API key. */
export interface Resolved {
  readonly access: Access;
  readonly signedIn: SignedIn | null;
  readonly workspaces: readonly WorkspaceOfPerson[];
}

/**
 * Finds out who asks. A bearer key is looked at first; else the session's cookie, in the workspace chosen last, or the
 * first one. Null when neither proves anybody, or the person belongs to no workspace any more.
 */
export async function resolveAccess(
  deps: { db: Db; clock: Clock; sessions: Sessions },
  input: { authorization: string | undefined; cookie: string | undefined },
): Promise<Resolved | null> {
  const bearer = /^Bearer (\S+)$/i.exec(input.authorization ?? '')?.[1];
  if (bearer !== undefined) {
    const access = await findApiKey(deps, bearer);
    return access && { access, signedIn: null, workspaces: [] };
  }
  if (input.cookie === undefined) return null;
  const signedIn = await deps.sessions.find(input.cookie);
  return signedIn && resolveSession(deps, signedIn);
}

export async function resolveSession(deps: { db: Db }, signedIn: SignedIn): Promise<Resolved | null> {
  const workspaces = await workspacesOf(deps, signedIn.person.id);
  const workspace = workspaces.find((candidate) => candidate.id === signedIn.workspaceId) ?? workspaces[0];
  if (!workspace) return null;
  return {
    access: { workspaceId: workspace.id, personId: signedIn.person.id, role: workspace.role, via: 'session' },
    signedIn,
    workspaces,
  };
}
