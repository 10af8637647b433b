/** The server as its own process, from `main.ts` and nothing else: what a test may kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../world/free-port.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;

export interface ServerProcess {
  readonly url: string;
  /** Resolves when it listens. `env` is for this life only. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** Begins to start, and does not wait for it. */
  launch(env?: Readonly<Record<string, string>>): void;
  /** SIGKILL, and its end awaited: nothing of it runs afterwards. */
  kill(): Promise<void>;
  /** As the demo's visitor, who owns the workspaces. */
  api<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>;
  readonly cookie: () => Promise<string>;
}

/** Same address and same keys in every life; the demo signs its visitor in by itself and reads Stripe without a limit. */
export async function createServerProcess(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const secretKey = randomBytes(32).toString('base64');
  let child: ChildProcess | null = null;
  let signedIn: Promise<string> | null = null;
  const launch = (envOfLife: Readonly<Record<string, string>> = {}): ChildProcess => {
    // Newer Nodes read TypeScript by themselves; Node 20 needs the loader.
    const loader = process.features.typescript ? [] : ['--import', 'tsx'];
    child = spawn(process.execPath, [...loader, MAIN], {
      env: {
        PATH: process.env['PATH'] ?? '',
        PORT: String(port),
        BASE_URL: url,
        SECRET_KEY: secretKey,
        DEMO: 'true',
        ...env,
        ...envOfLife,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return child;
  };
  const cookie = (): Promise<string> => (signedIn ??= signIn(url));
  return {
    url,
    launch,
    cookie,
    start: (envOfLife) => whenListening(launch(envOfLife)),
    async kill() {
      const dying = child;
      child = null;
      if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
      const ended = once(dying, 'exit');
      dying.kill('SIGKILL');
      await ended;
    },
    async api<T>(method: string, path: string, body?: unknown) {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: {
          cookie: await cookie(),
          origin: url,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      return JSON.parse(text) as T;
    },
  };
}

async function whenListening(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('the server has no output');
  const lines = createInterface({ input: child.stdout });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  try {
    for await (const line of lines) if (line.includes('"msg":"listening"')) return;
    throw new Error(`the server ended with ${child.exitCode ?? child.signalCode} before it listened`);
  } finally {
    clearTimeout(timer);
    child.stdout.resume();
  }
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/session/demo`, { method: 'POST', headers: { origin: url } });
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}
