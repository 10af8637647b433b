import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import { NotFoundError } from '#base/errors.ts';

/** The files that `packages/browser/build.mjs` makes; nothing else of the folder is given out. */
const FILES = ['growthos.js', 'growthos-confetti.js'] as const;

/** GET /sdk/growthos.js and the file that it fetches for a celebration: for pages of any origin, kept for five minutes. */
export const sdkRoutes =
  (deps: { dir: string }): FastifyPluginAsync =>
  async (app) => {
    for (const name of FILES) {
      const file = await readFile(join(deps.dir, name)).catch(() => null);
      const etag = file && `"${createHash('sha256').update(file).digest('base64url').slice(0, 22)}"`;
      app.get(`/sdk/${name}`, async (request, reply) => {
        if (!file || !etag) throw new NotFoundError('The SDK is not built. Run: npm run build');
        void reply
          .header('access-control-allow-origin', '*')
          .header('cross-origin-resource-policy', 'cross-origin')
          .header('cache-control', 'public, max-age=300')
          .header('etag', etag)
          .type('text/javascript; charset=utf-8');
        return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(file);
      });
    }
  };
