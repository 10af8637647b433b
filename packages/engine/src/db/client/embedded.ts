import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import lockfile from 'proper-lockfile';
import { messageOf, StorageLockedError } from '#base/errors.ts';
import type { Db, QueryResult, Queryable, Statement, Tx } from '../db.ts';
import { TextArray } from '../text-array.ts';
import { runTransaction } from '../transaction.ts';

/** A lock not renewed for so long belongs to a dead process and may be taken. proper-lockfile renews at half of it. */
const LOCK_STALE_MS = 10_000;

interface Reply {
  readonly id?: number;
  readonly ok?: boolean;
  readonly rows?: unknown[];
  readonly rowCount?: number;
  readonly snapshot?: Uint8Array;
  readonly error?: { message: string; code?: string; detail?: string; constraint?: string };
  readonly notify?: string;
  readonly payload?: string;
}

export interface EmbeddedDb extends Db {
  /** The whole database as bytes; another one opens from it in a third of the time that migrating takes. For tests. */
  snapshot(): Promise<Uint8Array>;
}

export interface EmbeddedOptions {
  /** Folder for the data; null keeps everything in memory (tests only). */
  readonly dataDir: string | null;
  readonly snapshot?: Uint8Array;
}

/**
 * PGlite (PostgreSQL in WebAssembly) in a worker thread. One session: a transaction has it alone, others queue.
 * The folder is locked against a second process, because PGlite itself has no lock and two would lose rows silently.
 * Not safe against a power cut (no fsync); against the death of the process it is.
 */
export async function openEmbeddedDb(options: EmbeddedOptions): Promise<EmbeddedDb> {
  const unlock = options.dataDir === null ? async () => undefined : await lockFolder(options.dataDir);
  const worker = new Worker(new URL('./embedded-worker.mjs', import.meta.url), {
    workerData: {
      dataDir: options.dataDir === null ? null : join(options.dataDir, 'postgres'),
      snapshot: options.snapshot ?? null,
    },
  });
  const channel = new WorkerChannel(worker);
  const session: Queryable = {
    async query<R>(statement: Statement): Promise<QueryResult<R>> {
      const values = (statement.values ?? []).map((value) => (value instanceof TextArray ? value.toTexts() : value));
      const reply = await channel.ask({ kind: 'query', text: statement.text, values });
      return { rows: (reply.rows ?? []) as R[], rowCount: reply.rowCount ?? 0 };
    },
  };
  let turn: Promise<unknown> = Promise.resolve();
  /** One session: whoever comes next waits until the one before has ended, well or badly. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  try {
    await session.query({ text: 'select 1' });
  } catch (error) {
    await unlock();
    throw error;
  }
  return {
    kind: 'embedded',
    query: (statement) => inTurn(() => session.query(statement)),
    transaction: <T>(work: (tx: Tx) => Promise<T>) => inTurn(() => runTransaction(session, work)),
    execute: (text) => inTurn(async () => void (await channel.ask({ kind: 'execute', text }))),
    async listen(name, onNotify) {
      const remove = channel.onNotify(name, onNotify);
      await inTurn(() => channel.ask({ kind: 'listen', channel: name }));
      return async () => {
        if (remove()) await inTurn(() => channel.ask({ kind: 'unlisten', channel: name }));
      };
    },
    snapshot: () => inTurn(async () => (await channel.ask({ kind: 'snapshot' })).snapshot ?? new Uint8Array()),
    async close() {
      await inTurn(() => channel.ask({ kind: 'close' }));
      await worker.terminate();
      await unlock();
    },
  };
}

async function lockFolder(dataDir: string): Promise<() => Promise<void>> {
  mkdirSync(dataDir, { recursive: true });
  try {
    return await lockfile.lock(dataDir, { stale: LOCK_STALE_MS, lockfilePath: join(dataDir, 'in-use.lock') });
  } catch (error) {
    throw new StorageLockedError(
      `The data folder ${dataDir} is in use by another process. Stop that one, or set DATA_DIR to another folder. ` +
        `If no other process runs, wait ${LOCK_STALE_MS / 1000} seconds and start again. (${messageOf(error)})`,
      { cause: error },
    );
  }
}

/** Questions to the worker and its answers, matched by number. When the worker dies, all open questions fail. */
class WorkerChannel {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();
  #next = 1;
  #dead: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: Reply) => this.#receive(reply));
    worker.on('error', (error) => this.#die(error));
    worker.on('exit', () => this.#die(new Error('the embedded database has stopped')));
  }

  ask(message: Record<string, unknown>): Promise<Reply> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...message });
    });
  }

  /** Returns a function that takes the listener away and says whether it was the channel's last. */
  onNotify(channel: string, listener: (payload: string) => void): () => boolean {
    const set = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, set.add(listener));
    return () => set.delete(listener) && set.size === 0;
  }

  #receive(reply: Reply): void {
    if (reply.notify !== undefined) {
      for (const listener of this.#listeners.get(reply.notify) ?? []) listener(reply.payload ?? '');
      return;
    }
    const waiting = this.#waiting.get(reply.id ?? -1);
    if (!waiting) return;
    this.#waiting.delete(reply.id ?? -1);
    if (reply.ok) waiting.resolve(reply);
    else waiting.reject(Object.assign(new Error(reply.error?.message), reply.error));
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#dead);
    this.#waiting.clear();
  }
}
