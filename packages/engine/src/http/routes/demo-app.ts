import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { newToken } from '#base/ids.ts';
import { type DemoPerson, demoAppPage } from '../demo-app-page.ts';

export interface DemoAppDeps {
  /** Whom a visitor can be. */
  readonly people: readonly DemoPerson[];
  /** The public write key of the demo's workspace. */
  writeKey(): Promise<string>;
  /** What a real customer's server computes: HMAC-SHA256(user id, identity secret) in hex. */
  userHash(userId: string): Promise<string>;
  /** The same over user id and address: proves the address. */
  emailHash(person: { userId: string; email: string }): Promise<string>;
  /** Links shown at the foot of the page: the dashboard, the simulated Stripe. */
  readonly links: readonly { readonly label: string; readonly url: string }[];
}

const Query = z.object({ as: z.string().max(255).optional(), login: z.string().max(1).optional() });

/**
 * GET /demo-app: a customer's product with the snippet in it, so that nudges can be seen where they appear. Registered in
 * the demo only: it proves any of the demo's people, which a real server does for its own signed-in user alone.
 */
export const demoAppRoutes =
  (deps: DemoAppDeps): FastifyPluginAsync =>
  async (instance) => {
    const app = instance.withTypeProvider<ZodTypeProvider>();
    app.get('/demo-app', { schema: { hide: true, querystring: Query } }, async (request, reply) => {
      const nonce = newToken(16);
      const person = deps.people.find(({ userId }) => userId === request.query.as) ?? null;
      // As strict as a policy can be while a script runs: one nonce, no host, no eval, no inline style.
      const policy = [
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        `style-src 'nonce-${nonce}'`,
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
      ];
      void reply
        .header('content-security-policy', policy.join('; '))
        .header('x-frame-options', 'SAMEORIGIN')
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8');
      return demoAppPage({
        nonce,
        people: deps.people,
        links: deps.links,
        writeKey: await deps.writeKey(),
        person,
        userHash: person ? await deps.userHash(person.userId) : null,
        emailHash: person ? await deps.emailHash(person) : null,
      });
    });
  };
