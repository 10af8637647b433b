/**
 * `npm run test:browser`: the stories in a real browser, against a demo of their own in a temporary folder. Chromium is
 * looked for by path, and installed from Debian's packages where it is missing and this machine allows it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './demo/processes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];
/** A first start builds the pages, reads the simulated account and sends some thousand events. */
const START_TIMEOUT_MS = 300_000;

function findChromium(): string {
  const given = process.env['CHROMIUM_PATH'];
  const found = [...(given === undefined ? [] : [given]), ...PATHS].find((path) => existsSync(path));
  if (found !== undefined) return found;
  const isRootOnDebian = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (isRootOnDebian) {
    console.log('Chromium is missing: installing it from the distribution');
    const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'] };
    spawnSync('apt-get', ['update', '-q'], quiet);
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium', 'fonts-liberation'], quiet);
    if (existsSync('/usr/bin/chromium')) return '/usr/bin/chromium';
  }
  throw new Error(
    'The browser tests need Chromium. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
  );
}

async function startDemo(dataDir: string): Promise<{ url: string; stripeUrl: string; stop(): Promise<void> }> {
  const [port, stripePort] = [await freePort(0), await freePort(0)];
  const args = [
    'scripts/demo.ts',
    '--fresh',
    '--unconnected',
    `--data=${dataDir}`,
    `--port=${port}`,
    `--stripe-port=${stripePort}`,
  ];
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    await ended;
  };
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the demo did not start in time')), START_TIMEOUT_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      if (!chunk.toString().includes('Ctrl+C')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code) => reject(new Error(`the demo stopped while starting (exit code ${code})`)));
  });
  return { url: `http://127.0.0.1:${port}`, stripeUrl: `http://127.0.0.1:${stripePort}`, stop };
}

const chromium = findChromium();
const dataDir = mkdtempSync(join(tmpdir(), 'growthos-browser-'));
const demo = await startDemo(dataDir);
try {
  const outcome = spawnSync(
    'npx',
    ['playwright', 'test', '-c', 'test/browser/playwright.config.ts', ...process.argv.slice(2)],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, CHROMIUM_PATH: chromium, DEMO_URL: demo.url, STRIPE_URL: demo.stripeUrl },
    },
  );
  process.exitCode = outcome.status ?? 1;
} finally {
  await demo.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
