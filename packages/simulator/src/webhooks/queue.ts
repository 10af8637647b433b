import type { AccountState } from '#store/account-state.ts';
import type { EventRow, WebhookEndpointRow } from '#store/event.ts';
import type { World } from '#store/world.ts';
import { takeOne } from './faults.ts';

export interface Listener {
  /** Where the endpoint lives: the account itself, or the platform that listens to it. */
  readonly home: AccountState;
  readonly endpoint: WebhookEndpointRow;
}

/**
 * Endpoints that hear of this account: its own, and the `connect` ones of the platforms and apps let in. A platform's
 * live endpoint also hears the test events of accounts that connected in live mode.
 */
export function listenersOf(world: World, state: AccountState): Listener[] {
  const found: Listener[] = [];
  for (const endpoint of state.webhookEndpoints.all()) {
    if (isUp(endpoint) && !endpoint.connect) found.push({ home: state, endpoint });
  }
  for (const connection of world.connections) {
    const hears = connection.livemode === state.livemode || (connection.livemode && !state.livemode);
    if (connection.account !== state.account || !hears) continue;
    const application = world.applications.get(connection.application);
    if (!application) continue;
    const home = world.state(application.account, connection.livemode);
    for (const endpoint of home.webhookEndpoints.all()) {
      // A platform that is let in twice (as a platform and by its app) still hears once.
      const isKnown = found.some((listener) => listener.endpoint === endpoint);
      if (isUp(endpoint) && endpoint.connect && !isKnown) found.push({ home, endpoint });
    }
  }
  return found;
}

function isUp(endpoint: WebhookEndpointRow): boolean {
  return !endpoint.deleted && endpoint.status === 'enabled';
}

/** `*` leaves out what has to be chosen by name; in this simulator nothing is of that sort. */
export function wants(endpoint: WebhookEndpointRow, type: string): boolean {
  return endpoint.enabledEvents.includes('*') || endpoint.enabledEvents.includes(type);
}

/** The version in which an endpoint is spoken to: its own, else its account's. */
export function versionFor(world: World, listener: Listener): string {
  return listener.endpoint.apiVersion ?? world.account(listener.home.account).apiVersion;
}

export function enqueueDeliveries(
  world: World,
  state: AccountState,
  event: EventRow,
  listeners: readonly Listener[],
): void {
  const nowS = world.clock.nowS();
  for (const listener of listeners) {
    if (!wants(listener.endpoint, event.type)) continue;
    const isDropped = takeOne(world.faults, 'dropNext');
    event.deliveries += 1;
    event.pending += 1;
    world.deliveries.push({
      id: world.trafficId('whd'),
      stateKey: state.key,
      eventId: event.id,
      eventType: event.type,
      endpointStateKey: listener.home.key,
      endpointId: listener.endpoint.id,
      url: listener.endpoint.url,
      status: isDropped ? 'dropped' : 'pending',
      attempts: [],
      nextAttemptS: isDropped ? null : nowS + world.faults.delayS,
    });
  }
}
