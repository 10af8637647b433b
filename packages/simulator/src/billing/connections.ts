import { announceObject } from './record.ts';
import type { Scope } from './scope.ts';
import { OAuthFault } from '#errors.ts';
import { renderApplication } from '#render/account.ts';
import { listenersOf } from '#webhooks/queue.ts';
import type { ApplicationRow, CodeRow, ConnectionRow } from '#store/access.ts';
import { addKey } from '#store/genesis.ts';
import type { World } from '#store/world.ts';

/** Source: docs.stripe.com/connect/oauth-reference. */
const CODE_S = 300;
/** Source: docs.stripe.com/stripe-apps/api-authentication/oauth: access tokens of an app live an hour. */
const APP_TOKEN_S = 3_600;

export function applicationOf(world: World, clientId: string): ApplicationRow {
  const application = world.applications.get(clientId);
  if (!application)
    throw new OAuthFault(401, 'invalid_client', `No application matches the supplied client identifier: ${clientId}`);
  return application;
}

export function issueCode(
  world: World,
  input: {
    readonly application: string;
    readonly account: string;
    readonly livemode: boolean;
    readonly scope: CodeRow['scope'];
  },
): CodeRow {
  const row: CodeRow = { ...input, code: world.id('ac', 32), createdS: world.clock.nowS(), isUsed: false };
  world.codes.set(row.code, row);
  world.onChange();
  return row;
}

/** Trades a code for a connection. A code used twice takes the connection down again, as Stripe promises. */
export function redeemCode(
  world: World,
  input: { readonly code: string; readonly application: ApplicationRow },
): ConnectionRow {
  const row = world.codes.get(input.code);
  if (!row) throw new OAuthFault(400, 'invalid_grant', `Authorization code does not exist: ${input.code}`);
  if (row.application !== input.application.id) {
    throw new OAuthFault(400, 'invalid_grant', 'Authorization code provided does not belong to you');
  }
  if (row.isUsed) {
    disconnect(world, { application: row.application, account: row.account, livemode: row.livemode });
    throw new OAuthFault(
      400,
      'invalid_grant',
      'This authorization code has already been used. All tokens issued with this code have been revoked.',
    );
  }
  if (row.createdS + CODE_S < world.clock.nowS()) {
    throw new OAuthFault(400, 'invalid_grant', `Authorization code expired: ${input.code}`);
  }
  row.isUsed = true;
  return connect(world, row);
}

export function connect(
  world: World,
  input: Pick<ConnectionRow, 'application' | 'account' | 'livemode' | 'scope'>,
): ConnectionRow {
  const known = find(world, input);
  if (known) {
    known.scope = input.scope;
    known.refreshToken = world.id('rt', 32);
    return known;
  }
  const row: ConnectionRow = {
    application: input.application,
    account: input.account,
    livemode: input.livemode,
    scope: input.scope,
    refreshToken: world.id('rt', 32),
  };
  world.connections.push(row);
  say(world, row, 'account.application.authorized');
  return row;
}

/** Either side may end it. Tokens die, and the platform's Connect endpoint hears of it; false when there was none. */
export function disconnect(world: World, input: Pick<ConnectionRow, 'application' | 'account' | 'livemode'>): boolean {
  const row = find(world, input);
  if (!row) return false;
  const scope: Scope = { world, state: world.state(row.account, row.livemode), request: null };
  const listeners = listenersOf(world, scope.state);
  world.connections = world.connections.filter((other) => other !== row);
  for (const [name, key] of world.keys) {
    if (key.application === row.application && key.account === row.account && key.livemode === row.livemode)
      world.keys.delete(name);
  }
  const application = world.applications.get(row.application);
  if (application) announceObject(scope, 'account.application.deauthorized', renderApplication(application), listeners);
  world.onChange();
  return true;
}

function say(world: World, row: ConnectionRow, type: string): void {
  const application = world.applications.get(row.application);
  if (!application) return;
  announceObject(
    { world, state: world.state(row.account, row.livemode), request: null },
    type,
    renderApplication(application),
  );
}

function find(
  world: World,
  input: Pick<ConnectionRow, 'application' | 'account' | 'livemode'>,
): ConnectionRow | undefined {
  return world.connections.find(
    (row) => row.application === input.application && row.account === input.account && row.livemode === input.livemode,
  );
}

/** The answer of both token endpoints. An app's refresh token is good for one use; a platform's stays. */
export function tokenAnswer(world: World, row: ConnectionRow): Record<string, string | boolean> {
  const application = world.applications.get(row.application);
  const isApp = application?.kind === 'app';
  const mode = row.livemode ? 'live' : 'test';
  const token = addKey(world, {
    key: `sk_${mode}_oauth_${world.chance.text(24)}`,
    account: row.account,
    livemode: row.livemode,
    application: row.application,
    ...(isApp ? { permissions: application.permissions, expiresAt: world.clock.nowS() + APP_TOKEN_S } : {}),
  });
  world.onChange();
  return {
    access_token: token.key,
    livemode: row.livemode,
    refresh_token: row.refreshToken,
    token_type: 'bearer',
    stripe_publishable_key: `pk_${mode}_oauth_${world.chance.text(24)}`,
    stripe_user_id: row.account,
    scope: row.scope,
  };
}

export function refresh(
  world: World,
  input: { readonly token: string; readonly application: ApplicationRow },
): ConnectionRow {
  const row = world.connections.find(
    (other) => other.refreshToken === input.token && other.application === input.application.id,
  );
  if (!row) throw new OAuthFault(400, 'invalid_grant', `Refresh token does not exist: ${input.token}`);
  if (input.application.kind === 'app') row.refreshToken = world.id('rt', 32);
  return row;
}
