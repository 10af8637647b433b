/**
 * How the dashboard connects Stripe accounts and watches them. Times are ISO 8601 in UTC. No answer ever holds a key,
 * a token or a signing secret.
 *
 *   GET    /api/connections                        -> ConnectionsAnswer
 *   POST   /api/connections/start                  StartConnectRequest -> StartConnectAnswer (send the browser to `url`)
 *   GET    /connect/stripe/callback                Stripe sends the browser here; it goes on to `/connect?connected=<id>`
 *                                                  or `/connect?error=<sentence>`
 *   POST   /api/connections/restricted-key         RestrictedKeyRequest -> RestrictedKeyAnswer
 *   DELETE /api/connections/:id                    -> DisconnectAnswer
 *   POST   /api/connections/:id/backfill           -> Connection (reads everything again)
 *   POST   /api/connections/:id/reconcile          -> DriftReport (compares with Stripe's events now)
 *   GET    /api/connections/:id/drift-reports      -> DriftReportsAnswer (newest first, at most 50)
 *   POST   /api/connections/:id/check              -> Connection (checks the webhook endpoint now)
 *   POST   /api/connections/:id/signing-secret     -> Connection (a new signing secret; the old one is good for a day more)
 */
import { z } from 'zod';

/** `connect`: OAuth of a Connect platform. `app`: a Stripe App, read-only by Stripe. `restricted_key`: a pasted key. */
export const ConnectionMethod = z.enum(['connect', 'app', 'restricted_key']);
export type ConnectionMethod = z.infer<typeof ConnectionMethod>;

/** One permission: why it is asked for, in words for the person who grants it, and whether Stripe granted it. */
export const Permission = z.object({
  /** Stripe's slug, such as `rak_plan_read`. */
  slug: z.string(),
  /** As Stripe's own page calls it, such as "Prices". */
  label: z.string(),
  access: z.enum(['read', 'write']),
  isRequired: z.boolean(),
  reason: z.string(),
  /** Null where it is not known, such as before a key was given. */
  isGranted: z.boolean().nullable(),
});
export type Permission = z.infer<typeof Permission>;

export const BackfillType = z.object({
  /** Stripe's list, such as `subscriptions`. */
  type: z.string(),
  label: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'not_permitted']),
  objectsDone: z.number().int(),
  error: z.string().nullable(),
});

export const BackfillProgress = z.object({
  id: z.string(),
  state: z.enum(['running', 'done', 'failed', 'stopped']),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  objectsDone: z.number().int(),
  /** 0 to 100. Stripe's lists do not say how long they are: it follows the age of the objects read so far. */
  percent: z.number().int(),
  /** Seconds that are left at the present pace; null while that cannot be said. */
  etaSeconds: z.number().int().nullable(),
  objectsPerSecond: z.number().nullable(),
  /** Requests that it took from Stripe so far. */
  requestsUsed: z.number().int(),
  /** Set while Stripe asks us to slow down. */
  pausedUntil: z.string().nullable(),
  error: z.string().nullable(),
  types: z.array(BackfillType),
});
export type BackfillProgress = z.infer<typeof BackfillProgress>;

export const DriftReport = z.object({
  id: z.string(),
  /** `events`: compared with Stripe's events. `full`: everything listed again, since events go back only 30 days. */
  kind: z.enum(['events', 'full']),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  /** The stretch of time that was compared. */
  from: z.string(),
  to: z.string(),
  eventsSeen: z.number().int(),
  /** Events that Stripe has and we had not: they are in the ledger now. */
  eventsMissing: z.number().int(),
  /** Of those, what Stripe itself says it could not deliver. */
  eventsUndelivered: z.number().int(),
  missingByType: z.record(z.string(), z.number().int()),
  /** In one sentence: what was repaired. */
  sentence: z.string(),
});
export type DriftReport = z.infer<typeof DriftReport>;

export const EndpointHealth = z.object({
  url: z.string(),
  /** Stripe's id, `we_...`. */
  endpointId: z.string(),
  apiVersion: z.string(),
  status: z.enum(['enabled', 'disabled', 'missing', 'unknown']),
  checkedAt: z.string().nullable(),
  nextCheckAt: z.string().nullable(),
  /** How often it was found disabled, deleted or changed, and put right again. */
  timesHealed: z.number().int(),
  /**
   * While the signing secret is being changed. `asked`: the second endpoint is about to be made. `both_accepted`: it is
   * there, and what the old one still has to deliver is accepted until `oldEndsAt`; then the old one is deleted.
   */
  secretChange: z.object({ state: z.enum(['asked', 'both_accepted']), oldEndsAt: z.string().nullable() }).nullable(),
  error: z.string().nullable(),
});
export type EndpointHealth = z.infer<typeof EndpointHealth>;

export const ConnectionHealth = z.object({
  /** `quiet`: connected, no event seen yet. */
  state: z.enum(['healthy', 'quiet', 'behind', 'failing', 'disconnected']),
  /** One sentence for a person. */
  sentence: z.string(),
  /** When the newest event reached us, and when it happened at Stripe. */
  lastEventAt: z.string().nullable(),
  lastEventCreatedAt: z.string().nullable(),
  /** Events that are stored and not applied yet. */
  eventsPending: z.number().int(),
  /** Events that could not be applied; they wait to be replayed. */
  eventsDead: z.number().int(),
  /** From Stripe's clock to ours, of the newest event, milliseconds. */
  lagMs: z.number().int().nullable(),
  nextCheckAt: z.string().nullable(),
});
export type ConnectionHealth = z.infer<typeof ConnectionHealth>;

export const Connection = z.object({
  id: z.string(),
  /** `acct_...` */
  account: z.string(),
  livemode: z.boolean(),
  method: ConnectionMethod,
  status: z.enum(['active', 'disconnected']),
  displayName: z.string().nullable(),
  country: z.string().nullable(),
  defaultCurrency: z.string().nullable(),
  /** The last four characters of a pasted key, to recognise it by. */
  keyLast4: z.string().nullable(),
  connectedAt: z.string(),
  disconnectedAt: z.string().nullable(),
  disconnectReason: z.string().nullable(),
  /** How events come: one endpoint for all accounts, an endpoint in the account, or asked for once a minute. */
  delivery: z.enum(['platform_endpoint', 'own_endpoint', 'polling']),
  permissions: z.array(Permission),
  health: ConnectionHealth,
  /**
   * Requests by which we read from this account in this calendar month (UTC), beside what Stripe allows every account at
   * least; it allows 500 for each payment, where that is more.
   */
  reads: z.object({ thisMonth: z.number().int(), allowedAtLeast: z.number().int() }),
  endpoint: EndpointHealth.nullable(),
  backfill: BackfillProgress.nullable(),
  lastReconcile: DriftReport.nullable(),
});
export type Connection = z.infer<typeof Connection>;

export const ConnectionsAnswer = z.object({
  connections: z.array(Connection),
  /** Which ways in this installation offers; `reason` says what to set where one is missing. */
  methods: z.array(z.object({ method: ConnectionMethod, isAvailable: z.boolean(), reason: z.string().nullable() })),
  /** Stripe's page for a new restricted key, with our name and the permissions filled in. */
  restrictedKeyUrl: z.string(),
  /** What we ask for, and why. */
  permissions: z.array(Permission),
  /** What we promise, in one sentence: no call but reading leaves this server, apart from our endpoint and OAuth. */
  promise: z.string(),
});
export type ConnectionsAnswer = z.infer<typeof ConnectionsAnswer>;

export const StartConnectRequest = z.object({ method: z.enum(['connect', 'app']).default('connect') });
export type StartConnectRequest = z.infer<typeof StartConnectRequest>;

export const StartConnectAnswer = z.object({ url: z.string() });
export type StartConnectAnswer = z.infer<typeof StartConnectAnswer>;

export const RestrictedKeyRequest = z.object({ key: z.string().trim().min(1).max(255) });
export type RestrictedKeyRequest = z.infer<typeof RestrictedKeyRequest>;

export const RestrictedKeyAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('connected'), connection: Connection }),
  /** Nothing was stored: the sentence says which permissions to add to the key. */
  z.object({ outcome: z.literal('missing_permissions'), sentence: z.string(), permissions: z.array(Permission) }),
  /** Nothing was stored: the key can do more than reading, or is no restricted key, or Stripe does not know it. */
  z.object({ outcome: z.literal('refused'), sentence: z.string() }),
]);
export type RestrictedKeyAnswer = z.infer<typeof RestrictedKeyAnswer>;

export const DisconnectAnswer = z.object({
  connection: Connection,
  /** What is left to do on Stripe's side, where we cannot do it; null where nothing is. */
  advice: z.string().nullable(),
});
export type DisconnectAnswer = z.infer<typeof DisconnectAnswer>;

export const DriftReportsAnswer = z.object({ reports: z.array(DriftReport) });
export type DriftReportsAnswer = z.infer<typeof DriftReportsAnswer>;
