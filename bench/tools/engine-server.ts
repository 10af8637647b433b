/** The product itself as a child process: `main.ts` and nothing else, with one account connected on paper. */
import { randomUUID } from 'node:crypto';
import { createFirstWorkspace } from '@growthos/engine/access/index.ts';
import { readConfig } from '@growthos/engine/config.ts';
import { connectForReplay } from '@growthos/engine/ingest/index.ts';
import { startEngine } from '@growthos/engine/main.ts';
import { ACCOUNT } from './stripe-payloads.ts';
import type { ServerReady } from './server-process.ts';

const { BENCH_SECRET, ...env } = process.env;
const engine = await startEngine(readConfig(env));
let secret = BENCH_SECRET ?? '';
if (secret === '') {
  const workspace = await createFirstWorkspace(engine, {
    name: 'Bench',
    email: 'bench@growthos.localhost',
    password: randomUUID(),
    workspaceName: 'Bench',
    timezone: 'UTC',
  });
  secret = (await connectForReplay(engine, { ...workspace, accounts: [ACCOUNT] })).secret;
}
const ready: ServerReady = {
  port: Number(new URL(engine.url).port),
  path: '/webhooks/stripe',
  secret,
  version: 'this repository',
};
process.send?.(ready);
process.on('SIGTERM', () => void engine.stop().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(1));
