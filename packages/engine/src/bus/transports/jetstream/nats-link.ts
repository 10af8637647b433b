/**
 * The one speaker to NATS. In: pointers to events, out: the same, by partition, at least once, mostly in order. Nothing
 * relies on more: a message lost here is found on the log, one that comes twice or late is known by its position.
 * Written for nats-server 2.9 (no multiple filters, no priority groups, no batch publish).
 */
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { connect, nanos, type NatsConnection } from '@nats-io/transport-node';
import { UpstreamUnavailableError } from '#base/errors.ts';
import { one, sqlState } from '#db/db.ts';
import type { BusDeps } from '../../work-off.ts';
import { findInstallation, type Installation } from './installation.ts';
import { pullNow, type Pulled } from './pull.ts';

const HOUR_MS = 3_600_000;
/** The stream is no archive: whoever is further behind reads the log. */
const KEPT_MS = 24 * HOUR_MS;
const KEPT_BYTES = 128 * 1024 ** 2;
/** A relay that dies between publishing and committing publishes again within this time; later twins are dropped by position. */
const DUPLICATES_MS = 120_000;
const ACK_WAIT_MS = 30_000;
/** A durable consumer that nobody asks for so long belongs to a consumer of ours that is gone. */
const UNUSED_MS = 7 * 24 * HOUR_MS;
const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_MS = 250;

export interface Pointer {
  readonly id: string;
  readonly workspaceId: string;
  readonly partition: number;
  readonly position: bigint;
  /** Nothing of this partition lies between this position and its own. */
  readonly after: bigint;
  readonly type: string;
}

export interface NatsLink {
  /** Connects, if need be, and sees that the stream is there. @throws UpstreamUnavailableError */
  ready(): Promise<Installation>;
  /** All are stored when this resolves; where it throws, some may be, and publishing them again is safe. */
  publish(pointers: readonly Pointer[]): Promise<void>;
  /** What is there now, without waiting for more. */
  pull(input: { consumer: string; partition: number; sizeMax: number }): Promise<Pulled[]>;
  /** Tells the other processes, and this one, that these partitions have news. Best effort. */
  tell(partitions: readonly number[]): void;
  onTold(listener: (partitions: readonly number[]) => void): void;
  /** Takes the streams off the server: for an installation that ends. */
  deleteStreams(): Promise<void>;
  close(): Promise<void>;
}

interface Session {
  readonly connection: NatsConnection;
  readonly installation: Installation;
  readonly client: JetStreamClient;
  readonly admin: JetStreamManager;
  readonly durables: Set<string>;
}

export function openNatsLink(deps: BusDeps, input: { url: string }): NatsLink {
  const listeners = new Set<(partitions: readonly number[]) => void>();
  let session: Promise<Session> | undefined;
  let isStreamSeen = false;
  const open = (): Promise<Session> => {
    session ??= openSession(deps, { url: input.url, listeners }).catch((error: unknown) => {
      session = undefined;
      throw unavailable(error);
    });
    return session;
  };
  /** Whatever fails may have failed because the stream is gone: the next `ready` looks. */
  const guarded = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    const current = await open();
    try {
      return await work(current);
    } catch (error) {
      isStreamSeen = false;
      current.durables.clear();
      throw unavailable(error);
    }
  };
  return {
    ready: () =>
      guarded(async (current) => {
        if (!isStreamSeen) await ensureStreams(deps, current);
        isStreamSeen = true;
        return current.installation;
      }),
    publish: (pointers) => guarded((current) => publish(current, pointers)),
    pull: ({ consumer, partition, sizeMax }) =>
      guarded(async (current) => {
        const durable = consumer.replaceAll(/[^\w-]/g, '-');
        const stream = streamOf(current.installation, partition);
        await ensureDurable(current, { durable, stream });
        const answer = await pullNow(current.connection, { stream, durable, sizeMax });
        if (answer.isGone) current.durables.clear();
        return answer.pulled;
      }),
    tell(partitions) {
      void open()
        .then(({ connection, installation }) => connection.publish(newsSubject(installation), partitions.join(',')))
        .catch(() => undefined);
    },
    onTold: (listener) => void listeners.add(listener),
    deleteStreams: () =>
      guarded(async ({ admin, installation }) => {
        for (const stream of streamsOf(installation)) await admin.streams.delete(stream);
      }),
    async close() {
      const current = await session?.catch(() => undefined);
      session = undefined;
      await current?.connection.close();
    },
  };
}

/** The database's errors stay what they are. */
function unavailable(error: unknown): unknown {
  const isKnown = error instanceof UpstreamUnavailableError || sqlState(error) !== undefined;
  return isKnown ? error : new UpstreamUnavailableError('nats', { cause: error });
}

function newsSubject(installation: Installation): string {
  return `growthos.news.${installation.stream}`;
}

async function openSession(
  deps: BusDeps,
  input: { url: string; listeners: ReadonlySet<(partitions: readonly number[]) => void> },
): Promise<Session> {
  const installation = await findInstallation(deps.db);
  const connection = await connect({
    servers: input.url,
    name: 'growthos',
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
  });
  connection.subscribe(newsSubject(installation), {
    callback(error, message) {
      if (error) return;
      const partitions = message.string().split(',').map(Number);
      for (const listener of input.listeners) listener(partitions);
    },
  });
  const admin = await jetstreamManager(connection);
  return { connection, installation, client: jetstream(connection), admin, durables: new Set() };
}

/**
 * A stream for each partition, not one with a filter for each: a server of version 2.9 that looks for one subject in a
 * stream of eight reads past the others (measured: 100 times as long), and in a cluster each stream has a leader of its own.
 */
function streamOf(installation: Installation, partition: number): string {
  return `${installation.stream}_${partition}`;
}

function streamsOf(installation: Installation): string[] {
  return Array.from({ length: installation.partitions }, (_, partition) => streamOf(installation, partition));
}

async function ensureStreams(deps: BusDeps, session: Session): Promise<void> {
  const { admin, installation } = session;
  for (let partition = 0; partition < installation.partitions; partition++) {
    const stream = streamOf(installation, partition);
    const known = await admin.streams.info(stream).catch(() => null);
    if (known !== null) {
      if (known.state.messages > 0) await emptyIfForeign(deps, { admin, stream, lastSeq: known.state.last_seq });
      continue;
    }
    await admin.streams.add({
      name: stream,
      subjects: [`growthos.bus.${installation.stream}.${partition}.*`],
      storage: StorageType.File,
      max_age: nanos(KEPT_MS),
      max_bytes: KEPT_BYTES,
      duplicate_window: nanos(DUPLICATES_MS),
    });
  }
}

/** A database restored from a copy knows nothing of what came after it: pointers to that must not move anybody's place. */
async function emptyIfForeign(
  deps: BusDeps,
  input: { admin: JetStreamManager; stream: string; lastSeq: number },
): Promise<void> {
  const { admin, stream, lastSeq } = input;
  const last = await admin.streams.getMessage(stream, { seq: lastSeq });
  const id = last?.header.get('Nats-Msg-Id');
  if (id === undefined || id === '') return;
  if (await one(deps.db, { text: 'select 1 from bus_event where id = $1::uuid', values: [id] })) return;
  deps.log.warn({ stream }, 'the stream tells of events that the log does not have; it is emptied, the log is read');
  await admin.streams.purge(stream);
}

/**
 * Begins with what is new: what came before is read from the log. Acknowledging one acknowledges all before it, which is
 * what a position means. No bound on what is not acknowledged: one process at a time has the partition, one batch at a time.
 */
async function ensureDurable(session: Session, input: { durable: string; stream: string }): Promise<void> {
  const { durable, stream } = input;
  const key = `${stream} ${durable}`;
  if (session.durables.has(key)) return;
  await session.admin.consumers.add(stream, {
    durable_name: durable,
    deliver_policy: DeliverPolicy.New,
    ack_policy: AckPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: -1,
    inactive_threshold: nanos(UNUSED_MS),
  });
  session.durables.add(key);
}

async function publish(session: Session, pointers: readonly Pointer[]): Promise<void> {
  const { stream } = session.installation;
  await Promise.all(
    pointers.map(({ id, workspaceId, partition, position, after, type }) =>
      session.client.publish(
        `growthos.bus.${stream}.${partition}.${workspaceId}`,
        JSON.stringify({ position: String(position), after: String(after), type }),
        { msgID: id },
      ),
    ),
  );
}
