import type {} from 'fastify';
import type { Access } from '#access/access.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard for every route below `/api`; reading it elsewhere throws. */
    access: Access;
  }
}
