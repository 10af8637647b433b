import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '#base/errors.ts';
import { freePort } from '../world/free-port.ts';

const CANDIDATES = [
  ...(process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'nats-server')),
  '/usr/sbin/nats-server',
];

/** Where the server's program is, or null. */
export const NATS_SERVER = CANDIDATES.find((path) => existsSync(path)) ?? null;

/** A NATS server of the test's own, on a free port of this machine, with a store folder that outlives its restarts. */
export interface PrivateNats {
  readonly url: string;
  start(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export async function privateNats(): Promise<PrivateNats> {
  const port = await freePort();
  const store = mkdtempSync(join(tmpdir(), 'growthos-nats-'));
  let server: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    async start() {
      server = spawn(must(NATS_SERVER, 'nats-server'), ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', store], {
        stdio: 'ignore',
      });
      for (let tries = 0; !(await answers(port)); tries++) {
        if (tries > 200) throw new Error(`nats-server does not answer on port ${port}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    kill,
    async remove() {
      await kill();
      rmSync(store, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('data', () => end(true)).once('error', () => end(false));
  });
}
