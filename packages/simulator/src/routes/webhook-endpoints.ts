import { change } from '#billing/record.ts';
import { nowS } from '#billing/scope.ts';
import { StripeFault, invalid, missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { renderWebhookEndpoint } from '#render/account.ts';
import { isVersion } from '#render/version.ts';
import type { Out } from '#render/view.ts';
import type { WebhookEndpointRow } from '#store/event.ts';
import { isEventType } from '#webhooks/event-types.ts';

/** Source: docs.stripe.com/webhooks, "up to 16 webhook endpoints". */
const ENDPOINTS_MAX = 16;

export function webhookEndpointRoutes(api: Api): void {
  const resource = 'webhook';
  api.on({ method: 'POST', path: '/v1/webhook_endpoints', resource }, create);
  api.on({ method: 'GET', path: '/v1/webhook_endpoints', resource }, (call) =>
    call.list(call.state.webhookEndpoints, { keep: () => true }, (view, row) => renderWebhookEndpoint(view, row)),
  );
  api.on({ method: 'GET', path: '/v1/webhook_endpoints/:id', resource }, (call) =>
    call.show('webhook_endpoint', endpointOf(call)),
  );
  api.on({ method: 'POST', path: '/v1/webhook_endpoints/:id', resource }, (call) => {
    const row = endpointOf(call);
    const { input } = call;
    if (input.has('api_version'))
      throw invalid('Received unknown parameter: api_version', 'api_version', 'parameter_unknown');
    const events = input.has('enabled_events') ? enabledEvents(call) : undefined;
    const url = input.text('url');
    if (url !== undefined) checkUrl(call, url);
    change(call.scope, { kind: 'webhook_endpoint', row, type: null }, () => {
      if (events !== undefined) row.enabledEvents = events;
      if (url !== undefined) row.url = url;
      const description = input.clearable('description');
      if (description !== undefined) row.description = description;
      row.metadata = input.metadata(row.metadata) ?? row.metadata;
      const disabled = input.flag('disabled');
      if (disabled !== undefined) row.status = disabled ? 'disabled' : 'enabled';
    });
    return call.show('webhook_endpoint', row);
  });
  api.on({ method: 'DELETE', path: '/v1/webhook_endpoints/:id', resource }, (call) => {
    const row = endpointOf(call);
    row.deleted = true;
    call.world.onChange();
    return { id: row.id, object: 'webhook_endpoint', deleted: true };
  });
}

function create(call: Call): Out {
  const { input, state, world } = call;
  if (call.key.account !== state.account) {
    throw new StripeFault({
      status: 403,
      type: 'invalid_request_error',
      message:
        'You are not permitted to configure webhook endpoints on a connected account. Did you mean to create a Connect webhook on your account instead? If so, please retry the request without the connected account specified.',
    });
  }
  const live = state.webhookEndpoints.all().filter((row) => !row.deleted);
  if (live.length >= ENDPOINTS_MAX) {
    throw invalid(
      `You have reached the maximum of ${ENDPOINTS_MAX} ${state.livemode ? 'live' : 'test'} webhook endpoints.`,
    );
  }
  const version = input.text('api_version');
  if (version !== undefined && !isVersion(version)) throw invalid(`Invalid API version: ${version}`, 'api_version');
  const url = input.required('url');
  checkUrl(call, url);
  const row = state.webhookEndpoints.add({
    id: `we_1${world.chance.text(23)}`,
    created: nowS(call.scope),
    url,
    enabledEvents: enabledEvents(call),
    apiVersion: version ?? null,
    connect: input.flag('connect') ?? false,
    secret: `whsec_${world.chance.text(32)}`,
    status: 'enabled',
    description: input.text('description') ?? null,
    metadata: input.metadata() ?? {},
  });
  world.onChange();
  return renderWebhookEndpoint(call.view, row, true);
}

function enabledEvents(call: Call): string[] {
  const events = call.input.texts('enabled_events') ?? [];
  if (events.length === 0)
    throw invalid('Missing required param: enabled_events.', 'enabled_events', 'parameter_missing');
  events.forEach((type, index) => {
    if (type !== '*' && !isEventType(type)) {
      throw invalid(`Invalid enabled_events: ${type} is not an event type.`, `enabled_events[${index}]`);
    }
  });
  if (events.includes('*') && events.length > 1) {
    throw invalid("You can't specify `*` together with other event types.", 'enabled_events');
  }
  return events;
}

/** Stripe asks for HTTPS in live mode, and for an address that it can reach; this simulator reaches loopback. */
function checkUrl(call: Call, url: string): void {
  if (!URL.canParse(url)) throw invalid('Not a valid URL', 'url', 'url_invalid');
  const { protocol } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') throw invalid('Not a valid URL', 'url', 'url_invalid');
  if (call.state.livemode && protocol !== 'https:' && !isLoopback(url)) {
    throw invalid('Invalid URL: live mode endpoints must use HTTPS.', 'url', 'url_invalid');
  }
}

function isLoopback(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}

function endpointOf(call: Call): WebhookEndpointRow {
  const row = call.state.webhookEndpoints.get(call.param('id'));
  if (!row || row.deleted) throw missing('webhook endpoint', call.param('id'));
  return row;
}
