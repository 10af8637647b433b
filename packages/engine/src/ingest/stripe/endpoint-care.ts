import { addMs } from '#base/clock.ts';
import { GrowthError, messageOf } from '#base/errors.ts';
import { backoffMs } from '#base/retry.ts';
import type { Worker } from '#base/worker.ts';
import { one } from '#db/db.ts';
import type { AccountClients } from './account-clients.ts';
import { createStripeClient } from './client.ts';
import { readActiveConnections } from './connection-store.ts';
import { endDuty, takeDuty } from './duty.ts';
import { careForEndpoint, type EndpointDeps, type EndpointTarget } from './endpoint.ts';
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
      for (const name of await dueNames(deps)) {
        if (await checkEndpoint(deps, { connectionId: name, isForced: false })) handled += 1;
      }
      return handled;
    },
    async nextDueAt() {
      const row = await one<{ next: Date | null }>(deps.db, {
        text: `select min(greatest(next_at, leased_until)) as next from stripe_duty where name like 'endpoint:%'`,
      });
      return row?.next ?? null;
    },
  };
}

/** Null stands for the platform. */
async function dueNames(deps: EndpointCareDeps): Promise<(string | null)[]> {
  const own = (await readActiveConnections(deps.db)).filter(
    (connection) => connection.method === 'restricted_key' && connection.details.isPolled !== true,
  );
  return [...(deps.config.platform === null ? [] : [null]), ...own.map((connection) => connection.id)];
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
    await endDuty(deps.db, { name, now, nextAt: addMs(now, CHECK_EVERY_MS), error: null });
  } catch (error) {
    const now = deps.clock.now();
    const row = await one<{ attempts: number }>(deps.db, {
      text: 'select attempts from stripe_duty where name = $1',
      values: [name],
    });
    const nextAt = addMs(now, backoffMs((row?.attempts ?? 0) + 1, RETRY));
    await endDuty(deps.db, { name, now, nextAt, error: messageOf(error) });
    deps.log.warn({ err: error, duty: name }, 'looking after a webhook endpoint failed');
    if (input.isForced || !(error instanceof GrowthError)) throw error;
  }
  return true;
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
