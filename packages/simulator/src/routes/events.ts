import { invalid, missing } from '#errors.ts';
import type { Api } from '#http/api.ts';
import { timeFilter } from '#http/page.ts';
import { renderEvent } from '#render/event.ts';
import type { Out } from '#render/view.ts';
import type { EventRow } from '#store/event.ts';

/** Stripe shows events for 30 days. Source: docs.stripe.com/api/events. */
export const EVENTS_KEPT_S = 30 * 86_400;

/** Most types that one call may name. */
const TYPES_MAX = 20;

export function eventRoutes(api: Api): void {
  api.on({ method: 'GET', path: '/v1/events', resource: 'event' }, (call) => {
    const { input } = call;
    const type = input.text('type');
    const types = input.texts('types');
    if (type !== undefined && types !== undefined)
      throw invalid('You may only specify one of these parameters: type, types.', 'types');
    if (types !== undefined && types.length > TYPES_MAX)
      throw invalid(`You may only specify up to ${TYPES_MAX} types.`, 'types');
    const delivered = input.flag('delivery_success');
    const isCreated = timeFilter(input);
    const oldest = call.world.clock.nowS() - EVENTS_KEPT_S;
    const keep = (row: EventRow): boolean =>
      row.created >= oldest &&
      isCreated(row.created) &&
      (type === undefined || fits(type, row.type)) &&
      (types === undefined || types.some((wanted) => fits(wanted, row.type))) &&
      (delivered === undefined || (row.pending === 0) === delivered);
    return call.list(call.state.events, { keep }, (view, row) => ({ ...renderEvent(view.state, row) }) satisfies Out);
  });
  api.on({ method: 'GET', path: '/v1/events/:id', resource: 'event' }, (call) => {
    const row = call.state.events.get(call.param('id'));
    if (!row || row.created < call.world.clock.nowS() - EVENTS_KEPT_S) throw missing('event', call.param('id'));
    return { ...renderEvent(call.state, row) };
  });
}

/** `charge.*` and `*` are patterns. */
function fits(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
