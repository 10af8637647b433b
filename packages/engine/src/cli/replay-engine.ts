import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFirstWorkspace } from '#access/index.ts';
import { ShiftedClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { connectForReplay, readReplayOutcomes, type ReplayAccounts } from '#ingest/index.ts';
import type { Db } from '#db/db.ts';
import { startEngine } from '#main.ts';
import { readConfig } from '#config.ts';

export interface ReplayEngine {
  readonly url: string;
  readonly accounts: ReplayAccounts;
  now(): Date;
  /** Works everything off, also what waits to be tried again: the instance's clock is moved on, nobody waits. */
  settle(): Promise<void>;
  outcomes(): ReturnType<typeof readReplayOutcomes>;
  stop(): Promise<void>;
}

/** Tries of one event before it is dead, and some to spare. */
const ROUNDS_MAX = 12;
const RETRY_SHIFT_MS = 2 * 60 * 1000;
/** By then it is told what only time decides: that no invoice is behind a charge. */
const DECIDED_AFTER_MS = 10 * 60 * 1000;

/**
 * A whole engine on embedded storage in a folder of its own, which is deleted when it stops; or on `db`, an empty one of
 * the caller's, which is closed with it.
 */
export async function startReplayEngine(input: { accounts: readonly string[]; db?: Db }): Promise<ReplayEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'growthos-replay-'));
  const clock = new ShiftedClock();
  const config = readConfig({
    DATA_DIR: folder,
    PORT: '0',
    LOG_LEVEL: 'silent',
    SECRET_KEY: randomBytes(32).toString('base64'),
  });
  const { db } = input;
  const engine = await startEngine(config, { clock, log: silentLog, ...(db ? { db } : {}) });
  const { liveId, testId } = await createFirstWorkspace(engine, {
    name: 'Replay',
    email: 'replay@growthos.localhost',
    password: randomUUID(),
    workspaceName: 'Replay',
    timezone: 'UTC',
  });
  return {
    url: engine.url,
    accounts: await connectForReplay(engine, { liveId, testId, accounts: input.accounts }),
    now: () => clock.now(),
    async settle() {
      for (let round = 0; round < ROUNDS_MAX; round++) {
        await engine.settle();
        if ((await readReplayOutcomes(engine.db)).pending === 0) break;
        clock.setShiftMs(clock.shiftMs() + RETRY_SHIFT_MS);
      }
      clock.setShiftMs(clock.shiftMs() + DECIDED_AFTER_MS);
      await engine.settle();
    },
    outcomes: () => readReplayOutcomes(engine.db),
    async stop() {
      await engine.stop();
      await db?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
