/** What a page can call: the shape of analytics.js. */
export type Bag = Readonly<Record<string, unknown>>;

export interface LoadOptions {
  /** Where GrowthOS answers; default: where the script came from. */
  readonly host?: string;
  /** The page's CSP nonce, where it has one; default: that of the script's own tag. */
  readonly nonce?: string;
  /** Whether nudges are shown; they are for identified users with a `userHash` only. Default true. */
  readonly inApp?: boolean;
  /** Colours of nudges; `auto` follows the visitor's system. Default auto. */
  readonly theme?: 'auto' | 'light' | 'dark';
  /** Words on the buttons of nudges, for pages that are not in English. */
  readonly labels?: { readonly dismiss?: string; readonly later?: string };
}

export interface IdentifyOptions {
  /** HMAC-SHA256(user id, identity secret) in hex, computed by your server. Without it no nudge is shown. */
  readonly userHash?: string;
  /**
   * HMAC-SHA256(user id + "\n" + e-mail address in lower case, identity secret) in hex, computed by your server. Without it
   * the address is not taken for that of a customer whom Stripe knows.
   */
  readonly emailHash?: string;
}

export interface GrowthOS {
  /** Starts sending. Before it nothing leaves the page: call it when the visitor has consented. */
  load(writeKey: string, options?: LoadOptions): void;
  identify(userId: string, traits?: Bag, options?: IdentifyOptions): void;
  identify(traits: Bag): void;
  track(event: string, properties?: Bag): void;
  page(properties?: Bag): void;
  page(name: string, properties?: Bag): void;
  page(category: string, name: string, properties?: Bag): void;
  group(groupId: string, traits?: Bag): void;
  alias(userId: string, previousId?: string): void;
  /** Forgets who it is: after a log-out. */
  reset(): void;
  /** Sends what waits; resolves when the queue is empty or a try has failed. */
  flush(): Promise<void>;
  /** Both null before `load`. */
  user(): { readonly userId: string | null; readonly anonymousId: string | null };
}
