/**
 * The only way by which anything changes in an account. In: a change to one row. Out: the event about it, rendered at
 * once in the account's default version and in every version that a listening endpoint is pinned to, and queued for
 * delivery. A change that changes nothing makes no event. Events of one second keep the order in which they were made.
 */
import { previousAttributes } from '#render/difference.ts';
import { type KindName, render, type RowOf } from '#render/render.ts';
import { shapeOf } from '#render/version.ts';
import type { Out, View } from '#render/view.ts';
import type { Rendering } from '#store/event.ts';
import { enqueueDeliveries, type Listener, listenersOf, versionFor } from '#webhooks/queue.ts';
import { nowS, type Scope } from './scope.ts';

export function viewOf(scope: Scope, version: string): View {
  return { state: scope.state, account: scope.world.account(scope.state.account), shape: shapeOf(version) };
}

/** An event about a row as it is now: created, deleted, failed, ... */
export function announce<K extends KindName>(scope: Scope, type: string, kind: K, row: RowOf<K>): void {
  if (!isRecording(scope)) return;
  const listeners = listenersOf(scope.world, scope.state);
  const renderings: Record<string, Rendering> = {};
  for (const version of versionsFor(scope, listeners)) {
    renderings[version] = { objectJson: JSON.stringify(render(viewOf(scope, version), kind, row)), previousJson: null };
  }
  push(scope, type, { renderings, listeners, objectId: row.id });
}

/** An event whose object is not a row (an application, an account). */
export function announceObject(scope: Scope, type: string, object: Out, listenersNow?: readonly Listener[]): void {
  if (!isRecording(scope)) return;
  const listeners = listenersNow ?? listenersOf(scope.world, scope.state);
  const renderings: Record<string, Rendering> = {};
  for (const version of versionsFor(scope, listeners)) {
    renderings[version] = { objectJson: JSON.stringify(object), previousJson: null };
  }
  push(scope, type, { renderings, listeners, objectId: typeof object['id'] === 'string' ? object['id'] : null });
}

/** Changes a row and announces the change with `previous_attributes`; without a type it is only changed. */
export function change<K extends KindName>(
  scope: Scope,
  target: { readonly kind: K; readonly row: RowOf<K>; readonly type: string | null },
  mutate: () => void,
): void {
  if (target.type === null || !isRecording(scope)) {
    mutate();
    scope.world.onChange();
    return;
  }
  const listeners = listenersOf(scope.world, scope.state);
  const versions = versionsFor(scope, listeners);
  const shown = (version: string): string => JSON.stringify(render(viewOf(scope, version), target.kind, target.row));
  const before = versions.map(shown);
  mutate();
  const renderings: Record<string, Rendering> = {};
  let hasChanged = false;
  versions.forEach((version, index) => {
    const [old, now] = [before[index] ?? '{}', shown(version)];
    if (old !== now) hasChanged = true;
    const previous = old === now ? {} : previousAttributes(JSON.parse(old) as Out, JSON.parse(now) as Out);
    renderings[version] = { objectJson: now, previousJson: JSON.stringify(previous) };
  });
  if (hasChanged) push(scope, target.type, { renderings, listeners, objectId: target.row.id });
}

function isRecording(scope: Scope): boolean {
  return nowS(scope) >= scope.world.recordEventsFromS;
}

function versionsFor(scope: Scope, listeners: readonly Listener[]): string[] {
  const versions = new Set([scope.world.account(scope.state.account).apiVersion]);
  for (const listener of listeners) versions.add(versionFor(scope.world, listener));
  return [...versions];
}

interface Made {
  readonly renderings: Record<string, Rendering>;
  readonly listeners: readonly Listener[];
  readonly objectId: string | null;
}

function push(scope: Scope, type: string, made: Made): void {
  const { world, state } = scope;
  const row = state.events.add({
    id: `evt_1${world.chance.text(23)}`,
    created: nowS(scope),
    type,
    objectId: made.objectId,
    requestId: scope.request?.id ?? null,
    idempotencyKey: scope.request?.idempotencyKey ?? null,
    apiVersion: world.account(state.account).apiVersion,
    renderings: made.renderings,
    deliveries: 0,
    pending: 0,
  });
  enqueueDeliveries(world, state, row, made.listeners);
  world.onChange();
}
