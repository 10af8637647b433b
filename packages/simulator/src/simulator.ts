import type { Faults } from '#webhooks/faults.ts';
import type { SimulatorClock } from './clock.ts';

/**
 * What a test, the demo or a benchmark holds in its hand: the simulator's address and keys, its clock, and the
 * actions that a person or time would cause in a real Stripe account. Scenario actions never go through an API key,
 * so they work in read-only mode too, and their events carry `request: { id: null }` like Stripe's own automation.
 */
export interface SimulatorOptions {
  /** 0 (default) takes a free port. */
  readonly port?: number;
  readonly host?: string;
  /** Where the simulator's clock starts. After a restart from a snapshot: the snapshot's time, which a running clock first catches up from. */
  readonly now: Date;
  /** Same seed and same calls give the same ids and the same company. Default 1. */
  readonly seed?: number;
  /** Snapshot directory; state survives a restart. Absent: memory only. */
  readonly dataDir?: string;
  /** Build the demo company (about 200 customers). Default false: its account and catalogue exist, without customers. */
  readonly company?: boolean;
  /** Start in read-only mode: see `setReadOnly`. */
  readonly readOnlyKeys?: boolean;
  /** `frozen` (default): time moves by `advance` only. `running`: time also passes by itself. */
  readonly clock?: 'frozen' | 'running';
  /** `manual` (default): webhooks leave in `drainDeliveries`. `auto`: they leave at once and retry on their own. */
  readonly deliver?: 'manual' | 'auto';
  /** Whether `scope=read_only` is granted. Stripe refuses it to new platforms, so the default is false. */
  readonly grantReadOnlyScope?: boolean;
  /** Default API version of every account of the simulator. Default 2026-10-28.endive. */
  readonly apiVersion?: string;
  /** Requests per second and endpoint before 429. Absent: no limit. Stripe's sandbox: 25. */
  readonly rateLimitPerSecond?: number;
  /** Told where an `advance` has brought the clock, before webhooks of that instant leave; a running clock does not call it. */
  readonly onClock?: (now: Date) => Promise<void>;
  readonly log?: (line: string) => void;
}

/** Which account and mode an action means; the demo company in test mode when left out. */
export interface Target {
  readonly account?: string;
  readonly livemode?: boolean;
}

/** The customer by e-mail (case-insensitive) or id, and the subscription when there is more than one. */
export interface Who extends Target {
  readonly email?: string;
  readonly customer?: string;
  readonly subscription?: string;
}

export interface Span {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

export interface CustomerInput extends Target {
  readonly email: string;
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** A test card. `pm_card_visa` by default; `null` for none. */
  readonly card?: string | null;
  readonly locale?: string;
}

export interface SubscribeInput extends Who {
  /** A price id or a lookup key: starter_monthly, pro_monthly, pro_yearly, team_monthly, seats_monthly. */
  readonly price: string;
  readonly quantity?: number;
  readonly trialDays?: number;
  readonly coupon?: string;
  readonly promotionCode?: string;
  readonly currency?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface CancelInput extends Who {
  /** `now` (default), at the period's end, or at a date. */
  readonly when?: 'now' | 'period_end' | Date;
  /** How a cancellation at the period's end is written: the API's flag (default) or the customer portal's date. */
  readonly encoding?: 'cancel_at_period_end' | 'cancel_at';
  readonly reason?: 'cancellation_requested' | 'payment_failed' | 'payment_disputed';
  readonly feedback?: string;
  readonly comment?: string;
}

export interface FailInput extends Who {
  /** Default `insufficient_funds`. */
  readonly declineCode?: string;
  /** How many attempts are declined before the card works again. Default: all, until `fixPaymentMethod`. */
  readonly times?: number;
  /** Bring the renewal forward to this instant, so that the failure happens now. */
  readonly renewNow?: boolean;
}

export interface CouponInput {
  readonly id?: string;
  readonly name?: string;
  readonly percentOff?: number;
  readonly amountOff?: number;
  readonly currency?: string;
  readonly duration?: 'forever' | 'once' | 'repeating';
  readonly durationInMonths?: number;
}

export interface BulkInput extends Target {
  readonly customers: number;
  /** Every customer has this many subscriptions. Default 1. */
  readonly subscriptionsPerCustomer?: number;
  /** Paid invoices of every subscription. Default 1. */
  readonly invoicesPerSubscription?: number;
}

/** JSON as the API would give it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type StripeJson = Readonly<Record<string, Json>>;

/** What the API answers for one object. */
export type StripeObject = StripeJson & { readonly id: string; readonly object: string };

export interface StripeEventJson {
  readonly id: string;
  readonly object: 'event';
  readonly type: string;
  readonly api_version: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly account?: string;
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
  readonly data: { readonly object: StripeJson; readonly previous_attributes?: StripeJson };
}

export interface DeliveryReport {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly endpointId: string;
  readonly url: string;
  /** pending: due or waiting for its next attempt; failed: given up; dropped: lost by a fault. */
  readonly status: 'pending' | 'delivered' | 'failed' | 'dropped';
  readonly attempts: readonly { readonly atS: number; readonly status: number | null; readonly error: string | null }[];
  readonly nextAttemptS: number | null;
}

export interface Violation {
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly account: string;
  readonly atS: number;
}

export interface RequestRecord {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly account: string;
  readonly atS: number;
}

export interface SimulatorKeys {
  /** The platform's own secret keys (Connect, with `Stripe-Account`). */
  readonly platformTest: string;
  readonly platformLive: string;
  /** The demo company's secret keys: for tests that act as the company, never for the engine. */
  readonly companyTest: string;
  readonly companyLive: string;
  /** The same as `companyTest`, in the shape that `stripe trigger --api-key` accepts. */
  readonly companyCli: string;
  /** The demo company's restricted keys: every read the engine needs; the second may also manage webhook endpoints. */
  readonly companyRestricted: string;
  readonly companyRestrictedWithWebhooks: string;
}

export interface BillingSettings {
  /** Days from one attempt to the next. Default 3, 5, 7. */
  readonly retryDays?: readonly number[];
  /** What a subscription becomes after the last attempt. Default cancel. */
  readonly afterRetries?: 'cancel' | 'unpaid' | 'past_due';
}

export interface Simulator {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly clock: SimulatorClock;
  readonly keys: SimulatorKeys;
  /** OAuth client ids: the Connect platform (`/oauth/authorize`) and the Stripe App (`/oauth/v2/authorize`). */
  readonly clientId: string;
  readonly appClientId: string;
  readonly platformAccount: string;
  readonly companyAccount: string;
  readonly otherAccount: string;

  /** Moves the clock, doing on the way everything that falls due. `along` also delivers webhooks on the way. */
  advance(by: Span & { readonly deliver?: 'along' | 'after' }): Promise<void>;
  /** Sends every webhook that is due now and returns when nothing is due any more. */
  drainDeliveries(): Promise<void>;

  createCustomer(input: CustomerInput): Promise<StripeObject>;
  updateCustomer(
    input: Who & {
      readonly name?: string;
      readonly newEmail?: string;
      readonly metadata?: Readonly<Record<string, string>>;
    },
  ): Promise<StripeObject>;
  deleteCustomer(input: Who): Promise<void>;
  /** A finished Checkout of an existing customer, as the newest of theirs. Returns the session's id. */
  addCheckout(input: Who & { readonly clientReferenceId: string | null }): Promise<string>;
  subscribe(input: SubscribeInput): Promise<StripeObject>;
  changePlan(
    input: Who & { readonly price: string; readonly proration?: 'create_prorations' | 'always_invoice' | 'none' },
  ): Promise<StripeObject>;
  changeQuantity(input: Who & { readonly quantity: number }): Promise<StripeObject>;
  cancel(input: CancelInput): Promise<StripeObject>;
  uncancel(input: Who): Promise<StripeObject>;
  pause(
    input: Who & { readonly behavior?: 'void' | 'keep_as_draft' | 'mark_uncollectible'; readonly resumesAt?: Date },
  ): Promise<StripeObject>;
  resume(input: Who): Promise<StripeObject>;
  applyCoupon(input: Who & { readonly coupon?: string; readonly promotionCode?: string }): Promise<StripeObject>;
  removeDiscount(input: Who): Promise<StripeObject>;
  setTrialEnd(input: Who & { readonly trialEnd: Date | 'now' }): Promise<StripeObject>;
  failNextPayment(input: FailInput): Promise<void>;
  /** The card works again; the next attempt on Stripe's schedule succeeds. */
  fixPaymentMethod(input: Who): Promise<void>;
  /** The card works again and the open invoice is paid at once, as from its hosted page. Returns the invoice. */
  payOpenInvoice(input: Who): Promise<StripeObject>;
  /** The running period ends now: invoice, finalization and payment attempt happen at once. */
  renewNow(input: Who): Promise<StripeObject>;
  refund(input: Who & { readonly charge?: string; readonly amountMinor?: number }): Promise<StripeObject>;
  dispute(input: Who & { readonly charge?: string; readonly reason?: string }): Promise<StripeObject>;
  closeDispute(input: Target & { readonly dispute: string; readonly outcome: 'won' | 'lost' }): Promise<StripeObject>;
  chargeOnce(input: Who & { readonly amountMinor: number; readonly currency?: string }): Promise<StripeObject>;

  /** What pressing Connect on the authorize page and exchanging the code would leave behind. */
  connectAccount(input?: { readonly account?: string; readonly livemode?: boolean }): Promise<void>;
  /** The account's owner removes the application: `account.application.deauthorized` goes to the platform. */
  disconnectAccount(input?: Target): Promise<void>;
  /** A restricted key with these `rak_*` permissions; write includes read. Returns the key. */
  addRestrictedKey(input: Target & { readonly key?: string; readonly permissions: readonly string[] }): string;
  addCoupon(input: Target & CouponInput): Promise<StripeObject>;
  setBilling(input: Target & BillingSettings): void;
  setFaults(faults: Partial<Faults>): void;
  /**
   * While on, every request by key other than GET and the calls that manage webhook endpoints and OAuth is answered
   * 500 and recorded in `violations`.
   */
  setReadOnly(on: boolean): void;
  bulkLoad(input: BulkInput): Promise<void>;

  /** Newest first, as `GET /v1/events` gives them; at most the last 30 days. */
  events(filter?: Target & { readonly type?: string }): readonly StripeEventJson[];
  /** Rendered objects of a kind (`customer`, `subscription`, `invoice`, `price`, `charge`, ...), newest first. */
  objects(kind: string, target?: Target): readonly StripeObject[];
  deliveries(): readonly DeliveryReport[];
  violations(): readonly Violation[];
  requests(): readonly RequestRecord[];
  /** Writes the snapshot now; nothing without a data directory. */
  save(): Promise<void>;
  close(): Promise<void>;
}
