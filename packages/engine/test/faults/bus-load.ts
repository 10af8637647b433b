/** What the fault tests of the bus share: its worker processes, and how what they did is counted. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { many, one, type Db } from '#db/db.ts';
import { expectEachOnceInOrder } from '../../src/bus/harness.suite.ts';

/** The two consumers of `bus-process.ts`. */
export const CONSUMERS = ['small', 'large'];

/** Nothing keeps these rows single: what is done twice is there twice. */
export async function createEffects(db: Db): Promise<void> {
  await db.execute(
    'create table effect (nth bigint generated always as identity, consumer text, event_id uuid, contact uuid, n integer)',
  );
}

export interface Fleet {
  start(): Promise<void>;
  /** Resolves when all that were started are at work. */
  ready(): Promise<void>;
  /** kill -9 of the oldest that lives. */
  kill(): Promise<void>;
  /** Processes that ended by themselves. */
  fallen(): number;
  stop(): Promise<void>;
}

export function createFleet(env: Readonly<Record<string, string>>): Fleet {
  const living: ChildProcess[] = [];
  const starting: Promise<unknown>[] = [];
  const file = fileURLToPath(new URL('./bus-process.ts', import.meta.url));
  const loader = process.features.typescript ? [] : ['--import', 'tsx'];
  const kill = async (): Promise<void> => {
    const oldest = living.shift();
    if (!oldest || oldest.exitCode !== null) return;
    const ended = new Promise((resolve) => oldest.once('exit', resolve));
    oldest.kill('SIGKILL');
    await ended;
  };
  return {
    async start() {
      const child = fork(file, [], {
        execArgv: loader,
        env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent', ...env },
      });
      living.push(child);
      starting.push(new Promise((resolve) => child.once('message', resolve).once('exit', resolve)));
    },
    async ready() {
      await Promise.all(starting);
    },
    kill,
    fallen: () => living.filter((child) => child.exitCode !== null || child.signalCode !== null).length,
    async stop() {
      while (living.length > 0) await kill();
    },
  };
}

export async function countEffects(db: Db): Promise<number> {
  return (await one<{ n: number }>(db, { text: 'select count(*)::int as n from effect' }))?.n ?? 0;
}

/** Waits until both consumers have heard everything, then looks: each event once, in order for its contact. */
export async function expectAllEffects(
  db: Db,
  expected: { contacts: readonly string[]; each: number; withinMs: number },
): Promise<void> {
  const { contacts, each, withinMs } = expected;
  const count = CONSUMERS.length * contacts.length * each;
  await until(async () => (await countEffects(db)) >= count, withinMs).catch(() => undefined);
  for (const consumer of CONSUMERS) {
    const effects = await many<{ contact: string; n: number }>(db, {
      text: 'select contact, n from effect where consumer = $1 order by nth',
      values: [consumer],
    });
    expectEachOnceInOrder(effects, { contacts, each });
  }
  expect(await many(db, { text: 'select error from bus_dead_letter' })).toEqual([]);
}

export async function until(isTrue: () => Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
