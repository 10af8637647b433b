/**
 * better-auth keeps what belongs to a call in an `AsyncLocalStorage`. Up to Node 22 the first use of one switches on a hook
 * of every promise and callback of the process, for good: measured, 6 of 56 µs of answering a webhook. It is needed
 * while a call is under way, and put away behind the last of them. Newer Nodes need no hook; there this costs nothing.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isRecord } from '#base/is-record.ts';

/** Where better-auth keeps its storages for all copies of itself. Source: its core, `context/global.ts`. */
const SHARED = Symbol.for('better-auth:global');

let underWay = 0;

/** Calls better-auth. Any number at a time; fails as the call does. */
export async function withAsyncContexts<T>(call: () => Promise<T>): Promise<T> {
  underWay += 1;
  try {
    return await call();
  } finally {
    underWay -= 1;
    if (underWay === 0) for (const storage of storages()) storage.disable();
  }
}

function storages(): AsyncLocalStorage<unknown>[] {
  const shared: unknown = Reflect.get(globalThis, SHARED);
  const contexts = isRecord(shared) && isRecord(shared['context']) ? Object.values(shared['context']) : [];
  return contexts.filter((one) => one instanceof AsyncLocalStorage);
}
