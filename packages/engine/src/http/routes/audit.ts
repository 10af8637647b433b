import { AuditLog } from '@growthos/contracts/http/members.ts';
import { PageQuery } from '@growthos/contracts/http/paging.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { auditLog } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

/** `/api/audit`: what people and keys did. */
export function auditRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/audit',
      { config: { role: 'admin' }, schema: { tags: ['Audit'], querystring: PageQuery, response: { 200: AuditLog } } },
      async (request) => auditLog(deps, { ...request.query, workspaceId: request.access.workspaceId }),
    );
  };
}
