/**
 * Who is signed in, in which workspace. An organisation has two workspaces, `live` and `test`, each other's twin: the
 * switch between live and test data is a switch of the workspace.
 */
import { z } from 'zod';

export const Role = z.enum(['owner', 'admin', 'editor', 'viewer']);
export type Role = z.infer<typeof Role>;

export const WorkspaceChoice = z.object({
  id: z.string(),
  name: z.string(),
  mode: z.enum(['live', 'test']),
  twinId: z.string().nullable().describe('the same organisation in the other mode'),
  role: Role,
});
export type WorkspaceChoice = z.infer<typeof WorkspaceChoice>;

/** GET /api/session (401 when nobody is signed in; then ask GET /api/session/start). */
export const Session = z.object({
  person: z.object({ id: z.string(), name: z.string(), email: z.string() }),
  workspace: WorkspaceChoice.extend({ timezone: z.string().describe('IANA name') }),
  role: Role,
  workspaces: z.array(WorkspaceChoice),
  isDemo: z.boolean(),
});
export type Session = z.infer<typeof Session>;

/**
 * GET /api/session/start, public: what a visitor without a session should see. `first_run`: nobody has an account yet,
 * show the sign-up form. `demo`: POST /api/session/demo signs the visitor in by itself (only on this machine).
 */
export const SessionStart = z.object({ state: z.enum(['first_run', 'sign_in', 'demo']) });
export type SessionStart = z.infer<typeof SessionStart>;

/** At least 10 characters: length is what makes a password hard to guess. Source: NIST SP 800-63B, rounded up from 8. */
export const Password = z.string().min(10, 'Use at least 10 characters').max(128);
const Email = z.email('That is not an e-mail address').max(254);

/** POST /api/session/sign-in -> Session, and the session cookie. */
export const SignIn = z.object({ email: Email, password: z.string().min(1).max(128) });
export type SignIn = z.infer<typeof SignIn>;

/** POST /api/session/first -> Session: the first account of this server, owner of a new workspace pair. Once only. */
export const FirstSignUp = z.object({
  name: z.string().trim().min(1).max(120),
  email: Email,
  password: Password,
  workspaceName: z.string().trim().min(1).max(120),
  timezone: z.string().max(60).default('UTC').describe("IANA name; the browser's own is a good default"),
});
export type FirstSignUp = z.infer<typeof FirstSignUp>;

/** GET /api/session/invite/:token, public: what an invitation is for, before it is accepted. */
export const InviteView = z.object({
  email: z.string(),
  workspaceName: z.string(),
  role: Role,
  hasAccount: z.boolean(),
});
export type InviteView = z.infer<typeof InviteView>;

/** POST /api/session/accept-invite -> Session. With an account already, `password` is that account's. */
export const AcceptInvite = z.object({
  token: z.string().min(10).max(200),
  name: z.string().trim().max(120).optional(),
  password: Password,
});
export type AcceptInvite = z.infer<typeof AcceptInvite>;

/** POST /api/session/workspace -> Session: go to another workspace, such as the twin. */
export const SwitchWorkspace = z.object({ workspaceId: z.uuid() });
export type SwitchWorkspace = z.infer<typeof SwitchWorkspace>;

// POST /api/session/sign-out -> Done. POST /api/session/demo -> Session.
