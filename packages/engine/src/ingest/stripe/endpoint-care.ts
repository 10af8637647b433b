import { addMs } from '#base/clock.ts';
import { GrowthError, messageOf } from '#base/errors.ts';
import { backoffMs } from '#base/retry.ts';
import type { Worker } from '#base/worker.ts';
import type { AccountClients } from './account-clients.ts';
import { createStripeClient } from './client.ts';
import { readActiveConnections } from './connection-store.ts';
import { endDuty, nextDutyAt, readDuty, readRestingDuties, takeDuty } from './duty.ts';
import { careForEndpoint, type EndpointDeps, type EndpointTarget } from './endpoint.ts';
import { readLiveEndpoint } from './endpoint-store.ts';
import { isLiveKey, type StripeConfig } from './stripe-config.ts';

/** From one look at an endpoint to the next, milliseconds. A disabled endpoint loses nothing: reconcile fills the gap. */
const CHECK_EVERY_MS = 10 * 60 * 1000;
const RETRY = { firstMs: 15_000, maxMs: CHECK_EVERY_MS };
/** Longer than all calls of one look may take together. */
const LEASE_MS = 3 * 60 * 1000;

export interface EndpointCareDeps extends EndpointDeps {
  readonly config: StripeConfig;
  readonly clients: AccountClients;
}

export function endpointDutyName(connectionId: string | null): string {
  return `endpoint:${connectionId ?? 'platform'}`;
}

/** Looks after the platform's endpoint and those in accounts of their own; each every ten minutes, by one process. */
export function endpointCareWorker(deps: EndpointCareDeps): Worker {
  return {
    name: 'stripe:endpoint-care',
    async runOnce() {
      let handled = 0;
      for (const connectionId of await dueTargets(deps)) {
        if (await checkEndpoint(deps, { connectionId, isForced: false })) handled += 1;
      }
      return handled;
    },
    nextDueAt: () => nextDutyAt(deps.db, 'endpoint:'),
  };
}

/** Null stands for the platform. */
async function dueTargets(deps: EndpointCareDeps): Promise<(string | null)[]> {
  const own = (await readActiveConnections(deps.db)).filter(
    (connection) => connection.method === 'restricted_key' && connection.details.isPolled !== true,
  );
  const all = [...(deps.config.platform === null ? [] : [null]), ...own.map((connection) => connection.id)];
  const resting = await readRestingDuties(deps.db, { names: all.map(endpointDutyName), now: deps.clock.now() });
  return all.filter((connectionId) => !resting.has(endpointDutyName(connectionId)));
}

/**
 * One look, if it is due or forced. Returns whether there was one. What goes wrong is kept for the health panel and
 * tried again soon; it is thrown only where a person asked for the look.
 */
export async function checkEndpoint(
  deps: EndpointCareDeps,
  input: { connectionId: string | null; isForced: boolean },
): Promise<boolean> {
  const name = endpointDutyName(input.connectionId);
  const lease = { name, now: deps.clock.now(), leaseMs: LEASE_MS, isForced: input.isForced };
  if (!(await takeDuty(deps.db, lease))) return false;
  try {
    const target = await targetOf(deps, input.connectionId);
    if (target !== null) await careForEndpoint(deps, target);
    const now = deps.clock.now();
    await endDuty(deps.db, { name, now, nextAt: await nextLook(deps, { target, now }), error: null });
  } catch (error) {
    const now = deps.clock.now();
    const attempts = ((await readDuty(deps.db, name))?.attempts ?? 0) + 1;
    const nextAt = addMs(now, backoffMs(attempts, RETRY));
    await endDuty(deps.db, { name, now, nextAt, error: messageOf(error) });
    deps.log.warn({ err: error, duty: name }, 'looking after a webhook endpoint failed');
    if (input.isForced || !(error instanceof GrowthError)) throw error;
  }
  return true;
}

/** At once where somebody asked for a new secret while this look was going on. */
async function nextLook(deps: EndpointCareDeps, input: { target: EndpointTarget | null; now: Date }): Promise<Date> {
  const { target, now } = input;
  const live = target === null ? undefined : await readLiveEndpoint(deps.db, target);
  return live?.rotateAskedAt == null ? addMs(now, CHECK_EVERY_MS) : now;
}

async function targetOf(deps: EndpointCareDeps, connectionId: string | null): Promise<EndpointTarget | null> {
  const { config } = deps;
  if (connectionId === null) {
    if (config.platform === null) return null;
    const { secretKey } = config.platform;
    const stripe = createStripeClient({ apiKey: secretKey, account: null, apiBase: config.apiBase });
    return { stripe, stripeAccountId: null, livemode: isLiveKey(secretKey) };
  }
  const connection = (await readActiveConnections(deps.db)).find(({ id }) => id === connectionId);
  if (connection === undefined) return null;
  const stripe = await deps.clients.forConnection(connection);
  return { stripe, stripeAccountId: connection.id, livemode: connection.livemode };
}
