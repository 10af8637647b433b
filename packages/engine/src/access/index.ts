export { type Access, hasRole, requireRole, type Role, ROLES } from './access.ts';
export { type AuditNote, recordAudit, writeAudit } from './audit.ts';
export { createFirstWorkspace, ensureDemo } from './first-run.ts';
export {
  createApiKey,
  createWriteKey,
  findApiKey,
  findTrackKey,
  findWriteKey,
  insertWriteKey,
  type KeyScope,
  revokeKey,
} from './keys.ts';
export {
  acceptInvite,
  changeRole,
  findInvite,
  inviteMember,
  type OpenInvite,
  removeMember,
  withdrawInvite,
} from './members.ts';
export { type Resolved, resolveAccess, resolveSession } from './resolve.ts';
export { createSecretBox, type SecretBox } from './secrets.ts';
export { createSessions, type Sessions, type SignedIn } from './sessions.ts';
export { saveSetting, saveWorkspace } from './settings.ts';
export {
  createWorkspacePair,
  isFirstRun,
  isTimezone,
  switchWorkspace,
  type WorkspaceOfPerson,
  workspacesOf,
} from './workspaces.ts';
