import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { silentLog } from '#base/log.ts';
import { openEmbeddedDb } from '#db/client/embedded.ts';
import { openServerDb } from '#db/client/server.ts';
import type { Db } from '#db/db.ts';
import { migrate } from '#db/migrate.ts';

/** The server that tests use where one is named; without it they run on the embedded storage. */
export const SERVER_URL = process.env['DATABASE_URL'] ?? null;

/** The migrated database as bytes; `global-setup.ts` made them once for the run. */
function migratedSnapshot(): Promise<Uint8Array> {
  const file = process.env['GROWTHOS_TEST_SNAPSHOT'];
  if (file === undefined) throw new Error('GROWTHOS_TEST_SNAPSHOT: missing. Run the tests with vitest at the root.');
  return readFile(file);
}

/**
 * A migrated, empty database of its own: on `DATABASE_URL` where it is set (a fresh database there, dropped on close),
 * else embedded and in memory.
 */
export async function openTestDb(): Promise<Db> {
  if (SERVER_URL === null) return openEmbeddedDb({ dataDir: null, snapshot: await migratedSnapshot() });
  const { db } = await openServerTestDb(SERVER_URL);
  return db;
}

/** A fresh database on the server at `url`, for tests that need several sessions. `databaseUrl` opens it from elsewhere. */
export async function openServerTestDb(url: string): Promise<{ db: Db; databaseUrl: string }> {
  const name = `growthos_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(url, `create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const databaseUrl = own.toString();
  const db = openServerDb({ log: silentLog }, { url: databaseUrl, poolSizeMax: 5 });
  await migrate(db);
  return {
    databaseUrl,
    db: {
      ...db,
      close: async () => {
        await db.close();
        await onServer(url, `drop database if exists ${name} with (force)`);
      },
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
