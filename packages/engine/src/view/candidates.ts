/**
 * Contacts side by side, for somebody who has to say whether they are one person. In: contacts. Out: for each what tells
 * people apart: how it is called, what it pays, when it was last seen, and by what it is known, from whom.
 */
import type { CandidateView } from '@growthos/contracts/http/identity.ts';
import { many, type Db } from '#db/db.ts';
import { isBillingStatus, statusWords } from './billing-words.ts';
import { contactName } from './contact-ref.ts';
import { moneyView } from './money-text.ts';

/** Identities named for each; a person of twenty browsers is told apart by other things. */
const KNOWN_BY_MAX = 6;

interface Row {
  id: string;
  name: string | null;
  email: string | null;
  user_id: string | null;
  billing_status: string;
  plan_name: string | null;
  mrr_minor: bigint | null;
  mrr_currency: string | null;
  last_seen_at: Date | null;
  created_at: Date;
  identities: { kind: string; value: string; source: string }[] | null;
}

/** By id; a contact of another workspace is not in it. */
export async function candidates(
  deps: { db: Db },
  input: { workspaceId: string; contactIds: readonly string[] },
): Promise<Map<string, CandidateView>> {
  if (input.contactIds.length === 0) return new Map();
  const rows = await many<Row>(deps.db, {
    name: 'view_candidates',
    text: `select c.id, c.name, c.email, c.user_id, c.billing_status, c.plan_name, c.mrr_minor, c.mrr_currency, c.last_seen_at,
             c.created_at, known.identities
           from contact c left join lateral (
             select jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value, 'source', i.source)) as identities
             from (select kind, value, source from contact_identity where contact_id = c.id and kind <> 'anonymous_id'
               order by array_position(array['user_id', 'stripe_customer', 'email'], kind), value limit ${KNOWN_BY_MAX}) i
           ) known on true
           where c.workspace_id = $1 and c.id = any($2::uuid[])`,
    values: [input.workspaceId, [...new Set(input.contactIds)]],
  });
  return new Map(rows.map((row) => [row.id, toView(row)]));
}

function toView(row: Row): CandidateView {
  return {
    id: row.id,
    name: contactName(row),
    email: row.email,
    userId: row.user_id,
    billingStatus: isBillingStatus(row.billing_status) ? row.billing_status : 'none',
    billingStatusLabel: statusWords(row.billing_status).label,
    planName: row.plan_name,
    mrr: moneyView(row.mrr_minor, row.mrr_currency),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    knownSince: row.created_at.toISOString(),
    knownBy: (row.identities ?? []).map(knownBy),
  };
}

function knownBy({ kind, value, source }: { kind: string; value: string; source: string }): string {
  const from = source.startsWith('stripe') ? 'Stripe' : 'your app';
  if (kind === 'user_id') return `User id ${value}, from ${from}`;
  if (kind === 'stripe_customer') return `Stripe customer ${value.split('/').at(-1) ?? value}`;
  return `E-mail ${value}, from ${from}`;
}
