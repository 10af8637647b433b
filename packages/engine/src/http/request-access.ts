import type {} from 'fastify';
import type { Access, Resolved, Role } from '#access/index.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard for every route below `/api`; reading it elsewhere throws. */
    access: Access;
    /** Set with `access`: the session and its workspaces, for the pages about them. */
    resolved: Resolved;
  }
  interface FastifyContextConfig {
    /** Below `/api`, but open to anybody: signing in, and what a visitor sees before. */
    isPublic?: boolean;
    /** The least role that may call this route. Default: viewer for reading, editor for everything else. */
    role?: Role;
  }
}
