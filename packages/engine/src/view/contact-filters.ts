import type { ContactFilters } from '@growthos/contracts/http/contacts.ts';
import { BILLING_STATUSES } from '@growthos/contracts/contact-properties.ts';
import { many, type Db } from '#db/db.ts';
import { statusWords } from './billing-words.ts';

const PLANS_MAX = 200;

/**
 * What the filters of the list can be set to: values that contacts have now. Distinct values are found by hopping along
 * the index from one to the next, so that a million contacts on five plans cost six lookups.
 */
export async function contactFilters(deps: { db: Db }, input: { workspaceId: string }): Promise<ContactFilters> {
  const plans = await many<{ plan: string; plan_name: string | null }>(deps.db, {
    text: `with recursive hop as (
             (select plan from contact where workspace_id = $1 and merged_into is null and plan is not null
              order by plan limit 1)
             union all
             select (select c.plan from contact c where c.workspace_id = $1 and c.merged_into is null and c.plan is not null
                       and c.plan > hop.plan order by c.plan limit 1)
             from hop where hop.plan is not null)
           select hop.plan, (select c.plan_name from contact c where c.workspace_id = $1 and c.merged_into is null
             and c.plan = hop.plan limit 1) as plan_name
           from hop where hop.plan is not null limit $2`,
    values: [input.workspaceId, PLANS_MAX],
  });
  const tiers = await many<{ tier: string }>(deps.db, {
    text: `with recursive hop as (
             (select tier from contact where workspace_id = $1 and merged_into is null and tier is not null
              order by tier limit 1)
             union all
             select (select c.tier from contact c where c.workspace_id = $1 and c.merged_into is null and c.tier is not null
                       and c.tier > hop.tier order by c.tier limit 1)
             from hop where hop.tier is not null)
           select tier from hop where tier is not null limit $2`,
    values: [input.workspaceId, PLANS_MAX],
  });
  return {
    statuses: BILLING_STATUSES.map((value) => ({ value, label: statusWords(value).label })),
    plans: plans
      .map((row) => ({ priceId: row.plan, label: row.plan_name ?? row.plan }))
      .sort((left, right) => left.label.localeCompare(right.label)),
    tiers: tiers.map((row) => row.tier),
  };
}
