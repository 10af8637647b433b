/**
 * The only place where things are put together. In: the configuration. Out: an engine that is in place (`createEngine`:
 * tests drive it by `settle`) or running (`startEngine`: listening, its workers in loops, until stopped). Stages don't
 * know each other: what one needs of another is handed over here.
 */
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { createSessions, type SecretBox, type Sessions } from '#access/index.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { CrashPoints } from '#base/crash-points.ts';
import { ConfigurationError, messageOf, StorageLockedError } from '#base/errors.ts';
import { createLog, type Log } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import { type BusTransport, type Consumer, createPublisher, type Publisher } from '#bus/index.ts';
import type { Db } from '#db/db.ts';
import { migrate } from '#db/migrate.ts';
import { createInbox, createStripeIngest, type Inbox, type StripeIngest } from '#ingest/index.ts';
import { applyStripeObjects, writeTraits } from '#project/index.ts';
import { type AdvanceDeps, createCheckRuns, createMatchContacts, type SequenceDeps } from '#respond/sequences/index.ts';
import { createPostJson, createUnsubscribeTokens, parseSender, type SendDeps } from '#send/index.ts';
import { readConfig, type Config } from './config.ts';
import { demoOverrides } from '#compose/demo.ts';
import { tuneHeap } from '#compose/heap.ts';
import { runLoops, settle } from '#compose/loops.ts';
import { createMailer } from '#compose/mail.ts';
import { openDb, secretsOf } from '#compose/storage.ts';
import { stripeConfigOf } from '#compose/stripe-config.ts';
import packageJson from '../package.json' with { type: 'json' };
import { composeApp } from '#compose/http.ts';
import { composeWorkers } from '#compose/workers.ts';
import { startWorkerThread } from '#compose/worker-thread.ts';

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
  const parts = await composeParts(config, overrides);
  const { app, inApp } = await composeApp(parts, { overrides, version: packageJson.version, root: ROOT });
  return {
    ...parts,
    app,
    settle: () => settle(parts.workers),
    async stop() {
      await app.close();
      await inApp.close();
      await closeParts(parts, overrides);
    },
  };
}

async function composeParts(config: Config, overrides: Overrides): Promise<Parts> {
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
  const workers = composeWorkers({ ...base, publisher, inbox, stripe, ...sending });
  return { ...base, sessions, publisher, inbox, stripe, ...sending, ...workers };
}

async function closeParts(parts: Parts, overrides: Overrides): Promise<void> {
  await parts.bus.close();
  if (!overrides.db) await parts.db.close();
}

/** Workers in loops that wake each other through the database, until stopped; nothing listens. */
export async function startWorkers(config: Config, overrides: Overrides = {}): Promise<{ stop(): Promise<void> }> {
  const parts = await composeParts(config, overrides);
  const loops = await runLoops(parts);
  return {
    async stop() {
      await loops.stop();
      await closeParts(parts, overrides);
    },
  };
}

/**
 * A running engine: it listens and its workers run, until stopped. On PostgreSQL the workers have a thread of their own,
 * unless something was put in place of the real thing, which only this thread has.
 */
export async function startEngine(
  config: Config,
  overrides: Overrides = {},
): Promise<Engine & { readonly url: string }> {
  tuneHeap();
  const engine = await createEngine(config, overrides);
  const hasThread = config.ROLE === 'both' && engine.db.kind === 'server' && canBeTold(overrides);
  const thread = hasThread ? await startWorkerThread({ config, overrides }) : null;
  const loops = config.ROLE === 'web' || hasThread ? null : await runLoops(engine);
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
      await thread?.stop();
      await loops?.stop();
      await engine.stop();
    },
  };
}

/** Whether a thread can be told of them: functions and connections stay where they are. */
function canBeTold(overrides: Overrides): boolean {
  return Object.keys(overrides).every((name) => name === 'stripeRequestsPerSecond');
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

if (isMainThread && process.argv[1] === fileURLToPath(import.meta.url)) {
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
