/**
 * What the engine asks of a database, the same for both storages: `client/server.ts` (PostgreSQL 15 and newer) and
 * `client/embedded.ts` (PGlite in a worker thread, one session, so its transactions queue).
 *
 * Values: int8 comes back as bigint, numeric as text, timestamptz as Date, date as text, json and jsonb parsed.
 * Parameters: Date, bigint, arrays of plain values (as PostgreSQL arrays), `TextArray`; JSON is given as text
 * (`json(value)`) and cast in the SQL (`::jsonb`).
 */
export interface Row {
  readonly [column: string]: unknown;
}

export interface QueryResult<R> {
  readonly rows: R[];
  /** Rows returned, or changed by a statement without RETURNING. */
  readonly rowCount: number;
}

export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Prepared once per connection under this name, where the storage can: for statements on a hot path. */
  readonly name?: string;
}

export interface Queryable {
  query<R = Row>(statement: Statement): Promise<QueryResult<R>>;
}

export interface Tx extends Queryable {
  /**
   * A statement whose answer nobody needs: the caller computes on while it runs. Later statements run after it, COMMIT
   * waits for it, and its failure is the transaction's.
   */
  send(statement: Statement): void;
  /** Resolves when everything that was sent is done. @throws the first failure of it. */
  sent(): Promise<void>;
  /**
   * Runs `work` inside this transaction, right before COMMIT, in the order of registration. Registering again under the
   * same key keeps the first: the bus uses it to write buffered events last, so that their order is the commit order.
   */
  beforeCommit(key: string, work: () => Promise<void>): void;
  /** Runs after a successful COMMIT; never after a rollback. Failures are the callback's own business. */
  afterCommit(work: () => void): void;
}

export interface Db extends Queryable {
  readonly kind: 'embedded' | 'server';
  /** Commits when `work` resolves, rolls back when it throws. Not re-entrant: use the `tx` that you were given. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Several statements in one text, without parameters: for migrations. */
  execute(text: string): Promise<void>;
  /** Calls back for each NOTIFY on the channel; the promise's value stops it. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export function json(value: unknown): string {
  // A replacer makes it three times as slow, and few values hold a bigint: those are written in a second go.
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
  }
}

export async function one<R = Row>(db: Queryable, statement: Statement): Promise<R | undefined> {
  return (await db.query<R>(statement)).rows[0];
}

export async function many<R = Row>(db: Queryable, statement: Statement): Promise<R[]> {
  return (await db.query<R>(statement)).rows;
}

/** SQLSTATE of a database error, or undefined for anything else. Source: PostgreSQL appendix A. */
export function sqlState(error: unknown): string | undefined {
  const code = error !== null && typeof error === 'object' && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** SQLSTATE unique_violation. */
export const UNIQUE_VIOLATION = '23505';
