/**
 * Connecting by OAuth. In: a person who presses Connect, and later the browser that Stripe sends back. Out: a connected
 * account whose backfill runs, or one sentence that says what went wrong. May happen twice: the callback (a reload, a
 * second tab); the code in it is exchanged once, since Stripe answers a second exchange by revoking the connection.
 */
import { z } from 'zod';
import { ConfigurationError, ConflictError, GrowthError, messageOf } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { appSecret, requestAppTokens } from './app-tokens.ts';
import { bindAccount, workspaceForMode, type BindDeps } from './bind-account.ts';
import { callStripe } from './call-stripe.ts';
import { createStripeClient } from './client.ts';
import {
  createState,
  openState,
  recordOutcome,
  takeState,
  type ConnectOutcome,
  type ConnectState,
} from './connect-state.ts';
import { oauthBases, type StripeConfig } from './stripe-config.ts';
import type { ConnectionSecret } from './account-clients.ts';

export interface ConnectDeps extends BindDeps {
  readonly log: Log;
  readonly config: StripeConfig;
  /** Called after an account was connected: sees to the platform's endpoint. */
  onConnected(): void;
}

export interface ConnectCallback {
  readonly state: string;
  readonly code: string | null;
  /** Stripe's `error` and `error_description`, when the person said no. */
  readonly error: string | null;
  readonly errorDescription: string | null;
  /** Who is signed in in that browser. */
  readonly personId: string | null;
}

export function callbackUrl(config: StripeConfig): string {
  return `${config.baseUrl}/connect/stripe/callback`;
}

/**
 * The address at Stripe to send the browser to. We build it ourselves: the package's `authorizeUrl` always says https
 * and drops a port. Stripe gives `scope=read_only` to no new platform; that we only read is proven in `client.ts`.
 */
export async function startConnect(
  deps: ConnectDeps,
  input: { workspaceId: string; personId: string; method: 'connect' | 'app' },
): Promise<string> {
  const { config } = deps;
  const application = input.method === 'connect' ? config.platform : config.app;
  if (application === null) {
    throw new ConfigurationError(
      input.method === 'connect'
        ? 'STRIPE_SECRET_KEY and STRIPE_CLIENT_ID: missing. Without them only a restricted key can connect Stripe.'
        : 'This installation has no Stripe App. Connect by OAuth or with a restricted key.',
    );
  }
  const bases = oauthBases(config.apiBase);
  const url = new URL(
    input.method === 'connect' ? `${bases.connect}/oauth/authorize` : `${bases.app}/oauth/v2/authorize`,
  );
  url.searchParams.set('client_id', application.clientId);
  if (input.method === 'connect') {
    url.searchParams.set('response_type', 'code');
    url.searchParams.set('scope', 'read_write');
  }
  url.searchParams.set('redirect_uri', callbackUrl(config));
  url.searchParams.set('state', await createState(deps, { ...input, now: deps.clock.now() }));
  return url.toString();
}

/** Callbacks under way in this process, by state, so that a second one waits for the first's outcome. */
const underWay = new Map<string, Promise<ConnectOutcome>>();

export async function finishConnect(deps: ConnectDeps, input: ConnectCallback): Promise<ConnectOutcome> {
  const key = openState(deps.secretBox, input.state) ?? input.state;
  const first = underWay.get(key);
  const mine = first === undefined ? finish(deps, input) : first.then(() => finish(deps, input));
  underWay.set(key, mine);
  try {
    return await mine;
  } finally {
    if (underWay.get(key) === mine) underWay.delete(key);
  }
}

async function finish(deps: ConnectDeps, input: ConnectCallback): Promise<ConnectOutcome> {
  const taken = await takeState(deps, { sealed: input.state, personId: input.personId, now: deps.clock.now() });
  if (taken.kind === 'refused') return failed(taken.sentence);
  if (taken.kind === 'used') {
    return taken.outcome ?? failed('This connection is being made in another window. Look at the list in a moment.');
  }
  const outcome = await connect(deps, { ...input, state: taken.state }).catch((error: unknown) => {
    deps.log.warn({ err: error }, 'connecting a Stripe account failed');
    return failed(sentenceFor(error));
  });
  await recordOutcome(deps.db, { tokenHash: taken.state.tokenHash, outcome });
  if (outcome.outcome === 'connected') deps.onConnected();
  return outcome;
}

const failed = (sentence: string): ConnectOutcome => ({ outcome: 'failed', sentence });

/**
 * An app's events come to the Connect endpoint of the account that owns the app. Where that is not the account of our
 * platform, we have no endpoint there, and ask for news.
 */
function isUnheard(config: StripeConfig, method: 'connect' | 'app'): boolean {
  return method === 'app' && config.app?.secretKey !== config.platform?.secretKey;
}

interface Granted {
  readonly account: string;
  readonly livemode: boolean;
  readonly scope: string;
  readonly secret: ConnectionSecret | null;
}

async function connect(
  deps: ConnectDeps,
  input: Omit<ConnectCallback, 'state'> & { state: ConnectState },
): Promise<ConnectOutcome> {
  const { state } = input;
  if (input.error !== null) {
    return failed(
      input.error === 'access_denied'
        ? 'You did not allow access at Stripe, so nothing was connected.'
        : `Stripe says: ${input.errorDescription ?? input.error}`,
    );
  }
  if (input.code === null) return failed('Stripe sent no code. Press Connect again.');
  const granted = await exchange(deps, { code: input.code, method: state.method });
  const workspaceId = await workspaceForMode(deps.db, { workspaceId: state.workspaceId, livemode: granted.livemode });
  if (workspaceId === null) {
    const mode = granted.livemode ? 'live' : 'test';
    return failed(`Stripe connected the account in ${mode} mode, but this workspace has no ${mode} side.`);
  }
  const { connectionId } = await bindAccount(deps, {
    workspaceId,
    account: granted.account,
    livemode: granted.livemode,
    method: state.method,
    secret: granted.secret,
    details: { scope: granted.scope, ...(isUnheard(deps.config, state.method) ? { isPolled: true } : {}) },
    ...(await describeAccount(deps, granted)),
  });
  return { outcome: 'connected', connectionId };
}

const OAuthAnswer = z.object({
  stripe_user_id: z.string(),
  scope: z.string().optional(),
  livemode: z.boolean(),
});

async function exchange(deps: ConnectDeps, input: { code: string; method: 'connect' | 'app' }): Promise<Granted> {
  const { config } = deps;
  if (input.method === 'app') {
    const answer = await requestAppTokens(deps, { grant_type: 'authorization_code', code: input.code });
    return {
      account: answer.stripe_user_id,
      livemode: answer.livemode ?? false,
      scope: answer.scope ?? 'stripe_apps',
      secret: appSecret(answer, deps.clock.now()),
    };
  }
  if (config.platform === null) throw new ConfigurationError('STRIPE_SECRET_KEY: missing.');
  const stripe = createStripeClient({ apiKey: config.platform.secretKey, account: null, apiBase: config.apiBase });
  const answer = OAuthAnswer.parse(
    await callStripe(() => stripe.oauth.token({ grant_type: 'authorization_code', code: input.code })),
  );
  return {
    account: answer.stripe_user_id,
    livemode: answer.livemode,
    scope: answer.scope ?? 'read_write',
    secret: null,
  };
}

const AccountAnswer = z.object({
  settings: z.object({ dashboard: z.object({ display_name: z.string().nullish() }).nullish() }).nullish(),
  business_profile: z.object({ name: z.string().nullish() }).nullish(),
  country: z.string().nullish(),
  default_currency: z.string().nullish(),
});

export interface AccountDescription {
  readonly displayName: string | null;
  readonly country: string | null;
  readonly defaultCurrency: string | null;
}

export function readAccountDescription(account: unknown): AccountDescription {
  const parsed = AccountAnswer.safeParse(account);
  const data = parsed.success ? parsed.data : {};
  return {
    displayName: data.settings?.dashboard?.display_name ?? data.business_profile?.name ?? null,
    country: data.country ?? null,
    defaultCurrency: data.default_currency ?? null,
  };
}

/** For the eye only: a connection stands without it. */
async function describeAccount(deps: ConnectDeps, granted: Granted): Promise<AccountDescription> {
  const { config } = deps;
  const isApp = granted.secret?.kind === 'app';
  const apiKey = granted.secret?.kind === 'app' ? granted.secret.accessToken : config.platform?.secretKey;
  if (apiKey === undefined) return readAccountDescription(null);
  const stripe = createStripeClient({ apiKey, account: isApp ? null : granted.account, apiBase: config.apiBase });
  try {
    return readAccountDescription(await callStripe(() => stripe.rawRequest('GET', '/v1/account')));
  } catch (error) {
    deps.log.info({ err: error }, 'the name of a connected account could not be read');
    return readAccountDescription(null);
  }
}

function sentenceFor(error: unknown): string {
  if (error instanceof ConflictError || error instanceof ConfigurationError) return error.message;
  if (error instanceof GrowthError && error.code === 'upstream_unavailable') {
    return 'Stripe did not answer. Nothing was connected; press Connect again in a moment.';
  }
  if (error instanceof GrowthError) return `Stripe refused: ${messageOf(error)} Press Connect again.`;
  return 'Something went wrong on our side, and nothing was connected. Press Connect again.';
}
