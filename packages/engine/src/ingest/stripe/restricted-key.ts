/**
 * Connecting with a pasted restricted key. In: the key. Out: a connected account, or a sentence that names every
 * permission to add, or why the key is refused; then nothing is stored.
 *
 * What a key may write cannot be asked of Stripe, and we never try a write, so a broad key is recognised by what it may
 * read without being asked to. Whatever a key may do, `client.ts` lets only reading leave this process.
 */
import type { Permission } from '@growthos/contracts/http/connections.ts';
import type Stripe from 'stripe';
import { NotFoundError, InvalidInputError, StripeAccountGoneError, StripePermissionError } from '#base/errors.ts';
import { bindAccount, workspaceForMode, type BindDeps } from './bind-account.ts';
import { callStripe } from './call-stripe.ts';
import { createStripeClient } from './client.ts';
import { readAccountDescription, type AccountDescription } from './connect.ts';
import type { Limiter } from './limiter.ts';
import { ASKED_PERMISSIONS, permissionsView, UNASKED_PROBES } from './permissions.ts';
import type { StripeConfig } from './stripe-config.ts';

export interface RestrictedKeyDeps extends BindDeps {
  readonly config: StripeConfig;
  readonly limiter: Limiter;
  /** Registers the endpoint in the account where the key allows it, and wakes the workers. Must not throw. */
  onKeyAdded(connectionId: string): Promise<void>;
}

export type RestrictedKeyOutcome =
  | { readonly outcome: 'connected'; readonly connectionId: string; readonly workspaceId: string }
  | { readonly outcome: 'missing_permissions'; readonly sentence: string; readonly permissions: Permission[] }
  | { readonly outcome: 'refused'; readonly sentence: string };

export async function addRestrictedKey(
  deps: RestrictedKeyDeps,
  input: { workspaceId: string; key: string },
): Promise<RestrictedKeyOutcome> {
  const wrongKind = refuseByKind(input.key);
  if (wrongKind !== null) return refused(wrongKind);
  const livemode = input.key.startsWith('rk_live_');
  const workspaceId = await workspaceForMode(deps.db, { workspaceId: input.workspaceId, livemode });
  if (workspaceId === null) {
    return refused(`This is a ${livemode ? 'live' : 'test'} key, and this workspace has no such side.`);
  }
  const stripe = createStripeClient({ apiKey: input.key, account: null, apiBase: deps.config.apiBase });
  try {
    const probe = await probeKey(stripe);
    if (probe.unasked.length > 0) return refused(refuseBroad(probe.unasked));
    const permissions = permissionsView(probe.granted);
    const missing = permissions.filter((permission) => permission.isRequired && permission.isGranted !== true);
    if (missing.length > 0) return { outcome: 'missing_permissions', sentence: askFor(missing), permissions };
    if (probe.account === null) return refused(NO_ACCOUNT);
    await countProbes(deps, { account: probe.account, livemode });
    const { connectionId } = await bindAccount(deps, {
      workspaceId,
      account: probe.account,
      livemode,
      method: 'restricted_key',
      secret: { kind: 'restricted_key', key: input.key },
      details: { keyLast4: input.key.slice(-4), granted: probe.granted },
      ...probe.description,
    });
    await deps.onKeyAdded(connectionId);
    return { outcome: 'connected', connectionId, workspaceId };
  } catch (error) {
    if (error instanceof StripeAccountGoneError) {
      return refused('Stripe does not know this key. Copy it once more, whole, or make a new one with the link.');
    }
    throw error;
  }
}

/** The lists that were just asked for are read in the very second that follows: Stripe counts these requests to them too. */
async function countProbes(deps: { limiter: Limiter }, input: { account: string; livemode: boolean }): Promise<void> {
  for (const { probePath } of ASKED_PERMISSIONS) {
    if (probePath !== null) await deps.limiter.reserve({ ...input, resource: probePath });
  }
}

const refused = (sentence: string): RestrictedKeyOutcome => ({ outcome: 'refused', sentence });

const NO_ACCOUNT =
  'We could not find out which account this key belongs to. Add the permission Account (read) to the key, and paste it again.';

function refuseByKind(key: string): string | null {
  if (/^rk_(live|test)_[A-Za-z0-9_]+$/.test(key)) return null;
  if (key.startsWith('sk_')) {
    return (
      'This is a secret key: it may change everything in your Stripe account, so we do not take it. Make a restricted ' +
      'key with the link, and roll the secret key if you sent it anywhere else.'
    );
  }
  if (key.startsWith('pk_'))
    return 'This is a publishable key, which cannot read billing. Make a restricted key with the link.';
  if (key.startsWith('whsec_'))
    return 'This is a webhook signing secret, not a key. Make a restricted key with the link.';
  return 'This is no restricted key: those begin with rk_live_ or rk_test_.';
}

function refuseBroad(unasked: readonly string[]): string {
  return (
    `This key may do more than we ask for: it also opens ${unasked.join(', ')}. A key made like that can usually change ` +
    `your billing too, so we do not take it. Edit it at Stripe: set ${unasked.join(', ')} to None, and every line that ` +
    'stands on Write to Read (only Webhook Endpoints may stay on Write). Or make a new one with the link, where ' +
    'everything it needs is filled in, and nothing else.'
  );
}

function askFor(missing: readonly Permission[]): string {
  const names = missing.map(({ label, slug }) => `${label} (${slug})`).join(', ');
  return `The key lacks ${missing.length === 1 ? 'a permission' : 'permissions'} that we cannot do without: ${names}. Edit the key at Stripe, set ${missing.length === 1 ? 'it' : 'them'} to Read, and paste it again.`;
}

interface Probe {
  readonly granted: Record<string, boolean>;
  readonly unasked: string[];
  readonly account: string | null;
  readonly description: AccountDescription;
}

/** Reads one object of each kind. Some twenty reads, once per key. Nothing but GET: see `client.ts`. */
async function probeKey(stripe: Stripe): Promise<Probe> {
  const granted: Record<string, boolean> = {};
  let account: string | null = null;
  let accountObject: unknown = null;
  for (const { slug, probePath } of ASKED_PERMISSIONS) {
    if (probePath === null) continue;
    const answer = await probe(stripe, probePath);
    granted[slug] = answer.isAllowed;
    account ??= answer.account;
    if (probePath === '/v1/account') accountObject = answer.body;
  }
  const unasked: string[] = [];
  for (const { path, label } of UNASKED_PROBES) {
    if ((await probe(stripe, path)).isAllowed) unasked.push(label);
  }
  return {
    granted,
    unasked,
    account: idOf(accountObject) ?? account,
    description: readAccountDescription(accountObject),
  };
}

async function probe(
  stripe: Stripe,
  path: string,
): Promise<{ isAllowed: boolean; account: string | null; body: unknown }> {
  const isList = path !== '/v1/account' && path !== '/v1/balance';
  try {
    const body: unknown = await callStripe(() => stripe.rawRequest('GET', isList ? `${path}?limit=1` : path));
    return { isAllowed: true, account: null, body };
  } catch (error) {
    if (error instanceof StripePermissionError) {
      // Stripe's refusal names the account: "... for this endpoint on account 'acct_...'."
      return { isAllowed: false, account: /'(acct_\w+)'/.exec(error.message)?.[1] ?? null, body: null };
    }
    if (error instanceof NotFoundError || error instanceof InvalidInputError) {
      return { isAllowed: false, account: null, body: null };
    }
    throw error;
  }
}

function idOf(account: unknown): string | null {
  const id = account !== null && typeof account === 'object' && 'id' in account ? account.id : null;
  return typeof id === 'string' && id.startsWith('acct_') ? id : null;
}
