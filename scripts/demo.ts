/**
 * `npm run demo`: the simulated Stripe, the engine on embedded storage and the dashboard, with a company of 200 people.
 * Nothing leaves this machine. Data stays in `.data/demo`; `--fresh` begins anew, `--unconnected` leaves connecting to you.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWeb } from './build-web.ts';
import { freePort, startPart, type Part } from './demo/processes.ts';
import { seedDemo } from './demo/seed.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const has = (flag: string): boolean => process.argv.includes(flag);
const option = (name: string): string | undefined =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1];
const say = (line: string): void => console.log(line);

const SEED = Number(option('seed') ?? 1);
const dataDir = option('data') ?? join(root, '.data', 'demo');

if (has('--fresh')) rmSync(dataDir, { recursive: true, force: true });
mkdirSync(dataDir, { recursive: true });
/** The company's history hangs on the instant of the first start: a restart goes on, it does not begin again. */
const startFile = join(dataDir, 'started-at');
if (!existsSync(startFile)) writeFileSync(startFile, new Date().toISOString());
const startedAt = new Date(readFileSync(startFile, 'utf8').trim());

say('Building the pages (only the first time)');
buildWeb({ isForced: false });
const enginePort = await freePort(Number(option('port') ?? 4400));
const stripePort = await freePort(Number(option('stripe-port') ?? 4410));
const engineUrl = `http://127.0.0.1:${enginePort}`;
const stripeUrl = `http://127.0.0.1:${stripePort}`;
const parts: Part[] = [];
let isStopping = false;

async function stop(exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await Promise.all(parts.map((part) => part.stop()));
  process.exit(exitCode);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0));

try {
  say('Starting the simulated Stripe');
  const stripe = await startPart({
    name: 'the simulated Stripe',
    file: join(root, 'packages/simulator/src/main.ts'),
    url: stripeUrl,
    healthPath: '/_sim/state',
    isQuiet: true,
    env: {
      SIMULATOR_PORT: String(stripePort),
      SIMULATOR_SEED: String(SEED),
      SIMULATOR_NOW: startedAt.toISOString(),
      SIMULATOR_DATA_DIR: join(dataDir, 'stripe'),
      SIMULATOR_CLOCK_HOOK: `${engineUrl}/demo/clock`,
      // The engine may only read: anything else is answered 500 and recorded.
      SIMULATOR_READ_ONLY: 'true',
    },
  });
  parts.push(stripe);
  const state = (await (await fetch(`${stripeUrl}/_sim/state`)).json()) as {
    now: string;
    clientId: string;
    keys: { platformTest: string };
  };
  say('Starting the engine');
  parts.push(
    await startPart({
      name: 'the engine',
      file: join(root, 'packages/engine/src/main.ts'),
      url: engineUrl,
      healthPath: '/ready',
      isQuiet: false,
      env: {
        PORT: String(enginePort),
        BASE_URL: engineUrl,
        DATA_DIR: join(dataDir, 'engine'),
        DEMO: 'true',
        DEMO_APP_URL: `${engineUrl}/demo-app`,
        STRIPE_API_BASE: stripeUrl,
        STRIPE_SECRET_KEY: state.keys.platformTest,
        STRIPE_CLIENT_ID: state.clientId,
        DATABASE_URL: '',
        LOG_LEVEL: option('log') ?? 'error',
      },
    }),
  );
  await seedDemo({ engineUrl, stripeUrl, seed: SEED, now: startedAt, isConnecting: !has('--unconnected'), say });
  say('');
  say(`Dashboard          ${engineUrl}`);
  say(`Simulated Stripe   ${stripeUrl}   fail a payment, upgrade, advance the clock`);
  say(`Demo app           ${engineUrl}/demo-app   where nudges and confetti appear`);
  say('');
  say('Ctrl+C stops it. The data stays; npm run demo -- --fresh begins anew.');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await stop(1);
}
