import { runNextDue } from '#billing/due.ts';
import { EVENTS_KEPT_S } from '#routes/events.ts';
import type { Span } from '#simulator.ts';
import type { World } from '#store/world.ts';
import { deliverDue, nextDeliveryS } from '#webhooks/deliver.ts';

export function spanMs(span: Span): number {
  return (
    ((span.days ?? 0) * 86_400 + (span.hours ?? 0) * 3_600 + (span.minutes ?? 0) * 60 + (span.seconds ?? 0)) * 1_000
  );
}

/** State only: whatever falls due on the way happens, at its own second. */
export function advanceState(world: World, untilMs: number): void {
  while (runNextDue(world, untilMs)) {
    // Each round moves the clock to the next due timer.
  }
  world.clock.moveTo(untilMs);
  forget(world);
}

/** State and webhooks in step: what a second brings is delivered, retries included, before the next one comes. */
export async function advanceAlong(world: World, untilMs: number): Promise<void> {
  await deliverDue(world);
  let toldMs = 0;
  const tell = async (): Promise<void> => {
    if (world.clock.nowMs() === toldMs) return;
    toldMs = world.clock.nowMs();
    await world.onClock(world.clock.now());
  };
  for (;;) {
    const timerMs = (world.timers.peek()?.atS ?? Number.POSITIVE_INFINITY) * 1_000;
    const retryMs = (nextDeliveryS(world) ?? Number.POSITIVE_INFINITY) * 1_000;
    const nextMs = Math.min(timerMs, retryMs);
    if (nextMs > untilMs) break;
    while (runNextDue(world, nextMs)) {
      // Everything of this second.
    }
    world.clock.moveTo(nextMs);
    await tell();
    await deliverDue(world);
  }
  world.clock.moveTo(untilMs);
  await tell();
  forget(world);
  world.onChange();
}

/** Events that Stripe would no longer show, and finished deliveries of them. */
function forget(world: World): void {
  const oldest = world.clock.nowS() - EVENTS_KEPT_S;
  const wanted = new Set(world.deliveries.filter((row) => row.status === 'pending').map((row) => row.eventId));
  for (const state of world.states.values())
    state.events.dropOldest((row) => row.created < oldest && !wanted.has(row.id));
  if (world.deliveries.length > 10_000) world.deliveries = world.deliveries.filter((row) => row.status === 'pending');
}
