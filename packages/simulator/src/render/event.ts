import type { StripeEventJson, StripeJson } from '#simulator.ts';
import type { AccountState } from '#store/account-state.ts';
import type { EventRow, Rendering } from '#store/event.ts';

export interface EventViewer {
  /** The version to show; the event's own when left out. */
  readonly version?: string;
  /** Set on what goes to a Connect endpoint. */
  readonly account?: string;
}

/** An event never changes with the reader's version: each was rendered when it happened. */
export function renderEvent(state: AccountState, row: EventRow, viewer: EventViewer = {}): StripeEventJson {
  const version = viewer.version !== undefined && row.renderings[viewer.version] ? viewer.version : row.apiVersion;
  const rendering: Rendering | undefined = row.renderings[version];
  return {
    id: row.id,
    object: 'event',
    ...(viewer.account === undefined ? {} : { account: viewer.account }),
    api_version: version,
    created: row.created,
    data: {
      object: parsed(rendering?.objectJson ?? '{}'),
      ...(rendering?.previousJson ? { previous_attributes: parsed(rendering.previousJson) } : {}),
    },
    livemode: state.livemode,
    pending_webhooks: row.pending,
    request: { id: row.requestId, idempotency_key: row.idempotencyKey },
    type: row.type,
  };
}

function parsed(json: string): StripeJson {
  return JSON.parse(json) as StripeJson;
}
