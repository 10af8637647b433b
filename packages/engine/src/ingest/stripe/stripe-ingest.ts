/**
 * Everything of ingest/stripe, put together for main.ts: what the routes call, and the workers that run beside them.
 */
import type { Connection, ConnectionsAnswer, DriftReport } from '@growthos/contracts/http/connections.ts';
import type { Access } from '#access/index.ts';
import type { SecretBox } from '#access/secrets.ts';
import type { Clock } from '#base/clock.ts';
import { ConflictError, InvalidInputError, must, NotFoundError, StripePermissionError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import type { Consumer } from '#bus/index.ts';
import type { Db } from '#db/db.ts';
import type { Inbox } from '../inbox/store.ts';
import { createAccountClients } from './account-clients.ts';
import { createAccountDirectory } from './account-directory.ts';
import { freshAppToken } from './app-tokens.ts';
import { backfillWorker } from './backfill.ts';
import type { ApplyObjects } from './backfill-turn.ts';
import { startBackfill } from './backfill-store.ts';
import { finishConnect, startConnect, type ConnectCallback } from './connect.ts';
import { checkoutReferencesConsumer, checkoutReferencesWorker } from './checkout-references.ts';
import type { ConnectOutcome } from './connect-state.ts';
import { readConnection, type ConnectionRow } from './connection-store.ts';
import { listConnections, readConnectionView } from './connection-view.ts';
import { disconnect } from './disconnect.ts';
import { readDriftReports } from './drift-report.ts';
import { checkEndpoint, endpointCareWorker, endpointDutyName } from './endpoint-care.ts';
import { askForRotation } from './endpoint-rotation.ts';
import { createLimiter } from './limiter.ts';
import { receiveStripeWebhook, type ReceivedWebhook, type ReceiveOutcome } from './receive.ts';
import { reconcile, reconcileWorker } from './reconcile.ts';
import { refetchConsumer, refetchWorker } from './refetch.ts';
import { addRestrictedKey, type RestrictedKeyOutcome } from './restricted-key.ts';
import { createSigningSecrets } from './signing-secrets.ts';
import type { StripeConfig } from './stripe-config.ts';

export interface StripeIngestDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly secretBox: SecretBox;
  readonly inbox: Inbox;
  readonly config: StripeConfig;
  readonly applyObjects: ApplyObjects;
  /** Requests a second to one endpoint of an account. Default 25, as Stripe allows; null: as fast as answers come. */
  readonly requestsPerSecond?: number | null;
}

interface OfConnection {
  readonly workspaceId: string;
  readonly connectionId: string;
}

/** What http needs. Each call checks that the connection is the workspace's own. */
export interface StripeIngest {
  receive(input: ReceivedWebhook): Promise<ReceiveOutcome>;
  list(input: { workspaceId: string }): Promise<ConnectionsAnswer>;
  start(input: { workspaceId: string; personId: string; method: 'connect' | 'app' }): Promise<string>;
  finish(input: ConnectCallback): Promise<ConnectOutcome>;
  addKey(input: { workspaceId: string; key: string }): Promise<RestrictedKeyOutcome>;
  disconnect(input: OfConnection): Promise<{ advice: string | null }>;
  view(input: OfConnection): Promise<Connection>;
  restartBackfill(input: OfConnection): Promise<void>;
  reconcileNow(input: OfConnection): Promise<DriftReport>;
  driftReports(input: OfConnection): Promise<DriftReport[]>;
  checkEndpointNow(input: OfConnection): Promise<void>;
  /** A new signing secret for the endpoint that the connection's events come to; the old one is believed a day longer. */
  rotateSecretNow(input: OfConnection & { access: Access }): Promise<void>;
  readonly workers: readonly Worker[];
  readonly consumers: readonly Consumer[];
}

/** How many reports a page shows. */
const REPORTS_MAX = 50;

export function createStripeIngest(given: StripeIngestDeps): StripeIngest {
  const { db, clock, config } = given;
  const deps = {
    ...given,
    baseUrl: config.baseUrl,
    directory: createAccountDirectory(given),
    signingSecrets: createSigningSecrets(given),
    limiter: createLimiter(given),
    clients: createAccountClients({
      ...given,
      appToken: (connection, secret) => freshAppToken(given, { connection, secret }),
    }),
  };
  const onConnected = (): void => {
    // The callback has answered by then; what fails is on the health panel, and the worker tries again.
    void checkEndpoint(deps, { connectionId: null, isForced: true }).catch(() => undefined);
  };
  const checked = async (input: OfConnection) => readConnection(db, input);
  const activeOf = async (input: OfConnection) => {
    const connection = await checked(input);
    if (connection.status === 'active') return connection;
    throw new InvalidInputError('This account is disconnected. Connect it again.');
  };
  return {
    receive: (input) => receiveStripeWebhook(deps, input),
    list: (input) => listConnections(deps, input),
    start: (input) => startConnect({ ...deps, onConnected }, input),
    finish: (input) => finishConnect({ ...deps, onConnected }, input),
    addKey: (input) => addRestrictedKey({ ...deps, onKeyAdded: (id) => registerOrPoll(deps, id) }, input),
    disconnect: (input) => disconnect(deps, input),
    view: (input) => readConnectionView(deps, input),
    async restartBackfill(input) {
      await activeOf(input);
      await db.transaction((tx) => startBackfill(tx, { ...input, reason: 'request', now: clock.now() }));
    },
    async reconcileNow(input) {
      const connection = await activeOf(input);
      const id = await reconcile(deps, { connection, isForced: true, isAsked: true });
      if (id === null) throw new ConflictError('This account is being compared right now. Look again in a minute.');
      const [report] = await readDriftReports(db, { connectionId: connection.id, limit: 1, id });
      return must(report, 'the report');
    },
    async driftReports(input) {
      const connection = await checked(input);
      return readDriftReports(db, { connectionId: connection.id, limit: REPORTS_MAX });
    },
    async checkEndpointNow(input) {
      await checkEndpoint(deps, { connectionId: endpointOwner(await activeOf(input)), isForced: true });
    },
    async rotateSecretNow(input) {
      const connection = await activeOf(input);
      const stripeAccountId = endpointOwner(connection);
      const { livemode } = connection;
      const dutyName = endpointDutyName(stripeAccountId);
      await askForRotation(deps, { access: input.access, stripeAccountId, livemode, dutyName });
      // Where another process has the duty right now, the wish is carried out when that look is over.
      await checkEndpoint(deps, { connectionId: stripeAccountId, isForced: true });
    },
    ...background(deps),
  };
}

/** Whose endpoint a connection's events come to: its own, or, null, the platform's. @throws NotFoundError when polled. */
function endpointOwner(connection: ConnectionRow): string | null {
  if (connection.details.isPolled === true) throw new NotFoundError('This account has no endpoint; we ask for news.');
  return connection.method === 'restricted_key' ? connection.id : null;
}

/** Registers the endpoint in the account of a new key; a key that may not is polled from then on. */
async function registerOrPoll(deps: Parameters<typeof checkEndpoint>[0], connectionId: string): Promise<void> {
  try {
    await checkEndpoint(deps, { connectionId, isForced: true });
    await setGranted(deps.db, { connectionId, isPolled: false });
  } catch (error) {
    if (!(error instanceof StripePermissionError)) return;
    await setGranted(deps.db, { connectionId, isPolled: true });
  }
}

async function setGranted(db: Db, input: { connectionId: string; isPolled: boolean }): Promise<void> {
  await db.query({
    text: `update stripe_account set details = jsonb_set(details || jsonb_build_object('isPolled', $2::boolean),
             '{granted,rak_webhook_write}', to_jsonb(not $2::boolean))
           where id = $1`,
    values: [input.connectionId, input.isPolled],
  });
}

type BackgroundDeps = Parameters<typeof endpointCareWorker>[0] &
  Parameters<typeof backfillWorker>[0] &
  Parameters<typeof reconcileWorker>[0] &
  Parameters<typeof checkoutReferencesWorker>[0];

/** What runs beside the routes. */
function background(deps: BackgroundDeps): Pick<StripeIngest, 'workers' | 'consumers'> {
  return {
    workers: [
      endpointCareWorker(deps),
      backfillWorker(deps),
      reconcileWorker(deps),
      refetchWorker(deps),
      checkoutReferencesWorker(deps),
    ],
    consumers: [refetchConsumer(deps), checkoutReferencesConsumer(deps)],
  };
}
