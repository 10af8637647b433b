import { viewOf } from '#billing/record.ts';
import type { Scope } from '#billing/scope.ts';
import { renderEvent } from '#render/event.ts';
import { isKind, type KindName, render, renderAll, type RowOf } from '#render/render.ts';
import { EVENTS_KEPT_S } from '#routes/events.ts';
import type { DeliveryReport, StripeEventJson, StripeObject, Target } from '#simulator.ts';
import type { World } from '#store/world.ts';
import { scopeFor } from './find.ts';

/** As the account's own default version shows it. */
export function shown<K extends KindName>(
  done: { readonly scope: Scope; readonly row: RowOf<K> },
  kind: K,
): StripeObject {
  const version = done.scope.world.account(done.scope.state.account).apiVersion;
  return asJson(render(viewOf(done.scope, version), kind, done.row));
}

export function objects(world: World, kind: string, target?: Target): StripeObject[] {
  if (!isKind(kind)) throw new Error(`the simulator has no objects of kind ${kind}`);
  const scope = scopeFor(world, target);
  return renderAll(viewOf(scope, world.account(scope.state.account).apiVersion), kind).map(asJson);
}

export function events(world: World, filter: Target & { readonly type?: string } = {}): StripeEventJson[] {
  const { state } = scopeFor(world, filter);
  const oldest = world.clock.nowS() - EVENTS_KEPT_S;
  const found: StripeEventJson[] = [];
  for (const row of state.events.newestFirst()) {
    if (row.created < oldest) break;
    if (filter.type === undefined || row.type === filter.type) found.push(renderEvent(state, row));
  }
  return found;
}

export function deliveries(world: World): DeliveryReport[] {
  return world.deliveries.map((row) => ({
    id: row.id,
    eventId: row.eventId,
    eventType: row.eventType,
    endpointId: row.endpointId,
    url: row.url,
    status: row.status,
    attempts: row.attempts.map((attempt) => ({ ...attempt })),
    nextAttemptS: row.nextAttemptS,
  }));
}

/** Renderers build plain JSON; a copy, so that nobody holds the simulator's own rows. */
function asJson(out: Record<string, unknown>): StripeObject {
  return JSON.parse(JSON.stringify(out)) as StripeObject;
}
