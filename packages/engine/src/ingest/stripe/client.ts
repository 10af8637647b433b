/**
 * The one place through which every call to Stripe passes. In: a key, and the account that is meant. Out: the `stripe`
 * package's client on a connection that lets reading through, and exactly the writes that manage our own webhook
 * endpoints and OAuth. Everything else is refused here, before a byte leaves: nothing is ever created, changed or
 * cancelled in a tenant's billing. Nothing is tried again in here; whoever calls decides that.
 */
import Stripe from 'stripe';
import { messageOf, WriteRefusedError } from '#base/errors.ts';

/** Waiting for an answer, milliseconds. Large list pages of Stripe take several seconds. */
const TIMEOUT_MS = 30_000;

/** Method and path of the only writes. Paths are compared as they go on the wire, without the query. */
const ALLOWED_WRITES: readonly { readonly method: string; readonly path: RegExp }[] = [
  { method: 'POST', path: /^\/v1\/webhook_endpoints$/ },
  { method: 'POST', path: /^\/v1\/webhook_endpoints\/we_[A-Za-z0-9_]+$/ },
  { method: 'DELETE', path: /^\/v1\/webhook_endpoints\/we_[A-Za-z0-9_]+$/ },
  { method: 'POST', path: /^\/oauth\/(token|deauthorize)$/ },
  { method: 'POST', path: /^\/v1\/oauth\/token$/ },
];

export function isAllowedCall(method: string, pathAndQuery: string): boolean {
  if (method === 'GET') return true;
  const [path = ''] = pathAndQuery.split('?', 1);
  return ALLOWED_WRITES.some((allowed) => allowed.method === method && allowed.path.test(path));
}

export interface StripeClientInput {
  /** The platform's secret key, a restricted key, or an app's access token. */
  readonly apiKey: string;
  /** The connected account; null where the key is the account's own. */
  readonly account: string | null;
  /** Where Stripe answers; null is Stripe itself. The simulator's address in tests and the demo. */
  readonly apiBase: string | null;
}

export function createStripeClient(input: StripeClientInput): Stripe {
  const base = input.apiBase === null ? null : new URL(input.apiBase);
  return new Stripe(input.apiKey, {
    httpClient: new ReadOnlyHttpClient(Stripe.createNodeHttpClient()),
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
    ...(input.account === null ? {} : { stripeAccount: input.account }),
    ...(base === null
      ? {}
      : {
          host: base.hostname,
          port: base.port === '' ? (base.protocol === 'http:' ? 80 : 443) : Number(base.port),
          protocol: base.protocol === 'http:' ? 'http' : 'https',
        }),
  });
}

/** The API version that the `stripe` package writes and reads; our endpoints are pinned to it. */
export const STRIPE_API_VERSION = Stripe.API_VERSION;

class ReadOnlyHttpClient extends Stripe.HttpClient implements Stripe.HttpClient {
  readonly #inner: Stripe.HttpClient;

  constructor(inner: Stripe.HttpClient) {
    super();
    this.#inner = inner;
  }

  override getClientName(): string {
    return 'growthos-read-only';
  }

  override async makeRequest(
    ...request: Parameters<Stripe.HttpClient['makeRequest']>
  ): Promise<Stripe.HttpClientResponse> {
    const [, , path, method] = request;
    if (!isAllowedCall(method, path)) {
      throw new WriteRefusedError(
        `Refused ${method} ${path.split('?', 1)[0] ?? ''}: this system only reads from Stripe. The call did not leave.`,
      );
    }
    if (method === 'GET') return this.#inner.makeRequest(...request);
    try {
      return await this.#inner.makeRequest(...request);
    } catch (error) {
      // The package sends a request again by itself when the connection closed (it looks at `code`). A write must leave
      // once: exchanging an OAuth code twice makes Stripe revoke the connection.
      throw new Error(messageOf(error), { cause: error });
    }
  }
}
