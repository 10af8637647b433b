import { Overview, OverviewQuery } from '@growthos/contracts/http/overview.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { overview } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

/** `/api/overview`: the first page. */
export function overviewRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/overview',
      { schema: { tags: ['Overview'], querystring: OverviewQuery, response: { 200: Overview } } },
      async (request) =>
        overview(deps, {
          workspaceId: request.access.workspaceId,
          timezone: request.query.timezone,
          isCapturing: deps.options.isCapturingMail,
        }),
    );
  };
}
