import { ApiKeyMade, Keys, NewApiKey, NewWriteKey } from '@growthos/contracts/http/members.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { createApiKey, createWriteKey, revokeKey } from '#access/index.ts';
import { keys } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

const KeyParams = z.object({ id: z.uuid() });
const tags = ['Keys'];
const config = { role: 'admin' as const };

/** `/api/keys`: secret keys for programs, public keys for pages. */
export function keyRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/api/keys', { schema: { tags, response: { 200: Keys } } }, async (request) => keys(deps, request.access));
    app.post(
      '/api/keys/api',
      { config, schema: { tags, body: NewApiKey, response: { 200: ApiKeyMade } } },
      async (request) => createApiKey(deps, { access: request.access, ...request.body }),
    );
    app.post(
      '/api/keys/write',
      { config, schema: { tags, body: NewWriteKey, response: { 200: Keys } } },
      async (request) => {
        await createWriteKey(deps, { access: request.access, ...request.body });
        return keys(deps, request.access);
      },
    );
    for (const kind of ['api', 'write'] as const) {
      app.delete(
        `/api/keys/${kind}/:id`,
        { config, schema: { tags, params: KeyParams, response: { 200: Keys } } },
        async (request) => {
          await revokeKey(deps, { access: request.access, kind: `${kind}_key`, id: request.params.id });
          return keys(deps, request.access);
        },
      );
    }
  };
}
