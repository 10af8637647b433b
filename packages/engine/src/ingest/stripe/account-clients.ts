import type Stripe from 'stripe';
import { z } from 'zod';
import type { SecretBox } from '#access/secrets.ts';
import { ConfigurationError, StripeAccountGoneError } from '#base/errors.ts';
import type { Db } from '#db/db.ts';
import { createStripeClient } from './client.ts';
import { readSealedSecret, type ConnectionRow } from './connection-store.ts';
import type { StripeConfig } from './stripe-config.ts';

/** What is sealed in `stripe_account.sealed_secret`. A Connect connection has none: the platform's key opens it. */
export const ConnectionSecret = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('restricted_key'), key: z.string() }),
  z.object({
    kind: z.literal('app'),
    accessToken: z.string(),
    refreshToken: z.string(),
    /** Epoch seconds. */
    expiresAtS: z.number(),
  }),
]);
export type ConnectionSecret = z.infer<typeof ConnectionSecret>;

export interface AccountClients {
  /** A client that acts on the connection's account. @throws StripeAccountGoneError when the connection has ended. */
  forConnection(connection: ConnectionRow): Promise<Stripe>;
}

export function createAccountClients(deps: {
  db: Db;
  secretBox: SecretBox;
  config: StripeConfig;
  /** A fresh access token of a Stripe App. */
  appToken(connection: ConnectionRow, secret: Extract<ConnectionSecret, { kind: 'app' }>): Promise<string>;
}): AccountClients {
  const { config } = deps;
  return {
    async forConnection(connection) {
      if (connection.method === 'connect') {
        if (config.platform === null) {
          throw new ConfigurationError('STRIPE_SECRET_KEY: missing. It is needed to read accounts connected by OAuth.');
        }
        const { secretKey } = config.platform;
        return createStripeClient({ apiKey: secretKey, account: connection.account, apiBase: config.apiBase });
      }
      const { secret } = await openConnectionSecret(deps, connection);
      const apiKey = secret.kind === 'restricted_key' ? secret.key : await deps.appToken(connection, secret);
      return createStripeClient({ apiKey, account: null, apiBase: config.apiBase });
    },
  };
}

/** The connection's secret, and as it is sealed. @throws StripeAccountGoneError when the connection has ended. */
export async function openConnectionSecret(
  deps: { db: Db; secretBox: SecretBox },
  connection: ConnectionRow,
): Promise<{ sealed: string; secret: ConnectionSecret }> {
  const sealed = await readSealedSecret(deps.db, connection.id);
  if (sealed === null) throw new StripeAccountGoneError(`The connection to ${connection.account} has ended.`);
  return { sealed, secret: ConnectionSecret.parse(JSON.parse(deps.secretBox.open(sealed))) };
}
