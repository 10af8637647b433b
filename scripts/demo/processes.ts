import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** How long a part may take until it answers, milliseconds. The embedded storage needs three seconds on a slow machine. */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
/** How long a part may take to finish its work after it was told to stop. */
const STOP_TIMEOUT_MS = 10_000;

export interface Part {
  readonly name: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a file as a process of its own and waits until `url` + `healthPath` answers. Its errors go to our own output. */
export async function startPart(input: {
  name: string;
  file: string;
  url: string;
  healthPath: string;
  env: Readonly<Record<string, string>>;
  isQuiet: boolean;
}): Promise<Part> {
  const child = spawn(process.execPath, [...process.execArgv, input.file], {
    env: { ...process.env, ...input.env },
    stdio: ['ignore', input.isQuiet ? 'ignore' : 'inherit', 'inherit'],
  });
  let exited: number | null | undefined;
  child.once('exit', (code) => {
    exited = code;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(`${input.url}${input.healthPath}`))) {
    if (exited !== undefined)
      throw new Error(`${input.name} stopped while starting (exit code ${exited}); its message is above`);
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${input.name} did not answer at ${input.url} within ${START_TIMEOUT_MS / 1000} seconds`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { name: input.name, url: input.url, stop: () => stopChild(child) };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/** `wanted` if nobody listens there, else any free port. */
export async function freePort(wanted: number): Promise<number> {
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? wanted;
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
