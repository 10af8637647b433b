import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { must } from '#base/errors.ts';
import { freePort } from '../world/free-port.ts';

const DEBIAN = '/usr/lib/postgresql';
const FOLDERS = [
  ...(existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []).map((version) =>
    join(DEBIAN, version, 'bin'),
  ),
  '/usr/local/bin',
  ...(process.env['PATH'] ?? '').split(':'),
];

/** Where the programs of PostgreSQL are, or null. */
export const POSTGRES_PROGRAMS =
  FOLDERS.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name)))) ?? null;

/** How a server ends. `fast`: as an administrator's restart. `immediate`: without a checkpoint. `killed`: kill -9 of its head. */
export type Ending = 'fast' | 'immediate' | 'killed';
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', killed: 'SIGKILL' } as const;

/** A PostgreSQL of the test's own on a free port of this machine, with fsync, whose data outlive its ends. */
export interface PrivatePostgres {
  readonly url: string;
  /** Resolves when it answers. */
  start(): Promise<void>;
  end(how: Ending): Promise<void>;
  remove(): Promise<void>;
}

export async function privatePostgres(): Promise<PrivatePostgres> {
  const programs = must(POSTGRES_PROGRAMS, 'the programs of PostgreSQL');
  const owner = serverOwner();
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), 'growthos-postgres-'));
  if (owner) chownSync(data, owner.uid, owner.gid);
  const as = { ...owner, cwd: data, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' } };
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'], {
    ...as,
    stdio: 'ignore',
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const options = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${data}`, 'fsync=on'];
  let server: ChildProcess | undefined;
  const end = async (how: Ending): Promise<void> => {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(SIGNALS[how]);
    await ended;
  };
  return {
    url,
    async start() {
      for (let tries = 0; !(await answers(url)); tries++) {
        if (tries > 400) throw new Error(`PostgreSQL does not answer on port ${port}`);
        // After a kill its sessions may live on for a moment, and a new server refuses to start beside them.
        if (!server || server.exitCode !== null) {
          const settings = options.flatMap((option) => ['-c', option]);
          server = spawn(join(programs, 'postgres'), ['-D', data, ...settings], { ...as, stdio: 'ignore' });
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    end,
    async remove() {
      await end('immediate');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root; then it runs as the machine's user `postgres`. */
function serverOwner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('postgres:'));
  const [, , uid, gid] = must(entry, 'a user `postgres`, since root may not run PostgreSQL').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
