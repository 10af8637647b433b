/**
 * The only place where things are put together. In: the configuration. Out: an engine that is in place (`createEngine`:
 * tests drive it by `settle`) or running (`startEngine`: listening, its workers in loops, until stopped). Stages don't
 * know each other: what one needs of another is handed over here.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { Registry } from 'prom-client';
import { createSessions, findTrackKey, findWriteKey, type SecretBox, type Sessions } from '#access/index.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { CrashPoints } from '#base/crash-points.ts';
import { ConfigurationError, messageOf, StorageLockedError } from '#base/errors.ts';
import { createLog, type Log } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import {
  type BusTransport,
  type Consumer,
  createPublisher,
  openBusTransport,
  type Publisher,
  replayDeadLetter,
} from '#bus/index.ts';
import { many, type Db } from '#db/db.ts';
import { migrate } from '#db/migrate.ts';
import type { AppActions } from '#http/app-actions.ts';
import { buildApp } from '#http/app.ts';
import { connectionRoutes } from '#http/routes/connections.ts';
import { explainRoutes } from '#http/routes/explain.ts';
import { identityRoutes } from '#http/routes/identity.ts';
import { identitySecretRoutes } from '#http/routes/identity-secret.ts';
import { inAppRoutes } from '#http/routes/in-app.ts';
import { replayRoutes } from '#http/routes/replays.ts';
import { sdkRoutes } from '#http/routes/sdk.ts';
import { segmentRoutes } from '#http/routes/segments.ts';
import { sequenceRoutes } from '#http/routes/sequences.ts';
import { stripeWebhookRoutes } from '#http/routes/stripe-webhook.ts';
import { trackRoutes } from '#http/routes/track.ts';
import { unsubscribeRoutes } from '#http/routes/unsubscribe.ts';
import {
  createInbox,
  createStripeIngest,
  drainWorker,
  receiveTracked,
  replayDead,
  type Inbox,
  type StripeIngest,
  type TrackDeps,
} from '#ingest/index.ts';
import {
  applyStripeEvents,
  applyStripeObjects,
  applyTrackEvents,
  BILLING_WARNINGS,
  billingDueWorker,
  engagementWorker,
  explainContactBilling,
  isRecomputable,
  oneOffChargeWorker,
  recomputeContactsWorker,
  requestRecompute,
  requestRescore,
  staleContactsWorker,
  writeTraits,
} from '#project/index.ts';
import {
  flipsWorker,
  forgetMemberships,
  installTemplates,
  recomputeWorker,
  segmentsConsumer,
} from '#respond/segments/index.ts';
import {
  type AdvanceDeps,
  advanceWorker,
  createCheckRuns,
  createMatchContacts,
  dateTriggerWorker,
  forgetRuns,
  sequenceConsumers,
  type SequenceDeps,
} from '#respond/sequences/index.ts';
import { nudgeExpiryWorker } from '#send/in-app/expire-nudges.ts';
import { isEmailHash, readIdentitySecret, rotateIdentitySecret } from '#send/in-app/identity-secret.ts';
import { type InApp, openInApp } from '#send/in-app/in-app.ts';
import {
  createPostJson,
  createUnsubscribeTokens,
  forgetMessages,
  messageRequestsConsumer,
  outboxWorker,
  parseSender,
  type SendDeps,
  webhookFanOutConsumer,
} from '#send/index.ts';
import packageJson from '../package.json' with { type: 'json' };
import { readConfig, type Config } from './config.ts';
import { demoOverrides } from '#compose/demo.ts';
import { runLoops, settle } from '#compose/loops.ts';
import { composeMailReports, createMailer } from '#compose/mail.ts';
import { RULE_GROUPS } from '#compose/rule-groups.ts';
import { openDb, secretsOf } from '#compose/storage.ts';
import { stripeConfigOf } from '#compose/stripe-config.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What a test, or the demo, puts in place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly db?: Db;
  readonly crashes?: CrashPoints;
  /** Requests a second to Stripe; null: as fast as answers come. */
  readonly stripeRequestsPerSecond?: number | null;
  /** More routes: the demo's. */
  readonly routes?: (engine: Parts) => readonly FastifyPluginAsync[];
}

/** Everything that was put together. */
export interface Parts {
  readonly config: Config;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly secretBox: SecretBox;
  readonly secretKey: string;
  readonly sessions: Sessions;
  readonly publisher: Publisher;
  readonly inbox: Inbox;
  readonly stripe: StripeIngest;
  readonly sequences: SequenceDeps & AdvanceDeps;
  readonly sending: SendDeps;
  readonly consumers: readonly Consumer[];
  readonly workers: readonly Worker[];
  readonly bus: BusTransport;
  readonly baseUrl: string;
}

export interface Engine extends Parts {
  readonly app: FastifyInstance;
  /** Works off everything that is due now, by this call alone; the loops, if they run, rest meanwhile. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts everything in its place; nothing listens and nothing runs yet. */
export async function createEngine(config: Config, overrides: Overrides = {}): Promise<Engine> {
  const log = overrides.log ?? createLog({ level: config.LOG_LEVEL });
  const clock = overrides.clock ?? systemClock;
  const db = overrides.db ?? (await openDb(config, log));
  const base = { config, db, clock, log, ...secretsOf(config), baseUrl: baseUrlOf(config) };
  await migrate(db);
  const sessions = createSessions({ db, log }, { secret: base.secretKey, baseUrl: base.baseUrl });
  const publisher = createPublisher({ clock });
  const inbox = createInbox({ db, clock });
  const stripe = createStripe({ ...base, publisher, inbox, overrides });
  const sending = composeSending({ ...base, publisher, inbox, overrides });
  const workers = composeWorkers({ ...base, publisher, inbox, stripe, ...sending, overrides });
  const parts: Parts = { ...base, sessions, publisher, inbox, stripe, ...sending, ...workers };
  const { app, inApp } = await composeApp(parts, overrides);
  return {
    ...parts,
    app,
    settle: () => settle(parts.workers),
    async stop() {
      await app.close();
      await inApp.close();
      await parts.bus.close();
      if (!overrides.db) await db.close();
    },
  };
}

/** A running engine: it listens, its workers run in loops that wake each other through the database, until stopped. */
export async function startEngine(
  config: Config,
  overrides: Overrides = {},
): Promise<Engine & { readonly url: string }> {
  const engine = await createEngine(config, overrides);
  const loops = config.ROLE === 'web' ? null : await runLoops(engine);
  const url = await engine.app.listen({ host: config.HOST, port: config.PORT });
  engine.log.info({ url, storage: engine.db.kind, role: config.ROLE }, 'listening');
  return {
    ...engine,
    url,
    async settle() {
      await loops?.pause();
      await engine.settle();
      loops?.resume();
    },
    async stop() {
      await loops?.stop();
      await engine.stop();
    },
  };
}

function baseUrlOf(config: Config): string {
  return (config.BASE_URL ?? `http://${config.HOST}:${config.PORT}`).replace(/\/+$/, '');
}

type Base = Pick<
  Parts,
  'config' | 'db' | 'clock' | 'log' | 'secretBox' | 'secretKey' | 'baseUrl' | 'publisher' | 'inbox'
> & {
  readonly overrides: Overrides;
};

function createStripe(base: Base): StripeIngest {
  const { config, overrides } = base;
  return createStripeIngest({
    ...base,
    config: stripeConfigOf(config, base.baseUrl),
    ...(overrides.stripeRequestsPerSecond === undefined
      ? {}
      : { requestsPerSecond: overrides.stripeRequestsPerSecond }),
    applyObjects: async (tx, input) => {
      await applyStripeObjects(base, { tx, cause: 'backfill', ...input });
    },
  });
}

/** What sequences and sending are given; sending asks sequences for a last look through `checkRuns`. */
function composeSending(base: Base): Pick<Parts, 'sequences' | 'sending'> {
  const { config, overrides } = base;
  const crashes = overrides.crashes ? { crashes: overrides.crashes } : {};
  const matchContacts = createMatchContacts(base);
  return {
    sequences: {
      ...base,
      ...crashes,
      matchContacts,
      setTraits: (tx, changes) => writeTraits(base, { tx, changes }),
    },
    sending: {
      ...base,
      ...crashes,
      secrets: base.secretBox,
      mailer: createMailer(config),
      tokens: createUnsubscribeTokens(base.secretKey),
      checkRuns: createCheckRuns({ matchContacts }),
      postJson: createPostJson({ allowsPrivate: config.DEMO }),
      serverFrom: parseSender(config.MAIL_FROM),
    },
  };
}

function composeWorkers(
  base: Base & Pick<Parts, 'sequences' | 'sending' | 'stripe'>,
): Pick<Parts, 'consumers' | 'workers' | 'bus'> {
  const { sequences, sending, stripe } = base;
  const consumers = [
    segmentsConsumer(base),
    ...sequenceConsumers(sequences),
    messageRequestsConsumer(base),
    webhookFanOutConsumer(base),
    ...stripe.consumers,
  ];
  const bus = openBusTransport(base, { consumers, natsUrl: base.config.NATS_URL ?? null });
  const workers: Worker[] = [
    drainWorker({
      ...base,
      apply: {
        stripe: (tx, events) => applyStripeEvents(base, { tx, events }),
        track: (tx, events) => applyTrackEvents(base, { tx, events }),
      },
    }),
    ...bus.workers,
    flipsWorker(base),
    recomputeWorker(base),
    advanceWorker(sequences),
    dateTriggerWorker(sequences),
    outboxWorker(sending),
    nudgeExpiryWorker(base),
    oneOffChargeWorker(base),
    billingDueWorker(base),
    staleContactsWorker(base),
    recomputeContactsWorker(base),
    engagementWorker(base),
    ...stripe.workers,
    workspaceDefaultsWorker(base),
  ];
  return { consumers, workers, bus };
}

/** Gives every new workspace the segments that come with the product. */
function workspaceDefaultsWorker(base: Base): Worker {
  return {
    name: 'workspace-defaults',
    async runOnce() {
      const fresh = await many<{ id: string }>(base.db, {
        name: 'workspace_without_segments',
        text: 'select id from workspace w where not exists (select 1 from segment s where s.workspace_id = w.id)',
      });
      if (fresh.length === 0) return 0;
      await base.db.transaction(async (tx) => {
        for (const { id } of fresh) await installTemplates(base, { tx, workspaceId: id });
      });
      return fresh.length;
    },
  };
}

async function composeApp(parts: Parts, overrides: Overrides): Promise<{ app: FastifyInstance; inApp: InApp }> {
  const { config, clock, stripe } = parts;
  const inApp = await openInApp({ ...parts, findWriteKey: (key) => findWriteKey(parts, key) });
  const app = await buildApp({
    ...parts,
    actions: actionsOf(parts),
    ruleGroups: RULE_GROUPS,
    billingWarningTexts: BILLING_WARNINGS,
    metrics: new Registry(),
    webhookRoutes: [stripeWebhookRoutes({ receive: (input) => stripe.receive(input) })],
    routes: [
      connectionRoutes({
        stripe,
        personOf: async (request) => (await parts.sessions.find(request.headers.cookie ?? ''))?.person.id ?? null,
      }),
      trackRoutes({
        receiveTracked: (input) => receiveTracked({ inbox: parts.inbox, clock, ...trackProofs(parts) }, input),
      }),
      segmentRoutes(parts),
      explainRoutes({ explain: (input) => explainContactBilling(parts.db, { ...input, clock }) }),
      identityRoutes({
        ...parts,
        async alsoErase(tx, erased) {
          await forgetMemberships(tx, erased);
          await forgetRuns(tx, { ...erased, at: clock.now() });
          await forgetMessages(tx, erased);
        },
      }),
      sequenceRoutes({ sequences: parts.sequences, send: parts.sending }),
      ...composeMailReports(parts.sending),
      unsubscribeRoutes({ send: parts.sending }),
      inAppRoutes({ inApp }),
      replayRoutes(parts),
      identitySecretRoutes({
        ...parts,
        read: (tx, workspaceId) => readIdentitySecret({ ...parts, db: tx }, { workspaceId }),
        rotate: (tx, workspaceId) => rotateIdentitySecret({ ...parts, db: tx }, { workspaceId }),
      }),
      sdkRoutes({ dir: resolve(ROOT, config.SDK_DIR) }),
      ...(overrides.routes?.(parts) ?? []),
    ],
    options: {
      version: packageJson.version,
      baseUrl: config.BASE_URL === undefined ? null : parts.baseUrl,
      isDemo: config.DEMO,
      secret: parts.secretKey,
      dashboardDir: resolve(ROOT, config.DASHBOARD_DIR),
      isBehindProxy: config.TRUST_PROXY,
      isCapturingMail: config.SMTP_URL === undefined,
    },
  });
  return { app, inApp };
}

function actionsOf(parts: Parts): AppActions {
  return {
    replayLedgerEvent: ({ access, seq }) => replayDead(parts, { workspaceId: access.workspaceId, seq }),
    replayDeadLetter: ({ access, id }) =>
      replayDeadLetter(parts, { workspaceId: access.workspaceId, deadLetterId: id }),
    async settingsChanged(tx, { workspaceId, key }) {
      if (key === 'engagement') await requestRescore(parts, { tx, workspaceId });
      if (isRecomputable(key)) await requestRecompute(parts, { tx, workspaceId, what: [key] });
    },
  };
}

async function run(): Promise<void> {
  const config = readConfig(process.env);
  let engine: Awaited<ReturnType<typeof startEngine>> | undefined;
  const demo = config.DEMO ? demoOverrides(config, { settle: async () => engine?.settle() }) : {};
  const running = await startEngine(config, demo);
  engine = running;
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      void running.stop().then(() => process.exit(0));
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  run().catch((error: unknown) => {
    // A wrong variable is one clear line; anything else is a fault of ours and comes with its stack.
    const text =
      error instanceof ConfigurationError || error instanceof StorageLockedError
        ? error.message
        : error instanceof Error
          ? error.stack
          : messageOf(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = 1;
  });
}

/** Who may send product events, and what proves an address that comes with a public key. */
function trackProofs(parts: Parts): Pick<TrackDeps, 'findWriteKey' | 'isEmailProof'> {
  return {
    findWriteKey: (key) => findTrackKey(parts, key),
    isEmailProof: async (proof) =>
      isEmailHash({ ...proof, secret: await readIdentitySecret(parts, { workspaceId: proof.workspaceId }) }),
  };
}
