/** The product as a child process, that connects one account by a key (`STRIPE_KEY`) and begins to read it. */
import { randomUUID } from 'node:crypto';
import { createFirstWorkspace } from '@growthos/engine/access/index.ts';
import { readConfig } from '@growthos/engine/config.ts';
import { startEngine } from '@growthos/engine/main.ts';
import type { ServerReady } from './server-process.ts';

const { STRIPE_KEY, LIMITER, ...env } = process.env;
// A limit of its own only where the simulator has one.
const engine = await startEngine(readConfig(env), LIMITER === 'off' ? { stripeRequestsPerSecond: null } : {});
const { testId: workspaceId } = await createFirstWorkspace(engine, {
  name: 'Bench',
  email: 'bench@growthos.localhost',
  password: randomUUID(),
  workspaceName: 'Bench',
  timezone: 'UTC',
});
const added = await engine.stripe.addKey({ workspaceId, key: STRIPE_KEY ?? '' });
if (added.outcome !== 'connected') throw new Error(`connecting failed: ${added.sentence}`);
const ready: ServerReady = {
  port: Number(new URL(engine.url).port),
  path: '/',
  secret: '',
  version: 'this repository',
};
process.send?.(ready);
process.on('SIGTERM', () => void engine.stop().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(1));
