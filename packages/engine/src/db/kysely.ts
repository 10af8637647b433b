import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { Db, Queryable, Tx } from './db.ts';

/**
 * Our database as a Kysely dialect, on both storages. Only for better-auth, which speaks to its database through Kysely;
 * our own code writes SQL. Transactions are those of `Db`, so nothing else may use the database inside one when it is
 * embedded (one session).
 */
export function kyselyDialect(db: Db): Dialect {
  return {
    createDriver: () => new DbDriver(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
  };
}

class RolledBack extends Error {}

class DbConnection implements DatabaseConnection {
  readonly db: Db;
  open: { tx: Tx; end(decision: 'commit' | 'rollback'): Promise<void> } | null = null;

  constructor(db: Db) {
    this.db = db;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const target: Queryable = this.open?.tx ?? this.db;
    const result = await target.query<R>({ text: query.sql, values: query.parameters });
    return { rows: result.rows, numAffectedRows: BigInt(result.rowCount) };
  }

  // oxlint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not offered here');
  }
}

class DbDriver implements Driver {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DbConnection> {
    return new DbConnection(this.#db);
  }

  /** Turns the callback form of `Db.transaction` into begin and end: the callback waits until the end is decided. */
  async beginTransaction(connection: DbConnection): Promise<void> {
    let decide: (decision: 'commit' | 'rollback') => void = () => undefined;
    const decided = new Promise<'commit' | 'rollback'>((resolve) => {
      decide = resolve;
    });
    await new Promise<void>((opened, failed) => {
      const finished = this.#db.transaction(async (tx) => {
        connection.open = { tx, end };
        opened();
        if ((await decided) === 'rollback') throw new RolledBack();
      });
      // A transaction that cannot even begin is the caller's error; later ends are told by `end`.
      finished.catch(failed);
      async function end(decision: 'commit' | 'rollback'): Promise<void> {
        connection.open = null;
        decide(decision);
        await finished.catch((error: unknown) => {
          if (!(error instanceof RolledBack)) throw error;
        });
      }
    });
  }

  async commitTransaction(connection: DbConnection): Promise<void> {
    await connection.open?.end('commit');
  }

  async rollbackTransaction(connection: DbConnection): Promise<void> {
    await connection.open?.end('rollback');
  }

  async releaseConnection(connection: DbConnection): Promise<void> {
    await connection.open?.end('rollback');
  }

  async destroy(): Promise<void> {}
}
