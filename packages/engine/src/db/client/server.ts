import pg from 'pg';
import type { Log } from '#base/log.ts';
import type { Db, QueryResult, Queryable, Statement, Tx } from '../db.ts';
import { TextArray } from '../text-array.ts';
import { runTransaction } from '../transaction.ts';

const INT8_OID = 20;
const DATE_OID = 1082;
const TIMESTAMPTZ_OID = 1184;

/** How long a new connection may take, milliseconds, before the caller is told that the database does not answer. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * How long a connection is kept that nobody uses, milliseconds. A new one costs a process of the server and its plans:
 * measured, a burst after 11 quiet seconds was acknowledged a quarter slower where they had been closed after 10.
 */
const IDLE_TIMEOUT_MS = 5 * 60_000;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary' && oid === INT8_OID) return (text: string) => BigInt(text);
    if (format !== 'binary' && oid === DATE_OID) return (text: string) => text;
    if (format !== 'binary' && oid === TIMESTAMPTZ_OID) return instantOf;
    return pg.types.getTypeParser(oid, format as 'text');
  },
} as pg.CustomTypesConfig;

const slowInstantOf = pg.types.getTypeParser(TIMESTAMPTZ_OID, 'text') as (text: string) => unknown;

/** '2026-11-24 09:00:00.5+00' is but three signs from what the language itself reads, in half the time that the driver's pattern takes. */
function instantOf(text: string): unknown {
  if (!text.endsWith('+00')) return slowInstantOf(text);
  const instant = new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
  return Number.isNaN(instant.getTime()) ? slowInstantOf(text) : instant;
}

function asQueryable(client: Pick<pg.Pool, 'query'> | pg.PoolClient): Queryable {
  return {
    async query<R>(statement: Statement): Promise<QueryResult<R>> {
      const config: pg.QueryConfig = {
        text: statement.text,
        values: (statement.values ?? []).map((value) => (value instanceof TextArray ? value.toBinary() : value)),
      };
      if (statement.name !== undefined) config.name = statement.name;
      const result = await client.query(config);
      return { rows: result.rows as R[], rowCount: result.rowCount ?? 0 };
    },
  };
}

/** A pool on a real PostgreSQL (15 and newer). Lost idle connections are logged and replaced by the pool. */
export function openServerDb(deps: { log: Log }, input: { url: string; poolSizeMax: number }): Db {
  const pool = new pg.Pool({
    connectionString: input.url,
    max: input.poolSizeMax,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types,
  });
  pool.on('error', (error) => deps.log.warn({ err: error }, 'an idle database connection was lost'));
  const outer = asQueryable(pool);
  const stopListening = new Set<() => Promise<void>>();

  return {
    kind: 'server',
    query: (statement) => outer.query(statement),
    async execute(text) {
      await pool.query(text);
    },
    async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
      const client = await pool.connect();
      let broken = false;
      const onError = (): void => {
        broken = true;
      };
      client.on('error', onError);
      try {
        return await runTransaction(asQueryable(client), work);
      } finally {
        client.off('error', onError);
        client.release(broken);
      }
    },
    async listen(channel, onNotify) {
      const stop = await listenForEver(deps, { url: input.url, channel, onNotify });
      stopListening.add(stop);
      return async () => {
        stopListening.delete(stop);
        await stop();
      };
    },
    async close() {
      await Promise.all([...stopListening].map((stop) => stop()));
      await pool.end();
    },
  };
}

/** Pause before a lost LISTEN connection is opened again, milliseconds. */
const RELISTEN_MS = 1_000;

/** LISTEN on a connection of its own, opened again when it is lost; each re-opening counts as a wake-up, so none is missed. */
async function listenForEver(
  deps: { log: Log },
  input: { url: string; channel: string; onNotify: (payload: string) => void },
): Promise<() => Promise<void>> {
  let stopped = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  const open = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: input.url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    next.on('error', () => undefined);
    next.on('notification', (message) => input.onNotify(message.payload ?? ''));
    next.on('end', () => {
      if (stopped) return;
      timer = setTimeout(() => void reopen(), RELISTEN_MS);
    });
    await next.connect();
    await next.query(`listen ${pg.escapeIdentifier(input.channel)}`);
    client = next;
  };
  const reopen = async (): Promise<void> => {
    try {
      await open();
      input.onNotify('');
    } catch (error) {
      deps.log.warn({ err: error, channel: input.channel }, 'listening for wake-ups failed; trying again');
      if (!stopped) timer = setTimeout(() => void reopen(), RELISTEN_MS);
    }
  };
  await open();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await client?.end();
  };
}
