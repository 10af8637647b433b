import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** The server that figures are measured on. */
export const SERVER_URL = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

export interface BenchDatabase {
  readonly url: string;
  query<R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]>;
  drop(): Promise<void>;
}

/** A database of its own on that server; nothing that is there is touched. */
export async function createBenchDatabase(purpose: string): Promise<BenchDatabase> {
  const name = `growthos_bench_${purpose}_${randomUUID().slice(0, 8)}`;
  await onServer(`create database ${name}`);
  const own = new URL(SERVER_URL);
  own.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: own.toString(), max: 2 });
  pool.on('error', () => undefined);
  return {
    url: own.toString(),
    async query<R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) {
      return (await pool.query<R>(text, [...values])).rows;
    },
    async drop() {
      await pool.end();
      await onServer(`drop database if exists ${name} with (force)`);
    },
  };
}

export async function onServer(text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: SERVER_URL });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(
      `PostgreSQL does not answer at ${SERVER_URL.replace(/:[^:@/]*@/, ':***@')}. Start it, or set DATABASE_URL.`,
      { cause: error },
    );
  }
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
