import type { AccountRow, ApplicationRow } from '#store/access.ts';
import type { WebhookEndpointRow } from '#store/event.ts';
import { type Out, type View, when } from './view.ts';

export function renderAccount(row: AccountRow): Out {
  return {
    id: row.id,
    object: 'account',
    business_profile: {
      mcc: '5734',
      name: row.name,
      product_description: null,
      support_address: null,
      support_email: row.email,
      support_phone: null,
      support_url: null,
      url: null,
    },
    business_type: 'company',
    capabilities: { card_payments: 'active', transfers: 'active' },
    charges_enabled: true,
    controller: { type: 'account' },
    country: row.country,
    created: row.created,
    default_currency: row.defaultCurrency,
    details_submitted: true,
    email: row.email,
    metadata: row.metadata,
    payouts_enabled: true,
    settings: {
      branding: { icon: null, logo: null, primary_color: null, secondary_color: null },
      dashboard: { display_name: row.name, timezone: row.timezone },
      payments: { statement_descriptor: row.name.toUpperCase().slice(0, 22) },
    },
    type: 'standard',
  };
}

export function renderApplication(row: ApplicationRow): Out {
  return { id: row.id, object: 'application', name: row.name };
}

/** The secret is in the answer to the creation and nowhere else. */
export function renderWebhookEndpoint(view: View, row: WebhookEndpointRow, withSecret = false): Out {
  if (row.deleted) return { id: row.id, object: 'webhook_endpoint', deleted: true };
  return {
    id: row.id,
    object: 'webhook_endpoint',
    api_version: row.apiVersion,
    application: null,
    created: row.created,
    description: row.description,
    enabled_events: row.enabledEvents,
    livemode: view.state.livemode,
    metadata: row.metadata,
    ...when(withSecret, () => ({ secret: row.secret })),
    status: row.status,
    url: row.url,
  };
}
