import { CONTACT_PROPERTIES } from '@growthos/contracts/contact-properties.ts';
import { declineWords, isHardDecline } from '@growthos/contracts/sequence/decline-codes.ts';
import type { Scope } from './email/liquid.ts';
import type { Sender, SendingSetup } from './sending-rules.ts';
import type { ChosenPromotion } from './promotion-codes/choose.ts';

/** A contact's row; money as numbers of minor units. */
export type ContactRow = Readonly<Record<string, unknown>> & { readonly id: string };

/** Columns whose names differ from those of the properties. */
const COLUMN_OF: Readonly<Record<string, string>> = { mrr: 'mrr_minor', ltv: 'ltv_minor' };

/** What a template may read of a contact: every built-in property under its own name, traits, and a name that never fails. */
function contactScope(contact: ContactRow | null): Record<string, unknown> {
  if (contact === null) return { display_name: 'Somebody' };
  const scope: Record<string, unknown> = {};
  for (const name of Object.keys(CONTACT_PROPERTIES)) {
    const value = contact[COLUMN_OF[name] ?? name];
    if (value !== null && value !== undefined && value !== '')
      scope[name] = typeof value === 'bigint' ? Number(value) : value;
  }
  for (const name of ['mrr_currency', 'ltv_currency']) if (contact[name]) scope[name] = contact[name];
  scope['traits'] = withoutNulls(contact['traits'] ?? {});
  scope['display_name'] = displayName(contact);
  return scope;
}

export function displayName(contact: ContactRow): string {
  for (const name of ['name', 'email', 'user_id']) {
    const value = contact[name];
    if (typeof value === 'string' && value.trim() !== '') return value;
  }
  return 'Somebody';
}

/** Null is "not known" to a template, as if it weren't there at all. */
function withoutNulls(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(withoutNulls);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNulls(inner)]])),
  );
}

export function renderScope(input: {
  contact: ContactRow | null;
  payload: Readonly<Record<string, unknown>>;
  setup: SendingSetup;
  sender: Sender;
  promotion: ChosenPromotion;
  contactUrl: string;
  now: Date;
  zone: string;
}): Scope {
  const { contact, payload, promotion, setup } = input;
  const plan = payload['plan'];
  const planName =
    plan !== null && typeof plan === 'object' && 'name' in plan ? plan.name : (contact?.['plan_name'] ?? null);
  return {
    time: { now: input.now, zone: input.zone },
    contact: contactScope(contact),
    payload: withoutNulls(payload),
    plan: withoutNulls({ name: planName }),
    decline: {
      words: declineWords(payload['decline_code']) ?? '',
      is_hard: isHardDecline(payload['decline_code']),
    },
    promotion: withoutNulls({ code: promotion.code, words: promotion.words, url: promotion.url }),
    sender: { name: input.sender.name, email: input.sender.email },
    workspace: { name: setup.workspaceName },
    // Always there, perhaps empty: they are used as the argument of `default`, which must exist.
    links: { checkout: setup.rules.checkoutUrl ?? '', contact: input.contactUrl },
  };
}
