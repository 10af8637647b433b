import { StripeAccountGoneError, StripePermissionError, InvalidInputError } from '#base/errors.ts';
import type { Clock } from '#base/clock.ts';
import type { Db } from '#db/db.ts';
import type { AccountClients } from './account-clients.ts';
import type { AccountDirectory } from './account-directory.ts';
import { callStripe } from './call-stripe.ts';
import { createStripeClient } from './client.ts';
import { readConnection, type ConnectionRow } from './connection-store.ts';
import { endConnections } from './end-connection.ts';
import { removeEndpoint, type EndpointDeps } from './endpoint.ts';
import type { StripeConfig } from './stripe-config.ts';

export interface DisconnectDeps extends EndpointDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly config: StripeConfig;
  readonly clients: AccountClients;
  readonly directory: AccountDirectory;
}

/**
 * Ends a connection at Stripe and here. Returns what is left for the person to do at Stripe, or null. Already ended at
 * Stripe counts as done. @throws UpstreamUnavailableError when Stripe does not answer: then nothing has changed.
 */
export async function disconnect(
  deps: DisconnectDeps,
  input: { workspaceId: string; connectionId: string },
): Promise<{ advice: string | null }> {
  const connection = await readConnection(deps.db, input);
  if (connection.status === 'disconnected') return { advice: null };
  const advice = await endAtStripe(deps, connection);
  await deps.db.transaction((tx) =>
    endConnections(tx, {
      connectionIds: [connection.id],
      reason: 'Disconnected here.',
      now: deps.clock.now(),
    }),
  );
  deps.directory.forget();
  deps.signingSecrets.forget();
  return { advice };
}

async function endAtStripe(deps: DisconnectDeps, connection: ConnectionRow): Promise<string | null> {
  switch (connection.method) {
    case 'connect':
      await deauthorize(deps, connection);
      return null;
    case 'restricted_key':
      await unlessGone(async () => {
        const stripe = await deps.clients.forConnection(connection);
        await removeEndpoint(deps, { stripe, stripeAccountId: connection.id, livemode: connection.livemode });
      });
      return `We have forgotten the key that ends in ${connection.details.keyLast4 ?? '????'}. Delete it at Stripe, under Developers, API keys, to be sure.`;
    case 'app':
      return 'We have forgotten our access. Uninstall GrowthOS at Stripe, under Installed apps, to end it there too.';
  }
}

async function deauthorize(deps: DisconnectDeps, connection: ConnectionRow): Promise<void> {
  const { platform, apiBase } = deps.config;
  if (platform === null) return;
  const stripe = createStripeClient({ apiKey: platform.secretKey, account: null, apiBase });
  await unlessGone(() =>
    callStripe(() => stripe.oauth.deauthorize({ client_id: platform.clientId, stripe_user_id: connection.account })),
  );
}

/** Stripe answers `invalid_client`, 401 or 403 when the connection is over already: that is what we wanted. */
async function unlessGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isGone =
      error instanceof StripeAccountGoneError ||
      error instanceof StripePermissionError ||
      error instanceof InvalidInputError;
    if (!isGone) throw error;
  }
}
