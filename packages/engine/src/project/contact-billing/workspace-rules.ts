/** A workspace's rules for its graph, and the exchange rates that its own charges imply: one statement. */
import { one, type Queryable } from '#db/db.ts';
import type { ImpliedRate } from '../billing/billing-summary.ts';
import { type BillingSettings, BillingSettingsSchema } from '../billing/settings.ts';
import { type IdentitySettings, IdentitySettingsSchema } from '../contacts/contact-settings.ts';

export interface WorkspaceRules {
  readonly billing: BillingSettings;
  readonly identity: IdentitySettings;
  readonly timezone: string;
  /** Of all accounts of the workspace: the newest settled charge per account and pair of currencies. */
  readonly impliedRates: readonly ImpliedRate[];
  /** Whether any Stripe customer belongs to a company. */
  readonly hasCompanies: boolean;
  /** Whether a backfill has read something of a contact that is not computed yet. */
  readonly hasStale: boolean;
}

interface RulesRow {
  billing: Record<string, unknown> | null;
  identity: unknown;
  timezone: string;
  currency: string | null;
  rates: ImpliedRate[] | null;
  hasCompanies: boolean;
  hasStale: boolean;
}

/**
 * What was never set has its default. Without a report currency of its own a workspace reports in the default currency of
 * the Stripe account that it connected first (billing-semantics, section 6.3); a contact that pays in one other currency
 * keeps that one as long as no rate is known.
 */
export async function loadRules(db: Queryable, workspaceId: string): Promise<WorkspaceRules> {
  const row = await one<RulesRow>(db, {
    name: 'workspace_rules',
    text: `select settings->'billing' as billing, settings->'identity' as identity, timezone,
             (select default_currency from stripe_account a where a.workspace_id = w.id and status = 'active'
                and default_currency is not null order by connected_at, id limit 1) as currency,
             (select jsonb_agg(jsonb_build_object('from', from_currency, 'to', to_currency, 'fromMinor', from_minor,
                'toMinor', to_minor, 'atS', at_s)) from account_rate r where r.workspace_id = w.id) as rates,
             exists (select 1 from company_customer c where c.workspace_id = w.id) as "hasCompanies",
             exists (select 1 from contact_stale s where s.workspace_id = w.id) as "hasStale"
           from workspace w where id = $1`,
    values: [workspaceId],
  });
  const billing = BillingSettingsSchema.parse(row?.billing ?? {});
  return {
    billing: { ...billing, reportCurrency: billing.reportCurrency ?? row?.currency?.toLowerCase() ?? null },
    identity: IdentitySettingsSchema.parse(row?.identity ?? {}),
    timezone: row?.timezone ?? 'UTC',
    impliedRates: row?.rates ?? [],
    hasCompanies: row?.hasCompanies ?? false,
    hasStale: row?.hasStale ?? false,
  };
}
