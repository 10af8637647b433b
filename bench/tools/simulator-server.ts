/**
 * The simulated Stripe as a child process, with as many customers as `CUSTOMERS` says, `SUBSCRIPTIONS_PER_CUSTOMER` each,
 * and a limiter where `RATE_LIMIT` says so.
 */
import { startSimulator } from '@growthos/simulator/server.ts';
import type { ServerReady } from './server-process.ts';

const { CUSTOMERS, SUBSCRIPTIONS_PER_CUSTOMER = '1', RATE_LIMIT } = process.env;
const simulator = await startSimulator({
  now: new Date(),
  clock: 'running',
  readOnlyKeys: true,
  ...(RATE_LIMIT === undefined ? {} : { rateLimitPerSecond: Number(RATE_LIMIT) }),
});
await simulator.bulkLoad({
  customers: Number(CUSTOMERS),
  subscriptionsPerCustomer: Number(SUBSCRIPTIONS_PER_CUSTOMER),
});
const ready: ServerReady = {
  port: simulator.port,
  path: simulator.url,
  secret: simulator.keys.companyRestricted,
  version: 'this repository',
};
process.send?.(ready);
process.on('SIGTERM', () => void simulator.close().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(1));
