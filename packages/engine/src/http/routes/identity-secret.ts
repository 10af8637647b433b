import { IdentitySecret } from '@growthos/contracts/http/in-app.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { recordAudit } from '#access/index.ts';
import type { Clock } from '#base/clock.ts';
import type { Db, Queryable } from '#db/db.ts';

export interface IdentitySecretDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** Makes one where there is none yet. */
  read(db: Queryable, workspaceId: string): Promise<string>;
  rotate(db: Queryable, workspaceId: string): Promise<string>;
}

const tags = ['Keys'];
const config = { role: 'admin' as const };

/** `/api/identity-secret`: the secret with which a customer's server proves its users to nudges. Admins only, audited. */
export const identitySecretRoutes =
  (deps: IdentitySecretDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/identity-secret',
      { config, schema: { tags, summary: 'The identity secret', response: { 200: IdentitySecret } } },
      async (request) => ({ secret: await deps.read(deps.db, request.access.workspaceId) }),
    );
    app.post(
      '/api/identity-secret/rotate',
      { config, schema: { tags, summary: 'A new identity secret', response: { 200: IdentitySecret } } },
      async ({ access }) => ({
        secret: await deps.db.transaction(async (tx) => {
          const text = 'Made a new identity secret; hashes made with the old one prove nothing any more';
          await recordAudit(
            { db: tx, clock: deps.clock },
            { access, action: 'identity_secret.rotated', subject: null, text },
          );
          return deps.rotate(tx, access.workspaceId);
        }),
      }),
    );
  };
