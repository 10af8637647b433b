import type {
  Connection,
  ConnectionHealth,
  ConnectionsAnswer,
  EndpointHealth,
} from '@growthos/contracts/http/connections.ts';
import { addMs, fromEpochS, type Clock } from '#base/clock.ts';
import { one, type Db } from '#db/db.ts';
import { backfillProgress } from './backfill-progress.ts';
import { readLatestRun, readLists } from './backfill-store.ts';
import { readConnection, readConnections, type ConnectionRow } from './connection-store.ts';
import { readDriftReports } from './drift-report.ts';
import { readDuty, type DutyRow } from './duty.ts';
import { endpointDutyName } from './endpoint-care.ts';
import { oldSecretEndsAt } from './endpoint-rotation.ts';
import { readLiveEndpoint, type EndpointRow } from './endpoint-store.ts';
import { READS_ALLOWED_AT_LEAST, readsThisMonth } from './limiter.ts';
import { permissionsView, restrictedKeyUrl } from './permissions.ts';
import { reconcileDutyName } from './reconcile.ts';
import type { StripeConfig } from './stripe-config.ts';

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly config: StripeConfig;
}

const PROMISE =
  'GrowthOS only reads. No call but reading leaves this server, apart from looking after its own webhook endpoint and signing in to Stripe.';

/** Pending events older than this make a connection `behind`. */
const BEHIND_AFTER_MS = 60_000;

export async function listConnections(deps: Deps, input: { workspaceId: string }): Promise<ConnectionsAnswer> {
  const rows = await readConnections(deps.db, input);
  const connections: Connection[] = [];
  for (const row of rows) connections.push(await describe(deps, row));
  const { platform, app } = deps.config;
  return {
    connections,
    methods: [
      {
        method: 'connect',
        isAvailable: platform !== null,
        reason: platform === null ? 'Set STRIPE_SECRET_KEY and STRIPE_CLIENT_ID of your Connect platform.' : null,
      },
      {
        method: 'app',
        isAvailable: app !== null,
        reason: app === null ? 'Set STRIPE_APP_SECRET_KEY and STRIPE_APP_CLIENT_ID of your Stripe App.' : null,
      },
      { method: 'restricted_key', isAvailable: true, reason: null },
    ],
    restrictedKeyUrl: restrictedKeyUrl(),
    permissions: permissionsView(null),
    promise: PROMISE,
  };
}

export async function readConnectionView(
  deps: Deps,
  input: { connectionId: string; workspaceId: string },
): Promise<Connection> {
  return describe(deps, await readConnection(deps.db, input));
}

async function describe(deps: Deps, row: ConnectionRow): Promise<Connection> {
  const isOwn = row.method === 'restricted_key';
  const endpoint = await readLiveEndpoint(deps.db, { stripeAccountId: isOwn ? row.id : null, livemode: row.livemode });
  const endpointDuty = await readDuty(deps.db, endpointDutyName(isOwn ? row.id : null));
  const reconcileDuty = await readDuty(deps.db, reconcileDutyName(row.id));
  const run = await readLatestRun(deps.db, row.id);
  const [lastReconcile] = await readDriftReports(deps.db, { connectionId: row.id, limit: 1 });
  const isPolled = row.details.isPolled === true;
  return {
    id: row.id,
    account: row.account,
    livemode: row.livemode,
    method: row.method,
    status: row.status,
    displayName: row.displayName,
    country: row.country,
    defaultCurrency: row.defaultCurrency,
    keyLast4: row.details.keyLast4 ?? null,
    connectedAt: row.connectedAt.toISOString(),
    disconnectedAt: row.disconnectedAt?.toISOString() ?? null,
    disconnectReason: row.disconnectReason,
    delivery: isPolled ? 'polling' : isOwn ? 'own_endpoint' : 'platform_endpoint',
    permissions: permissionsView(row.details.granted ?? null),
    reads: {
      thisMonth: await readsThisMonth(deps.db, { ...row, now: deps.clock.now() }),
      allowedAtLeast: READS_ALLOWED_AT_LEAST,
    },
    health: await readHealth(deps, { row, endpoint, endpointDuty, reconcileDuty }),
    endpoint:
      endpoint === undefined || isPolled
        ? null
        : endpointHealth({ endpoint, duty: endpointDuty, oldSecretEndsAt: await oldSecretEndsAt(deps.db, endpoint) }),
    backfill:
      run === undefined
        ? null
        : backfillProgress({
            run,
            lists: await readLists(deps.db, run.id),
            now: deps.clock.now(),
            pausedUntil: await readPause(deps, row),
          }),
    lastReconcile: lastReconcile ?? null,
  };
}

function endpointHealth(input: {
  endpoint: EndpointRow;
  duty: DutyRow | undefined;
  oldSecretEndsAt: Date | null;
}): EndpointHealth {
  const { endpoint, duty } = input;
  return {
    url: endpoint.url,
    endpointId: endpoint.stripeId,
    apiVersion: endpoint.apiVersion,
    status: endpoint.observed,
    checkedAt: endpoint.checkedAt?.toISOString() ?? null,
    nextCheckAt: duty?.nextAt.toISOString() ?? null,
    timesHealed: endpoint.timesHealed,
    secretChange:
      endpoint.rotateAskedAt !== null
        ? { state: 'asked', oldEndsAt: null }
        : input.oldSecretEndsAt !== null
          ? { state: 'both_accepted', oldEndsAt: input.oldSecretEndsAt.toISOString() }
          : null,
    error: duty?.error ?? null,
  };
}

async function readHealth(
  deps: Deps,
  input: {
    row: ConnectionRow;
    endpoint: EndpointRow | undefined;
    endpointDuty: DutyRow | undefined;
    reconcileDuty: DutyRow | undefined;
  },
): Promise<ConnectionHealth> {
  const { row } = input;
  const now = deps.clock.now();
  const found = await one<{
    receivedAt: Date | null;
    createdS: number | null;
    pending: number;
    oldest: Date | null;
    dead: number;
  }>(deps.db, {
    text: `with pending as (select e.received_at from inbox_pending p join inbox_event e using (seq) where e.origin = $2)
      select last.received_at as "receivedAt", last.created_s::float8 as "createdS",
        (select count(*)::int from pending) as pending, (select min(received_at) from pending) as oldest,
        (select count(*)::int from inbox_dead d join inbox_event e using (seq) where e.origin = $2) as dead
      from (select 1) as once left join lateral (
        select received_at, created_s from inbox_event
        where workspace_id = $1 and source = 'stripe' and origin = $2 order by seq desc limit 1) as last on true`,
    values: [row.workspaceId, row.account],
  });
  const error = input.endpointDuty?.error ?? input.reconcileDuty?.error ?? null;
  const isBehind = found?.oldest != null && addMs(found.oldest, BEHIND_AFTER_MS) < now;
  const lastAt = found?.receivedAt ?? null;
  const state =
    row.status === 'disconnected'
      ? 'disconnected'
      : error !== null
        ? 'failing'
        : isBehind
          ? 'behind'
          : lastAt === null
            ? 'quiet'
            : 'healthy';
  const createdAt = found?.createdS == null ? null : fromEpochS(found.createdS);
  return {
    state,
    sentence: sentenceOf({ state, error, row, pending: found?.pending ?? 0 }),
    lastEventAt: lastAt?.toISOString() ?? null,
    lastEventCreatedAt: createdAt?.toISOString() ?? null,
    eventsPending: found?.pending ?? 0,
    eventsDead: found?.dead ?? 0,
    lagMs: lastAt === null || createdAt === null ? null : Math.max(0, lastAt.getTime() - createdAt.getTime()),
    nextCheckAt: input.reconcileDuty?.nextAt.toISOString() ?? null,
  };
}

function sentenceOf(input: {
  state: ConnectionHealth['state'];
  error: string | null;
  row: ConnectionRow;
  pending: number;
}): string {
  switch (input.state) {
    case 'disconnected':
      return input.row.disconnectReason ?? 'Disconnected.';
    case 'failing':
      return `${input.error ?? 'Something is wrong'} We try again by ourselves.`;
    case 'behind':
      return `${input.pending} events wait to be worked off.`;
    case 'quiet':
      return 'Connected. No event has come yet.';
    case 'healthy':
      return 'Events arrive and are worked off.';
  }
}

async function readPause(deps: Deps, row: ConnectionRow): Promise<Date | null> {
  const found = await one<{ until: Date | null }>(deps.db, {
    text: `select max(next_at) as until from stripe_limit
           where account = $1 and livemode = $2 and limited_at is not null and next_at > $3::timestamptz + interval '1 second'`,
    values: [row.account, row.livemode, deps.clock.now()],
  });
  return found?.until ?? null;
}
