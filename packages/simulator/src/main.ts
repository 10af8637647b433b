import { startSimulator } from './server.ts';
import type { SimulatorOptions } from './simulator.ts';

/** The simulator as its own process. The only file of this package that reads the environment. */
function optionsFrom(env: Readonly<Record<string, string | undefined>>): SimulatorOptions {
  const dataDir = env['SIMULATOR_DATA_DIR'];
  const rateLimit = env['SIMULATOR_RATE_LIMIT'];
  return {
    port: Number(env['SIMULATOR_PORT'] ?? 8420),
    host: env['SIMULATOR_HOST'] ?? '127.0.0.1',
    now: env['SIMULATOR_NOW'] === undefined ? new Date() : new Date(env['SIMULATOR_NOW']),
    seed: Number(env['SIMULATOR_SEED'] ?? 1),
    company: env['SIMULATOR_COMPANY'] !== 'false',
    readOnlyKeys: env['SIMULATOR_READ_ONLY'] === 'true',
    clock: env['SIMULATOR_CLOCK'] === 'frozen' ? 'frozen' : 'running',
    deliver: env['SIMULATOR_DELIVER'] === 'manual' ? 'manual' : 'auto',
    grantReadOnlyScope: env['SIMULATOR_GRANT_READ_ONLY'] === 'true',
    ...(dataDir === undefined || dataDir === '' ? {} : { dataDir }),
    ...(rateLimit === undefined ? {} : { rateLimitPerSecond: Number(rateLimit) }),
    ...(env['SIMULATOR_CLOCK_HOOK'] ? { onClock: clockHook(env['SIMULATOR_CLOCK_HOOK']) } : {}),
    log,
  };
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** How long somebody who follows the clock may take; a dead one must not stop it. */
const HOOK_TIMEOUT_MS = 2_000;

/** POSTs `{"now": "<ISO time>"}`, so that another process can keep its clock in step. */
function clockHook(url: string): (now: Date) => Promise<void> {
  return async (now) => {
    try {
      await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ now: now.toISOString() }),
        signal: AbortSignal.timeout(HOOK_TIMEOUT_MS),
      });
    } catch (error) {
      log(`the clock hook ${url} did not answer: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

const simulator = await startSimulator(optionsFrom(process.env));

let isClosing = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (isClosing) return;
    isClosing = true;
    void simulator.close().then(() => process.exit(0));
  });
}
