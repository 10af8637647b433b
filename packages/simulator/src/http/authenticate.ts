import type { IncomingHttpHeaders } from 'node:http';
import { StripeFault } from '#errors.ts';
import type { KeyRow } from '#store/access.ts';
import type { AccountState } from '#store/account-state.ts';
import type { World } from '#store/world.ts';

/** The key by `Authorization: Bearer` or Basic, and the account it acts on: its own or, by `Stripe-Account`, a connected one. */
export function authenticate(world: World, headers: IncomingHttpHeaders): { key: KeyRow; state: AccountState } {
  const secret = secretOf(headers.authorization);
  if (secret === undefined) {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
    );
  }
  const key = world.keys.get(secret);
  if (!key) throw unauthorized(`Invalid API Key provided: ${starred(secret)}`);
  if (key.expiresAt !== null && key.expiresAt <= world.clock.nowS()) {
    throw unauthorized(`Expired API Key provided: ${starred(secret)}`, 'api_key_expired');
  }
  const header = headers['stripe-account'];
  const account = typeof header === 'string' ? header : key.account;
  if (account !== key.account && !isConnected(world, key, account)) {
    throw new StripeFault({
      status: 403,
      type: 'invalid_request_error',
      code: 'account_invalid',
      message: `The provided key '${starred(secret)}' does not have access to account '${account}' (or that account does not exist). Application access may have been revoked.`,
    });
  }
  return { key, state: world.state(account, key.livemode) };
}

export function secretOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [scheme, value] = header.split(' ');
  if (value === undefined) return undefined;
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() === 'basic') return Buffer.from(value, 'base64').toString('utf8').split(':')[0];
  return undefined;
}

function starred(secret: string): string {
  return `${secret.slice(0, 8)}${'*'.repeat(Math.max(4, secret.length - 12))}${secret.slice(-4)}`;
}

function unauthorized(message: string, code?: string): StripeFault {
  return new StripeFault({
    status: 401,
    type: 'invalid_request_error',
    message,
    ...(code === undefined ? {} : { code }),
  });
}

/** A connection made in live mode also opens the account's test mode, as Standard connections do. */
function isConnected(world: World, key: KeyRow, account: string): boolean {
  return world.connections.some((connection) => {
    const application = world.applications.get(connection.application);
    const fits = connection.livemode === key.livemode || connection.livemode;
    return application?.account === key.account && connection.account === account && fits;
  });
}

/** What a reader of billing may write all the same: its own webhook endpoints, and OAuth. */
const ALLOWED_WRITES: readonly RegExp[] = [
  /^\/v1\/webhook_endpoints(\/|$)/,
  /^\/oauth\/(token|deauthorize)$/,
  /^\/v1\/oauth\/token$/,
];

/** In read-only mode a write by key is answered 500 and remembered, whatever else it would have been answered. */
export function refuseForeignWrite(
  world: World,
  call: { readonly method: string; readonly path: string; readonly key: KeyRow; readonly state: AccountState },
): void {
  if (!world.isReadOnly || call.method === 'GET' || ALLOWED_WRITES.some((allowed) => allowed.test(call.path))) return;
  world.violations.push({
    method: call.method,
    path: call.path,
    key: starred(call.key.key),
    account: call.state.account,
    atS: world.clock.nowS(),
  });
  throw new StripeFault({
    status: 500,
    type: 'api_error',
    message: `The simulator is in read-only mode: ${call.method} ${call.path} would change the tenant's billing.`,
  });
}

export function requirePermission(key: KeyRow, need: { readonly resource: string; readonly isWrite: boolean }): void {
  if (key.permissions === null) return;
  const read = `rak_${need.resource}_read`;
  const write = `rak_${need.resource}_write`;
  if (key.permissions.includes(write) || (!need.isWrite && key.permissions.includes(read))) return;
  const missing = need.isWrite ? write : read;
  throw new StripeFault({
    status: 403,
    type: 'invalid_request_error',
    message: `The provided key '${starred(key.key)}' does not have the required permissions for this endpoint on account '${key.account}'. Having the '${missing}' permission would allow this request to continue.`,
  });
}
