import type { Config } from '#config.ts';
import type { StripeConfig } from '#ingest/index.ts';

/** What ingest needs of the environment to reach Stripe; a way in whose pair of variables is not set is null. */
export function stripeConfigOf(config: Config, baseUrl: string): StripeConfig {
  return {
    platform: pair(config.STRIPE_SECRET_KEY, config.STRIPE_CLIENT_ID),
    app: pair(config.STRIPE_APP_SECRET_KEY, config.STRIPE_APP_CLIENT_ID),
    apiBase: config.STRIPE_API_BASE ?? null,
    baseUrl,
  };
}

function pair(
  secretKey: string | undefined,
  clientId: string | undefined,
): { secretKey: string; clientId: string } | null {
  return secretKey === undefined || clientId === undefined ? null : { secretKey, clientId };
}
