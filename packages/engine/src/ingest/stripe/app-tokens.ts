import { z } from 'zod';
import type { SecretBox } from '#access/secrets.ts';
import { toEpochS, type Clock } from '#base/clock.ts';
import { ConfigurationError, StripeAccountGoneError } from '#base/errors.ts';
import { json, type Db } from '#db/db.ts';
import { openConnectionSecret, type ConnectionSecret } from './account-clients.ts';
import { callStripe } from './call-stripe.ts';
import { createStripeClient } from './client.ts';
import type { ConnectionRow } from './connection-store.ts';
import type { StripeConfig } from './stripe-config.ts';

/** Stripe's answer to a token request of a Stripe App. Source: Stripe Apps, OAuth 2.0. */
export const AppTokenAnswer = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  stripe_user_id: z.string(),
  scope: z.string().optional(),
  livemode: z.boolean().optional(),
  /** Seconds. */
  expires_in: z.number().optional(),
});
export type AppTokenAnswer = z.infer<typeof AppTokenAnswer>;

/** Source: Stripe Apps: access tokens live for one hour. */
const TOKEN_TTL_S = 3_600;
/** A token is renewed so long before its end, seconds, so that no call begins with one that is about to expire. */
const RENEW_BEFORE_S = 300;

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly secretBox: SecretBox;
  readonly config: StripeConfig;
}

/** Exchanges a code, or a refresh token, at Stripe. Neither is good a second time, so nobody tries this again. */
export async function requestAppTokens(
  deps: Pick<Deps, 'config'>,
  input: { grant_type: 'authorization_code'; code: string } | { grant_type: 'refresh_token'; refresh_token: string },
): Promise<AppTokenAnswer> {
  const { app, apiBase } = deps.config;
  if (app === null) throw new ConfigurationError('The Stripe App of this installation is not configured.');
  const stripe = createStripeClient({ apiKey: app.secretKey, account: null, apiBase });
  return AppTokenAnswer.parse(await callStripe(() => stripe.rawRequest('POST', '/v1/oauth/token', { ...input })));
}

export function appSecret(answer: AppTokenAnswer, now: Date): Extract<ConnectionSecret, { kind: 'app' }> {
  return {
    kind: 'app',
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    expiresAtS: toEpochS(now) + (answer.expires_in ?? TOKEN_TTL_S),
  };
}

/** Renewals under way in this process, so that calls at the same time wait for one. */
const renewals = new Map<string, Promise<string>>();

/**
 * An access token that is good for a while. The refresh token changes with every use, and the new pair is stored in one
 * statement that expects the old one: when another process renewed meanwhile, its pair is used.
 */
export async function freshAppToken(
  deps: Deps,
  input: { connection: ConnectionRow; secret: Extract<ConnectionSecret, { kind: 'app' }> },
): Promise<string> {
  const { connection, secret } = input;
  if (secret.expiresAtS - RENEW_BEFORE_S > toEpochS(deps.clock.now())) return secret.accessToken;
  const running = renewals.get(connection.id);
  if (running !== undefined) return running;
  const renewal = renew(deps, connection).finally(() => renewals.delete(connection.id));
  renewals.set(connection.id, renewal);
  return renewal;
}

async function renew(deps: Deps, connection: ConnectionRow): Promise<string> {
  const { sealed, secret } = await readAppSecret(deps, connection);
  const now = deps.clock.now();
  if (secret.expiresAtS - RENEW_BEFORE_S > toEpochS(now)) return secret.accessToken;
  try {
    const answer = await requestAppTokens(deps, { grant_type: 'refresh_token', refresh_token: secret.refreshToken });
    const next = appSecret(answer, now);
    await deps.db.query({
      text: 'update stripe_account set sealed_secret = $3 where id = $1 and sealed_secret = $2',
      values: [connection.id, sealed, deps.secretBox.seal(json(next))],
    });
    return next.accessToken;
  } catch (error) {
    // Another process used the refresh token first: then its new pair is in the row by now.
    const again = await readAppSecret(deps, connection);
    if (again.sealed === sealed) throw error;
    return again.secret.accessToken;
  }
}

async function readAppSecret(
  deps: Deps,
  connection: ConnectionRow,
): Promise<{ sealed: string; secret: Extract<ConnectionSecret, { kind: 'app' }> }> {
  const { sealed, secret } = await openConnectionSecret(deps, connection);
  if (secret.kind !== 'app') throw new StripeAccountGoneError(`${connection.account} is connected in another way now.`);
  return { sealed, secret };
}
