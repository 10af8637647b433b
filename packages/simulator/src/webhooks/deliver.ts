/**
 * Sends webhooks. In: queued deliveries whose time has come by the simulator's clock. Out: signed POSTs. Anything but
 * 2xx is a failure, redirects and time-outs included, and is tried again later with a new signature; after the last
 * try it is given up. The same event may arrive twice and out of order; that is promised by nobody, as at Stripe.
 */
import { renderEvent } from '#render/event.ts';
import type { DeliveryRow, EventRow, WebhookEndpointRow } from '#store/event.ts';
import type { World } from '#store/world.ts';
import { takeOne } from './faults.ts';
import { signatureHeader } from './sign.ts';

/** Stripe does not publish its time-out; this is short enough for a test to wait for. */
const TIMEOUT_MS = 10_000;

const MINUTE_S = 60;
const HOUR_S = 3_600;

/** Live: up to three days, exponentially. Stripe does not publish the steps. */
const LIVE_RETRY_S = [5 * MINUTE_S, 15 * MINUTE_S, HOUR_S, 3 * HOUR_S, 8 * HOUR_S, 20 * HOUR_S, 40 * HOUR_S];
/** Sandboxes: three times over a few hours. */
const TEST_RETRY_S = [10 * MINUTE_S, HOUR_S, 3 * HOUR_S];

/** Rounds of one drain before it says that a receiver keeps making work. */
const ROUNDS_MAX = 1_000;

/** One run at a time in each world: two would send the same delivery twice. */
const lines = new WeakMap<World, Promise<void>>();

/** Until nothing is due at this instant. What fails is due later and is left for then. */
export function deliverDue(world: World): Promise<void> {
  const before = lines.get(world) ?? Promise.resolve();
  const run = before.then(() => deliverRounds(world));
  lines.set(
    world,
    run.catch(() => {}),
  );
  return run;
}

async function deliverRounds(world: World): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const nowS = world.clock.nowS();
    const due = world.deliveries.filter((row) => row.status === 'pending' && (row.nextAttemptS ?? 0) <= nowS);
    if (due.length === 0) return;
    if (world.faults.reorder) world.traffic.shuffle(due);
    for (const row of due) await deliverOne(world, row);
  }
  throw new Error(`webhook deliveries did not settle after ${ROUNDS_MAX} rounds`);
}

async function deliverOne(world: World, row: DeliveryRow): Promise<void> {
  const home = world.stateByKey(row.endpointStateKey);
  const endpoint = home.webhookEndpoints.get(row.endpointId);
  const event = world.stateByKey(row.stateKey).events.get(row.eventId);
  if (!endpoint || !event || endpoint.deleted || endpoint.status === 'disabled') {
    row.status = 'failed';
    row.nextAttemptS = null;
    world.onChange();
    return;
  }
  const body = bodyFor(world, { row, endpoint, event });
  const times = takeOne(world.faults, 'duplicateNext') ? 2 : 1;
  const sent = takeOne(world.faults, 'truncateWebhookNext') ? body.slice(0, Math.floor(body.length / 2)) : body;
  for (let i = 0; i < times; i += 1) {
    const atS = world.clock.nowS();
    const header = signatureHeader({ body, secrets: [endpoint.secret], atS, livemode: home.livemode });
    const answer = await post(row.url, sent, header);
    row.attempts.push({ atS, ...answer });
  }
  settle(world, row, event);
}

function bodyFor(
  world: World,
  at: { readonly row: DeliveryRow; readonly endpoint: WebhookEndpointRow; readonly event: EventRow },
): string {
  const state = world.stateByKey(at.row.stateKey);
  const version = at.endpoint.apiVersion ?? world.account(world.stateByKey(at.row.endpointStateKey).account).apiVersion;
  const event = renderEvent(state, at.event, { version, ...(at.endpoint.connect ? { account: state.account } : {}) });
  return JSON.stringify(event);
}

function settle(world: World, row: DeliveryRow, event: EventRow): void {
  const last = row.attempts.at(-1);
  const status = last?.status ?? 0;
  if (status >= 200 && status < 300) {
    row.status = 'delivered';
    row.nextAttemptS = null;
    event.pending = Math.max(0, event.pending - 1);
    world.onChange();
    return;
  }
  const steps = world.stateByKey(row.endpointStateKey).livemode ? LIVE_RETRY_S : TEST_RETRY_S;
  const wait = steps[row.attempts.length - 1];
  row.status = wait === undefined ? 'failed' : 'pending';
  row.nextAttemptS = wait === undefined ? null : world.clock.nowS() + wait;
  world.onChange();
}

async function post(
  url: string,
  body: string,
  signature: string,
): Promise<{ status: number | null; error: string | null }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'stripe-signature': signature,
      },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return { status: response.status, error: null };
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : String(error) };
  }
}

/** The first second at which something is due, for a loop that waits. */
export function nextDeliveryS(world: World): number | null {
  let first: number | null = null;
  for (const row of world.deliveries) {
    if (row.status !== 'pending' || row.nextAttemptS === null) continue;
    if (first === null || row.nextAttemptS < first) first = row.nextAttemptS;
  }
  return first;
}
