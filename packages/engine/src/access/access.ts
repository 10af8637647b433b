/** Who asks, once proven: set by the guard in `http/auth.ts` on every request below `/api`. */
export const ROLES = ['owner', 'admin', 'editor', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

export interface Access {
  readonly workspaceId: string;
  /** Null for an API key. */
  readonly personId: string | null;
  readonly role: Role;
  readonly via: 'session' | 'api_key';
}
