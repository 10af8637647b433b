/**
 * Events of the bus to the webhooks that asked for them: one `message` row for each (endpoint, event), so a redelivered
 * event is not sent twice by us. What sending says about its own deliveries never comes here.
 */
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { BusEvent, Consumer } from '#bus/index.ts';
import { json, many } from '#db/db.ts';

export function webhookFanOutConsumer(deps: { clock: Clock }): Consumer {
  return {
    name: 'send-webhooks',
    types: null,
    batchSizeMax: 500,
    from: 'now',
    replay: {
      title: 'Outgoing webhooks',
      says: 'Sends these events to the endpoints that never got them, such as one that is new. An endpoint that has had an event does not get it again.',
    },
    async handle(tx, events) {
      const endpoints = await many<{ id: string; workspace_id: string; event_types: string[] }>(tx, {
        name: 'send_endpoints',
        text: `select id, workspace_id, event_types from webhook_endpoint
               where status = 'active' and event_types <> '{}' and workspace_id = any($1::uuid[])`,
        values: [[...new Set(events.map((event) => event.workspaceId))]],
      });
      if (endpoints.length === 0) return;
      const deliveries = events.flatMap((event) =>
        endpoints
          .filter((one) => one.workspace_id === event.workspaceId && one.event_types.includes(event.type))
          .map((endpoint) => ({ endpoint, event })),
      );
      if (deliveries.length === 0) return;
      await tx.query({
        name: 'send_fan_out',
        text: `insert into message (id, workspace_id, key, contact_id, channel, category, status, subject, requested_at,
                 not_before, payload)
               select u.id, u.workspace_id, u.key, u.contact_id, 'webhook', 'transactional', 'requested', u.type, $7, $7, u.payload::jsonb
               from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[])
                 as u (id, workspace_id, key, contact_id, type, payload)
               on conflict do nothing`,
        values: [
          deliveries.map(() => newId()),
          deliveries.map(({ event }) => event.workspaceId),
          deliveries.map(({ endpoint, event }) => `${endpoint.id}:${event.id}`),
          deliveries.map(({ event }) => event.contactId),
          deliveries.map(({ event }) => event.type),
          deliveries.map(({ endpoint, event }) => json({ endpoint: endpoint.id, event: envelope(event) })),
          deps.clock.now(),
        ],
      });
    },
  };
}

/** Type, time and data as Standard Webhooks asks, and who it is about. */
function envelope(event: BusEvent): Record<string, unknown> {
  return {
    type: event.type,
    timestamp: event.time.toISOString(),
    data: event.data,
    id: event.id,
    source: event.source,
    contact_id: event.contactId,
    cause: event.cause,
  };
}
