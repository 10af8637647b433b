import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NotFoundError } from '#base/errors.ts';

/** Files with a hash in their name never change under that name. */
const ASSET_MAX_AGE_S = 31_536_000;

/** Paths that belong to programs: an unknown one is a 404 in JSON, never the dashboard's page. */
const PROGRAM_PATHS = /^\/(api|v1|webhooks|in-app|unsubscribe|metrics|health|ready)(\/|$|\?)/;

/**
 * Serves the built dashboard from `dir`, and its page for every other address that a browser navigates to, because the
 * dashboard routes by itself. Without a build, it says how to make one.
 */
export async function serveDashboard(app: FastifyInstance, options: { dir: string | null }): Promise<void> {
  const page = options.dir === null ? null : join(options.dir, 'index.html');
  const isBuilt = page !== null && existsSync(page);
  if (isBuilt && options.dir !== null) {
    await app.register(fastifyStatic, {
      root: options.dir,
      wildcard: true,
      index: false,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const isHashed = /[\\/]assets[\\/]/.test(path);
        void reply.header('cache-control', isHashed ? `public, max-age=${ASSET_MAX_AGE_S}, immutable` : 'no-cache');
      },
    });
  }
  const html = isBuilt ? readFileSync(page, 'utf8') : NOT_BUILT;
  const sendPage = (reply: FastifyReply): FastifyReply =>
    reply.code(200).type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(html);
  app.get('/', { schema: { hide: true } }, async (_request, reply) => sendPage(reply));
  app.setNotFoundHandler(async (request: FastifyRequest, reply) => {
    const isPage = request.method === 'GET' && !PROGRAM_PATHS.test(request.url) && !/\.\w+($|\?)/.test(request.url);
    if (isPage) return sendPage(reply);
    throw new NotFoundError('There is nothing at this address.');
  });
}

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>GrowthOS</title>
<p>The server runs, but its dashboard was not built yet. Run <code>npm run build</code> and load this page again.</p>
<p>The API is at <a href="/api/openapi.json">/api/openapi.json</a>.</p></html>
`;
