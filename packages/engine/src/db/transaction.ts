import type { Queryable, Tx } from './db.ts';

/**
 * The transaction frame that both storages share: BEGIN, the work, the before-commit hooks, COMMIT, then the after-commit
 * hooks. A hook may register further hooks; they run too.
 */
export async function runTransaction<T>(session: Queryable, work: (tx: Tx) => Promise<T>): Promise<T> {
  const before = new Map<string, () => Promise<void>>();
  const after: (() => void)[] = [];
  const tx: Tx = {
    query: (statement) => session.query(statement),
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
    await session.query({ text: 'commit' });
  } catch (error) {
    await session.query({ text: 'rollback' }).catch(() => undefined);
    throw error;
  }
  for (const hook of after) hook();
  return result;
}
