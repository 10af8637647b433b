import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stopChild } from './stop-child.ts';

/** A server under test, in a process of its own, so that the load generator does not share its event loop. */
export interface ServerProcess {
  /** What it said when it was ready. */
  readonly ready: ServerReady;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface ServerReady {
  readonly port: number;
  readonly path: string;
  /** Signing secret. */
  readonly secret: string;
  readonly version: string;
}

const READY_TIMEOUT_MS = 60_000;

export async function startServerProcess(input: {
  /** Relative to `bench/`. */
  file: string;
  env: Readonly<Record<string, string>>;
}): Promise<ServerProcess> {
  const file = fileURLToPath(new URL(`../${input.file}`, import.meta.url));
  // Newer Nodes read TypeScript by themselves; Node 20 needs the loader.
  const loader = file.endsWith('.ts') && !process.features.typescript ? ['--import', 'tsx'] : [];
  const child = fork(file, [], {
    execArgv: loader,
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...input.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ready = await whenReady(child, input.file);
  let isStopping = false;
  child.once('exit', (code, signal) => {
    if (!isStopping) console.error(`${input.file} ended by itself: ${signal ?? `code ${code}`}`);
  });
  return {
    ready,
    pid: child.pid ?? 0,
    stop() {
      isStopping = true;
      return stopChild(child);
    },
  };
}

function whenReady(child: ChildProcess, name: string): Promise<ServerReady> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${name} was not ready after ${READY_TIMEOUT_MS / 1000} seconds`));
    }, READY_TIMEOUT_MS);
    child.once('message', (message) => {
      clearTimeout(timer);
      resolve(message as ServerReady);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended with code ${code} before it was ready`));
    });
  });
}
