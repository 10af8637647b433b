/**
 * Passwords, sessions and their cookie, by better-auth over our own database. In: what a person typed, or a request's
 * cookie. Out: who it is, and the cookies to set. Its HTTP handler is never exposed: only the routes of
 * `http/routes/session.ts` reach it. Reading a session may be repeated freely; it extends the session once a day.
 */
import { betterAuth } from 'better-auth';
import { APIError } from 'better-auth/api';
import { ConflictError, messageOf, UnauthenticatedError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Db } from '#db/db.ts';
import { kyselyDialect } from '#db/kysely.ts';
import { withAsyncContexts } from './async-contexts.ts';

/** A session ends after so long without use; one in use is extended once a day. */
const SESSION_S = 7 * 24 * 3600;
const SESSION_EXTEND_S = 24 * 3600;

export interface SignedIn {
  readonly sessionId: string;
  readonly person: { readonly id: string; readonly name: string; readonly email: string };
  /** The workspace that this browser looks at; null until one was chosen. */
  readonly workspaceId: string | null;
  /** Values of Set-Cookie that the answer must carry: set when the session was made or extended. */
  readonly setCookies: readonly string[];
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly userAgent?: string | undefined;
}

export interface Sessions {
  /** @throws UnauthenticatedError with one sentence for both a wrong e-mail and a wrong password. */
  signIn(input: Credentials): Promise<SignedIn>;
  /** Makes an account and signs it in. @throws ConflictError when the e-mail has one. */
  signUp(input: Credentials & { readonly name: string }): Promise<SignedIn>;
  /** Ends the session of this Cookie header; the values of Set-Cookie take the cookie away. */
  signOut(cookie: string): Promise<readonly string[]>;
  /** Null when the cookie is missing, expired, forged or signed out. */
  find(cookie: string): Promise<SignedIn | null>;
}

export interface SessionsOptions {
  /** Signs the cookie; at least 32 characters. */
  readonly secret: string;
  /** Where people reach this server; `https:` makes the cookie secure. */
  readonly baseUrl: string;
}

export function createSessions(deps: { db: Db; log: Log }, options: SessionsOptions): Sessions {
  const auth = authCalls(buildAuth(deps, options));

  const find = async (cookie: string, setCookies: readonly string[] = []): Promise<SignedIn | null> => {
    const { headers, response } = await auth.getSession(cookie);
    if (!response) return null;
    return {
      sessionId: response.session.id,
      person: { id: response.user.id, name: response.user.name, email: response.user.email },
      workspaceId: response.session.workspaceId ?? null,
      setCookies: [...setCookies, ...headers.getSetCookie()],
    };
  };
  const opened = async (headers: Headers): Promise<SignedIn> => {
    const setCookies = headers.getSetCookie();
    const signedIn = await find(cookieOf(setCookies), setCookies);
    if (!signedIn) throw new UnauthenticatedError('The session ended at once. Sign in again.');
    return signedIn;
  };

  return {
    async signIn(input) {
      try {
        return await opened((await auth.signIn(input)).headers);
      } catch (error) {
        if (!(error instanceof APIError)) throw error;
        throw new UnauthenticatedError('That e-mail address and password do not belong together.', { cause: error });
      }
    },
    async signUp(input) {
      try {
        return await opened((await auth.signUp(input)).headers);
      } catch (error) {
        if (!(error instanceof APIError)) throw error;
        throw new ConflictError('That e-mail address has an account already. Sign in with its password.', {
          cause: error,
        });
      }
    },
    async signOut(cookie) {
      return (await auth.signOut(cookie)).headers.getSetCookie();
    },
    find: (cookie) => find(cookie),
  };
}

/** The calls of better-auth that we make, and no other way to it: what it keeps for a call ends with the call. */
function authCalls({ api }: ReturnType<typeof buildAuth>) {
  const returnHeaders = true as const;
  return {
    getSession: (cookie: string) =>
      withAsyncContexts(() => api.getSession({ headers: new Headers({ cookie }), returnHeaders })),
    signIn: ({ email, password, userAgent }: Credentials) =>
      withAsyncContexts(() =>
        api.signInEmail({ body: { email, password }, headers: requestHeaders(userAgent), returnHeaders }),
      ),
    signUp: ({ email, password, name, userAgent }: Credentials & { readonly name: string }) =>
      withAsyncContexts(() =>
        api.signUpEmail({ body: { email, password, name }, headers: requestHeaders(userAgent), returnHeaders }),
      ),
    signOut: (cookie: string) =>
      withAsyncContexts(() => api.signOut({ headers: new Headers({ cookie }), returnHeaders })),
  };
}

function requestHeaders(userAgent: string | undefined): Headers {
  return new Headers(userAgent === undefined ? {} : { 'user-agent': userAgent.slice(0, 300) });
}

/** The Cookie header that a browser would send back after these Set-Cookie values. */
export function cookieOf(setCookies: readonly string[]): string {
  return setCookies.map((value) => value.split(';', 1)[0] ?? '').join('; ');
}

const TIMES = { createdAt: 'created_at', updatedAt: 'updated_at' } as const;

function buildAuth(deps: { db: Db; log: Log }, options: SessionsOptions) {
  return betterAuth({
    appName: 'GrowthOS',
    baseURL: options.baseUrl,
    secret: options.secret,
    database: { dialect: kyselyDialect(deps.db), type: 'postgres', transaction: true },
    emailAndPassword: { enabled: true, minPasswordLength: 10, maxPasswordLength: 128 },
    user: { modelName: 'person', fields: { ...TIMES, emailVerified: 'email_verified' } },
    session: {
      modelName: 'person_session',
      fields: {
        ...TIMES,
        userId: 'person_id',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
      },
      additionalFields: {
        workspaceId: { type: 'string', required: false, input: false, fieldName: 'workspace_id' },
      },
      expiresIn: SESSION_S,
      updateAge: SESSION_EXTEND_S,
    },
    account: {
      modelName: 'person_account',
      fields: {
        ...TIMES,
        userId: 'person_id',
        accountId: 'account_id',
        providerId: 'provider_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
      },
    },
    verification: { modelName: 'person_verification', fields: { ...TIMES, expiresAt: 'expires_at' } },
    advanced: {
      cookiePrefix: 'growthos',
      useSecureCookies: options.baseUrl.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      // Addresses are personal data that nothing here reads.
      ipAddress: { disableIpTracking: true },
      database: { generateId: () => newId() },
    },
    // Our own limits stand at the routes; the library would count only calls over its HTTP handler.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: {
      level: 'error',
      log: (_level, message, ...rest) =>
        deps.log.warn({ detail: rest.map((part) => messageOf(part)) }, `sessions: ${message}`),
    },
  });
}
