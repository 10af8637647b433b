/** What ingest needs to know of this installation; main.ts fills it from the environment. */
export interface StripeConfig {
  /** The Connect platform's secret key and client id; null where this installation is no platform. */
  readonly platform: { readonly secretKey: string; readonly clientId: string } | null;
  /** The Stripe App's developer key and client id, where one is published. */
  readonly app: { readonly secretKey: string; readonly clientId: string } | null;
  /** Where Stripe's API answers; null is Stripe. */
  readonly apiBase: string | null;
  /** Where people and Stripe reach this server, without a slash at its end. */
  readonly baseUrl: string;
}

/** Whether the platform's key, and so its endpoint and its connections, are in live mode. */
export function isLiveKey(key: string): boolean {
  return /^(sk|rk)_live_/.test(key);
}

/** Bases of the OAuth pages. Source: Stripe's OAuth reference; the simulator serves all of them itself. */
export function oauthBases(apiBase: string | null): { connect: string; app: string } {
  return apiBase === null
    ? { connect: 'https://connect.stripe.com', app: 'https://marketplace.stripe.com' }
    : { connect: apiBase, app: apiBase };
}
