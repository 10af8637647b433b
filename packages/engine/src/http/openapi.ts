import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/**
 * Collects the schema of every route that is registered after it. `GET /api/openapi.json` answers with it, and
 * `app.swagger()` gives it to the generator of `docs/openapi.json`.
 */
export async function collectOpenApi(app: FastifyInstance, options: { version: string }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'GrowthOS',
        version: options.version,
        description:
          'Contacts, billing, segments, sequences and messages. Below /api a session cookie or `Authorization: Bearer ' +
          'gos_...` is needed; below /v1 a write key. Lists are paged by `cursor`; money is an integer in the minor unit ' +
          'of its currency.',
      },
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
      security: [{ apiKey: [] }],
    },
    transform: jsonSchemaTransform,
  });
  app.get('/api/openapi.json', { config: { isPublic: true }, schema: { hide: true } }, async (_request, reply) => {
    void reply.type('application/json; charset=utf-8');
    return JSON.stringify(app.swagger());
  });
}
