import type { Queryable, Statement, Tx } from './db.ts';

/**
 * The transaction frame that both storages share: BEGIN, the work, the before-commit hooks, COMMIT, then the after-commit
 * hooks. A hook may register further hooks; they run too.
 */
export async function runTransaction<T>(session: Queryable, work: (tx: Tx) => Promise<T>): Promise<T> {
  const before = new Map<string, () => Promise<void>>();
  const after: (() => void)[] = [];
  const sent = new Sent(session);
  const tx: Tx = {
    async query<R>(statement: Statement) {
      await sent.done();
      return session.query<R>(statement);
    },
    send: (statement) => sent.add(statement),
    sent: () => sent.done(),
    beforeCommit(key, hook) {
      if (!before.has(key)) before.set(key, hook);
    },
    afterCommit(hook) {
      after.push(hook);
    },
  };
  let result: T;
  await session.query({ text: 'begin' });
  try {
    result = await work(tx);
    for (const [, hook] of before) await hook();
    await sent.done();
    await session.query({ text: 'commit' });
  } catch (error) {
    const cause = await sent.done().then(
      () => error,
      (failure: unknown) => failure,
    );
    await session.query({ text: 'rollback' }).catch(() => undefined);
    throw cause;
  }
  for (const hook of after) hook();
  return result;
}

/** Statements that run one after another while their sender goes on; after the first that fails, none. */
class Sent {
  readonly #session: Queryable;
  #last: Promise<unknown> | null = null;

  constructor(session: Queryable) {
    this.#session = session;
  }

  add(statement: Statement): void {
    this.#last = this.done().then(() => this.#session.query(statement));
    // Who waits for it hears of the failure; until somebody does, it is no unhandled one.
    this.#last.catch(() => undefined);
  }

  async done(): Promise<void> {
    if (this.#last !== null) await this.#last;
  }
}
