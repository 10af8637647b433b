import { ForbiddenError } from '#base/errors.ts';

/** Who asks, once proven: set by the guard in `http/auth.ts` on every request below `/api`. */
export const ROLES = ['owner', 'admin', 'editor', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

export interface Access {
  readonly workspaceId: string;
  /** Null for an API key. */
  readonly personId: string | null;
  readonly role: Role;
  readonly via: 'session' | 'api_key';
  /** Set when `via` is `api_key`. */
  readonly apiKeyId?: string;
}

/** Whether `role` may do what `needed` may: owner, then admin, editor, viewer. */
export function hasRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(needed);
}

/** @throws ForbiddenError naming the role that is needed. */
export function requireRole(access: Access, needed: Role): void {
  if (hasRole(access.role, needed)) return;
  const yours = access.via === 'api_key' ? 'this API key may do what a' : 'yours is';
  throw new ForbiddenError(`This needs the role ${needed} in this workspace; ${yours} ${access.role}.`);
}
