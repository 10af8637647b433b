/**
 * The only place where things are put together. In: the configuration. Out: an engine that is in place (`createEngine`:
 * tests drive it by `settle`) or running (`startEngine`: listening, its workers in loops, until stopped). Stages don't
 * know each other: what one needs of another is handed over here.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { Registry } from 'prom-client';
import { createSecretBox, createSessions, findWriteKey, type SecretBox, type Sessions } from '#access/index.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { CrashPoints } from '#base/crash-points.ts';
import { ConfigurationError, messageOf, StorageLockedError } from '#base/errors.ts';
import { createLog, type Log } from '#base/log.ts';
import { type Loop, startLoop, type Worker } from '#base/worker.ts';
import {
  BUS_CHANNEL,
  type Consumer,
  consumerWorker,
  createPublisher,
  type Publisher,
  replayDeadLetter,
} from '#bus/index.ts';
import { openEmbeddedDb } from '#db/client/embedded.ts';
import { openServerDb } from '#db/client/server.ts';
import { many, type Db } from '#db/db.ts';
import { migrate } from '#db/migrate.ts';
import type { AppActions } from '#http/app-actions.ts';
import { buildApp } from '#http/app.ts';
import { connectionRoutes } from '#http/routes/connections.ts';
import { inAppRoutes } from '#http/routes/in-app.ts';
import { sdkRoutes } from '#http/routes/sdk.ts';
import { segmentRoutes } from '#http/routes/segments.ts';
import { stripeWebhookRoutes } from '#http/routes/stripe-webhook.ts';
import { trackRoutes } from '#http/routes/track.ts';
import {
  createInbox,
  createStripeIngest,
  drainWorker,
  INBOX_CHANNEL,
  receiveTracked,
  replayDead,
  type Inbox,
  type StripeIngest,
} from '#ingest/index.ts';
import {
  applyStripeEvents,
  applyStripeObjects,
  applyTrackEvents,
  BILLING_WARNINGS,
  BillingSettingsSchema,
  ChannelSettingsSchema,
  EngagementSettingsSchema,
  engagementWorker,
  IdentitySettingsSchema,
  oneOffChargeWorker,
  requestRescore,
  writeTraits,
} from '#project/index.ts';
import { flipsWorker, installTemplates, recomputeWorker, segmentsConsumer } from '#respond/segments/index.ts';
import { advanceWorker } from '#respond/sequences/advance.ts';
import { sequenceConsumers } from '#respond/sequences/consumer.ts';
import { dateTriggerWorker } from '#respond/sequences/date-triggers.ts';
import { createMatchContacts } from '#respond/sequences/match-contacts.ts';
import { createCheckRuns } from '#respond/sequences/still-true.ts';
import { createUnsubscribeTokens } from '#send/consent/token.ts';
import { capturingMailer, smtpMailer } from '#send/email/mailer.ts';
import { openInApp } from '#send/in-app/in-app.ts';
import { outboxWorker } from '#send/outbox/worker.ts';
import { messageRequestsConsumer } from '#send/requests.ts';
import type { SendDeps } from '#send/send-deps.ts';
import { parseSender } from '#send/sending-rules.ts';
import { createPostJson } from '#send/webhooks/post-json.ts';
import type { RuleGroupSchema } from '#view/index.ts';
import packageJson from '../package.json' with { type: 'json' };
import { readConfig, type Config } from './config.ts';
import { demoOverrides } from './demo.ts';

const IDLE_MS = 5_000;
const ROUNDS_MAX = 2_000;
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
  readonly consumers: readonly Consumer[];
  readonly workers: readonly Worker[];
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
  const stages = composeStages({ ...base, publisher, inbox, stripe, overrides });
  const parts: Parts = { ...base, sessions, publisher, inbox, stripe, ...stages };
  const { app, close } = await composeApp(parts, overrides);
  return {
    ...parts,
    app,
    settle: () => settle(parts.workers),
    async stop() {
      await app.close();
      await close();
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

function openDb(config: Config, log: Log): Promise<Db> {
  if (config.DATABASE_URL === undefined) return openEmbeddedDb({ dataDir: resolve(config.DATA_DIR) });
  return Promise.resolve(openServerDb({ log }, { url: config.DATABASE_URL, poolSizeMax: config.DATABASE_POOL_SIZE }));
}

function baseUrlOf(config: Config): string {
  return (config.BASE_URL ?? `http://${config.HOST}:${config.PORT}`).replace(/\/+$/, '');
}

/** The key of the environment; on embedded storage one of its own, made at the first start and kept beside the data. */
function secretsOf(config: Config): { secretBox: SecretBox; secretKey: string } {
  const secretKey = config.SECRET_KEY ?? keptKey(resolve(config.DATA_DIR));
  return { secretBox: createSecretBox(secretKey), secretKey };
}

function keptKey(dataDir: string): string {
  const file = join(dataDir, 'secret-key');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(dataDir, { recursive: true });
  const key = randomBytes(32).toString('base64');
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return key;
}

type Base = Pick<
  Parts,
  'config' | 'db' | 'clock' | 'log' | 'secretBox' | 'secretKey' | 'baseUrl' | 'publisher' | 'inbox'
> & {
  readonly overrides: Overrides;
};

function createStripe(base: Base): StripeIngest {
  const { config, overrides } = base;
  const platform =
    config.STRIPE_SECRET_KEY === undefined || config.STRIPE_CLIENT_ID === undefined
      ? null
      : { secretKey: config.STRIPE_SECRET_KEY, clientId: config.STRIPE_CLIENT_ID };
  return createStripeIngest({
    ...base,
    config: { platform, app: null, apiBase: config.STRIPE_API_BASE ?? null, baseUrl: base.baseUrl },
    ...(overrides.stripeRequestsPerSecond === undefined
      ? {}
      : { requestsPerSecond: overrides.stripeRequestsPerSecond }),
    applyObjects: async (tx, input) => {
      await applyStripeObjects(base, { tx, ...input, cause: 'backfill' });
    },
  });
}

function composeStages(base: Base & { stripe: StripeIngest }): Pick<Parts, 'consumers' | 'workers'> {
  const { config, secretKey, secretBox, overrides } = base;
  const matchContacts = createMatchContacts(base);
  const crashes = overrides.crashes ? { crashes: overrides.crashes } : {};
  const responding = { ...base, ...crashes, matchContacts };
  const sending: SendDeps = {
    ...base,
    ...crashes,
    secrets: secretBox,
    mailer: config.SMTP_URL === undefined ? capturingMailer : smtpMailer({ url: config.SMTP_URL }),
    tokens: createUnsubscribeTokens(secretKey),
    checkRuns: createCheckRuns({ matchContacts }),
    postJson: createPostJson({ allowsPrivate: config.DEMO }),
    serverFrom: parseSender(config.MAIL_FROM),
  };
  const consumers = [segmentsConsumer(base), ...sequenceConsumers(responding), messageRequestsConsumer(base)];
  const workers: Worker[] = [
    drainWorker({
      ...base,
      apply: {
        stripe: (tx, events) => applyStripeEvents(base, { tx, events }),
        track: (tx, events) => applyTrackEvents(base, { tx, events }),
      },
    }),
    ...consumers.map((consumer) => consumerWorker(base, consumer)),
    flipsWorker(base),
    recomputeWorker(base),
    advanceWorker({ ...responding, setTraits: (tx, changes) => writeTraits(base, { tx, changes }) }),
    dateTriggerWorker(responding),
    outboxWorker(sending),
    oneOffChargeWorker(base),
    engagementWorker(base),
    ...base.stripe.workers,
    workspaceDefaultsWorker(base),
  ];
  return { consumers, workers };
}

/** Gives every new workspace the segments that come with the product. */
function workspaceDefaultsWorker(base: Base): Worker {
  return {
    name: 'workspace-defaults',
    runOnce: () =>
      base.db.transaction(async (tx) => {
        const fresh = await many<{ id: string }>(tx, {
          name: 'workspace_without_segments',
          text: 'select id from workspace w where not exists (select 1 from segment s where s.workspace_id = w.id)',
        });
        for (const { id } of fresh) await installTemplates(base, { tx, workspaceId: id });
        return fresh.length;
      }),
  };
}

async function composeApp(
  parts: Parts,
  overrides: Overrides,
): Promise<{ app: FastifyInstance; close(): Promise<void> }> {
  const { config, clock, stripe } = parts;
  const inApp = await openInApp({ ...parts, findWriteKey: (key) => findWriteKey(parts, key) });
  const app = await buildApp({
    ...parts,
    actions: actionsOf(parts),
    ruleGroups: RULE_GROUPS,
    billingWarningTexts: BILLING_WARNINGS,
    metrics: new Registry(),
    routes: [
      stripeWebhookRoutes({ receive: (input) => stripe.receive(input) }),
      connectionRoutes({
        stripe,
        personOf: async (request) => (await parts.sessions.find(request.headers.cookie ?? ''))?.person.id ?? null,
      }),
      trackRoutes({
        receiveTracked: (input) =>
          receiveTracked({ inbox: parts.inbox, clock, findWriteKey: (key) => findWriteKey(parts, key) }, input),
      }),
      segmentRoutes(parts),
      inAppRoutes({ inApp }),
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
  return { app, close: () => inApp.close() };
}

function actionsOf(parts: Parts): AppActions {
  return {
    replayLedgerEvent: ({ access, seq }) => replayDead(parts, { workspaceId: access.workspaceId, seq }),
    replayDeadLetter: ({ access, id }) =>
      replayDeadLetter(parts, { workspaceId: access.workspaceId, deadLetterId: id }),
    async settingsChanged(tx, { workspaceId, key }) {
      if (key === 'engagement') await requestRescore(parts, { tx, workspaceId });
    },
  };
}

/** The groups of the settings page, each by the schema of the stage that reads it. */
const RULE_GROUPS: readonly RuleGroupSchema[] = [
  {
    group: 'billing',
    title: 'How billing is counted',
    says: 'What MRR, status and lifetime value mean here. The defaults are those of Stripe.',
    schema: BillingSettingsSchema,
    skip: ['tiers'],
  },
  {
    group: 'identity',
    title: 'Who is who',
    says: 'Where a Stripe customer says which of your users it is.',
    schema: IdentitySettingsSchema,
  },
  {
    group: 'engagement',
    title: 'Engagement score',
    says: 'How much each kind of activity counts, and how fast it fades.',
    schema: EngagementSettingsSchema,
  },
  {
    group: 'channels',
    title: 'Acquisition channels',
    says: 'How first visits are named. Your rules come before ours.',
    schema: ChannelSettingsSchema,
  },
];

/** Runs every worker once, again and again, until a whole round finds nothing to do. */
async function settle(workers: readonly Worker[]): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let handled = 0;
    for (const worker of workers) handled += await worker.runOnce();
    if (handled === 0) return;
  }
  throw new Error(`still busy after ${ROUNDS_MAX} rounds`);
}

interface Loops {
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

/** Every worker in a loop of its own; news of the ledger and of the bus, by NOTIFY, wake them at once. */
async function runLoops(engine: Engine): Promise<Loops> {
  let loops: Loop[] = [];
  const resume = (): void => {
    loops = engine.workers.map((worker) => startLoop(engine, { worker, idleMs: IDLE_MS }));
  };
  const pause = async (): Promise<void> => {
    await Promise.all(loops.map((loop) => loop.stop()));
  };
  const wake = (): void => {
    for (const loop of loops) loop.wake();
  };
  const stops = await Promise.all([INBOX_CHANNEL, BUS_CHANNEL].map((channel) => engine.db.listen(channel, wake)));
  resume();
  return {
    pause,
    resume,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
      await pause();
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
