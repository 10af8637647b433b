/**
 * Connect OAuth (`/oauth/*`) and the Stripe App's (`/oauth/v2/authorize`, `/v1/oauth/token`). Errors of the token calls
 * are `{error, error_description}`; those of the authorize page are shown there as JSON, except a person's refusal,
 * which goes back to the redirect address.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { applicationOf, disconnect, issueCode, redeemCode, refresh, tokenAnswer } from '#billing/connections.ts';
import { OAuthFault } from '#errors.ts';
import { secretOf } from '#http/authenticate.ts';
import { Input } from '#http/input.ts';
import { authorizePage } from '#page/authorize-page.ts';
import type { ApplicationRow, CodeRow, KeyRow } from '#store/access.ts';
import type { World } from '#store/world.ts';

export interface OAuthOptions {
  readonly grantReadOnlyScope: boolean;
}

export function oauthRoutes(app: FastifyInstance, world: World, options: OAuthOptions): void {
  for (const path of ['/oauth/authorize', '/oauth/v2/authorize']) {
    app.get(path, async (request, reply) =>
      guarded(reply, () => {
        const wanted = readRequest(world, { request, options, kind: path === '/oauth/authorize' ? 'platform' : 'app' });
        const accounts = [...world.accounts.values()].filter((row) => row.id !== wanted.application.account);
        return reply.type('text/html; charset=utf-8').send(authorizePage({ ...wanted, accounts }));
      }),
    );
  }
  app.post('/oauth/decide', async (request, reply) => guarded(reply, () => decide(world, request, reply)));
  for (const path of ['/oauth/token', '/v1/oauth/token']) {
    app.post(path, async (request, reply) => guarded(reply, () => token(world, request, reply)));
  }
  app.post('/oauth/deauthorize', async (request, reply) => guarded(reply, () => deauthorize(world, request, reply)));
}

interface AuthorizeRequest {
  readonly application: ApplicationRow;
  readonly redirectUri: string;
  readonly state: string;
  readonly scope: CodeRow['scope'];
}

function readRequest(
  world: World,
  at: { readonly request: FastifyRequest; readonly options: OAuthOptions; readonly kind: ApplicationRow['kind'] },
): AuthorizeRequest {
  const input = new Input(at.request.query);
  const application = applicationOf(world, input.text('client_id') ?? '');
  if (application.kind !== at.kind)
    throw new OAuthFault(
      401,
      'invalid_client',
      `No application matches the supplied client identifier: ${application.id}`,
    );
  if (at.kind === 'platform' && input.text('response_type') !== 'code') {
    throw new OAuthFault(400, 'unsupported_response_type', 'response_type must be code');
  }
  const redirectUri = input.text('redirect_uri') ?? application.redirectUris[0] ?? '';
  const isAllowed = application.redirectUris.length === 0 || application.redirectUris.includes(redirectUri);
  if (!URL.canParse(redirectUri) || !isAllowed) {
    throw new OAuthFault(
      400,
      'invalid_redirect_uri',
      `Invalid redirect URI '${redirectUri}'. Ensure this uri exactly matches one of the uris specified in your application settings`,
    );
  }
  return { application, redirectUri, state: input.text('state') ?? '', scope: scopeOf(input, at) };
}

function scopeOf(
  input: Input,
  at: { readonly options: OAuthOptions; readonly kind: ApplicationRow['kind'] },
): CodeRow['scope'] {
  if (at.kind === 'app') return 'stripe_apps';
  const scope = input.text('scope') ?? 'read_only';
  if (scope === 'read_write') return scope;
  if (scope !== 'read_only') throw new OAuthFault(400, 'invalid_scope', `Invalid scope: ${scope}`);
  if (!at.options.grantReadOnlyScope) {
    throw new OAuthFault(400, 'invalid_scope', 'read_only can only be specified for extensions');
  }
  return scope;
}

function decide(world: World, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const input = new Input(request.body);
  const application = applicationOf(world, input.required('client_id'));
  const target = new URL(input.required('redirect_uri'));
  const state = input.text('state');
  if (input.text('decision') === 'connect') {
    const account = input.required('account');
    if (!world.accounts.has(account)) throw new OAuthFault(400, 'invalid_request', `There is no account ${account}.`);
    const scope = input.oneOf('scope', ['read_write', 'read_only', 'stripe_apps']) ?? 'read_write';
    const code = issueCode(world, {
      application: application.id,
      account,
      livemode: input.flag('livemode') ?? false,
      scope,
    });
    target.searchParams.set('scope', scope);
    target.searchParams.set('code', code.code);
  } else {
    target.searchParams.set('error', 'access_denied');
    target.searchParams.set('error_description', 'The user denied your request');
  }
  if (state !== undefined) target.searchParams.set('state', state);
  return reply.redirect(target.toString(), 303);
}

function token(world: World, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const input = new Input(request.body);
  const key = callerOf(world, request, input);
  const grant = input.text('grant_type');
  const code = input.text('code');
  const known = code === undefined ? undefined : world.codes.get(code);
  const refreshToken = input.text('refresh_token');
  const connection = world.connections.find((row) => row.refreshToken === refreshToken);
  const application = world.applications.get(known?.application ?? connection?.application ?? '');
  if (grant === 'authorization_code') {
    if (code === undefined) throw new OAuthFault(400, 'invalid_request', 'No authorization code provided');
    if (!known || application?.account !== key.account) {
      throw new OAuthFault(400, 'invalid_grant', `Authorization code does not exist: ${code}`);
    }
    if (known.livemode !== key.livemode) {
      throw new OAuthFault(
        400,
        'invalid_grant',
        `This authorization code is for ${known.livemode ? 'live' : 'test'} mode; use the key of that mode.`,
      );
    }
    return json(reply, tokenAnswer(world, redeemCode(world, { code, application })));
  }
  if (grant === 'refresh_token') {
    if (!application || application.account !== key.account || refreshToken === undefined) {
      throw new OAuthFault(400, 'invalid_grant', 'Refresh token does not exist');
    }
    return json(reply, tokenAnswer(world, refresh(world, { token: refreshToken, application })));
  }
  throw new OAuthFault(400, 'unsupported_grant_type', `Unsupported grant_type: ${grant ?? ''}`);
}

function deauthorize(world: World, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const input = new Input(request.body);
  const key = callerOf(world, request, input);
  const application = applicationOf(world, input.text('client_id') ?? '');
  const account = input.text('stripe_user_id') ?? '';
  const isOurs = application.account === key.account;
  if (!isOurs || !disconnect(world, { application: application.id, account, livemode: key.livemode })) {
    throw new OAuthFault(
      401,
      'invalid_client',
      `This application is not connected to stripe account ${account}, or that account does not exist.`,
    );
  }
  return json(reply, { stripe_user_id: account });
}

/** By header (Bearer or Basic) or by `client_secret`. */
function callerOf(world: World, request: FastifyRequest, input: Input): KeyRow {
  const secret = secretOf(request.headers.authorization) ?? input.text('client_secret');
  const key = secret === undefined ? undefined : world.keys.get(secret);
  if (!key || key.permissions !== null) throw new OAuthFault(401, 'invalid_client', `Invalid API key provided.`);
  return key;
}

function json(reply: FastifyReply, body: Readonly<Record<string, unknown>>): FastifyReply {
  return reply.status(200).type('application/json').send(JSON.stringify(body));
}

function guarded(reply: FastifyReply, act: () => FastifyReply): FastifyReply {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof OAuthFault)) throw error;
    const body = JSON.stringify({ error: error.error, error_description: error.message });
    return reply.status(error.status).type('application/json').send(body);
  }
}
