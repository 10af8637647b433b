/**
 * `growthos backfill`: reads everything of a connected Stripe account again, and shows how far it is. Talks to a running
 * server, because the embedded storage belongs to one process; stopping this command does not stop the reading. Exit code
 * 0: done; 1: a list failed; 2: refused, with the reason.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type BackfillProgress, Connection, ConnectionsAnswer } from '@growthos/contracts/http/connections.ts';
import { ErrorBody } from '@growthos/contracts/http/error-body.ts';
import { defineCommand, runMain } from 'citty';
import { InvalidInputError, messageOf } from '#base/errors.ts';

const LOOK_EVERY_MS = 500;
const BAR_WIDTH = 30;

interface Server {
  readonly url: string;
  readonly key: string;
}

export const backfillCommand = defineCommand({
  meta: { name: 'backfill', description: 'Read everything of a connected Stripe account again' },
  args: {
    account: { type: 'string', description: 'acct_...; may be left out where one account is connected' },
    'watch-only': { type: 'boolean', description: 'Show the run that is under way; start none', default: false },
    url: { type: 'string', description: 'Where the server answers', default: 'http://127.0.0.1:4400' },
    'key-file': { type: 'string', description: 'File that holds an API key (gos_...)', required: true },
  },
  async run({ args }) {
    try {
      const server = { url: args.url, key: readFileSync(args['key-file'], 'utf8').trim() };
      process.exitCode = await backfill(server, { account: args.account, isWatching: args['watch-only'] }, (line) =>
        process.stdout.write(line),
      );
    } catch (error) {
      console.error(messageOf(error));
      process.exitCode = 2;
    }
  },
});

export async function backfill(
  server: Server,
  input: { account: string | undefined; isWatching: boolean },
  write: (text: string) => void,
): Promise<0 | 1> {
  const { id } = await findConnection(server, input.account);
  if (!input.isWatching) Connection.parse(await ask(server, { method: 'POST', path: `/${id}/backfill` }));
  for (;;) {
    const connection = (await list(server)).find((candidate) => candidate.id === id);
    const progress = connection?.backfill;
    if (progress == null) throw new InvalidInputError('Nothing has been read of this account yet.');
    write(`\r${progressLine(progress)}`);
    if (progress.state === 'running') {
      await pause(LOOK_EVERY_MS);
      continue;
    }
    write('\n');
    for (const { label, error } of progress.types) if (error !== null) write(`${label}: ${error}\n`);
    return progress.state === 'done' ? 0 : 1;
  }
}

/** One line for a terminal, always as long as the one before it at least. */
export function progressLine(progress: BackfillProgress): string {
  const filled = Math.round((progress.percent / 100) * BAR_WIDTH);
  const bar = '#'.repeat(filled) + '-'.repeat(BAR_WIDTH - filled);
  const running = progress.types.filter(({ state }) => state === 'running').map(({ label }) => label.toLowerCase());
  const end =
    progress.state === 'running'
      ? `${progress.etaSeconds === null ? '' : `, about ${duration(progress.etaSeconds)} left`}${running.length === 0 ? '' : `, reading ${running.slice(0, 2).join(' and ')}`}`
      : `, ${progress.state}`;
  return `[${bar}] ${progress.percent} %, ${progress.objectsDone} objects, ${progress.requestsUsed} reads${end}`.padEnd(
    110,
  );
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3_600 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 360) / 10} h`;
}

async function findConnection(server: Server, account: string | undefined): Promise<Connection> {
  const active = (await list(server)).filter(({ status }) => status === 'active');
  const matching = account === undefined ? active : active.filter((connection) => connection.account === account);
  const [first, ...others] = matching;
  if (first === undefined) {
    throw new InvalidInputError(
      account === undefined ? 'No Stripe account is connected.' : `The account ${account} is not connected here.`,
    );
  }
  if (others.length > 0) {
    throw new InvalidInputError(`Say which account: --account ${matching.map((one) => one.account).join(' or ')}`);
  }
  return first;
}

async function list(server: Server): Promise<Connection[]> {
  return ConnectionsAnswer.parse(await ask(server, { method: 'GET', path: '' })).connections;
}

async function ask(server: Server, call: { method: 'GET' | 'POST'; path: string }): Promise<unknown> {
  const answer = await fetch(`${server.url}/api/connections${call.path}`, {
    method: call.method,
    headers: { authorization: `Bearer ${server.key}` },
  });
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const parsed = ErrorBody.safeParse(body);
  throw new InvalidInputError(parsed.success ? parsed.data.error.message : `The server answered ${answer.status}.`);
}

if (import.meta.url === `file://${process.argv[1] ?? ''}`) await runMain(backfillCommand);
