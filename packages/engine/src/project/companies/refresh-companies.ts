/**
 * The billing of companies: the same figures as on a contact, over all Stripe customers of the company. In: companies whose
 * customers changed. Out: `company.billing`, and to each member's history what changed, as `company.<property>`, so that
 * segments that read the company hear of it. Computed whole each time, so it may be repeated.
 */
import { isDeepStrictEqual } from 'node:util';
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { PropertyChange } from '@growthos/contracts/events/engine.ts';
import { json, many, type Tx } from '#db/db.ts';
import { summarizeBilling } from '../billing/summary.ts';
import { billingInput } from '../contact-billing/billing-input.ts';
import { contactValues } from '../contact-billing/contact-values.ts';
import { loadCompanyFacts, type OwnedObject } from '../contact-billing/load-facts.ts';
import type { WorkspaceRules } from '../contact-billing/workspace-rules.ts';
import { type ContactRecord, propertyOfColumn } from '../contacts/contact-record.ts';
import type { PatchDeps } from '../contacts/patch-contacts.ts';
import { tellMembers } from './tell-members.ts';

type Billing = Readonly<Record<string, unknown>>;

export async function refreshCompanies(
  deps: PatchDeps,
  input: {
    tx: Tx;
    workspaceId: string;
    rules: WorkspaceRules;
    companyIds: readonly string[];
    at: Date;
    cause: EventCause;
  },
): Promise<void> {
  const { tx, workspaceId, rules } = input;
  const companyIds = [...new Set(input.companyIds)].sort();
  if (companyIds.length === 0) return;
  const before = await many<{ id: string; billing: Billing }>(tx, {
    name: 'company_lock',
    text: 'select id, billing from company where id = any($1::uuid[]) and workspace_id = $2 order by id for update',
    values: [companyIds, workspaceId],
  });
  const facts = await loadCompanyFacts(tx, { workspaceId, companyIds });
  const asOf = deps.clock.now();
  const changed = before.flatMap(({ id, billing }) => {
    const objects = facts.contacts.get(id)?.objects ?? [];
    const now = companyBilling({ objects, catalogue: facts.catalogue, rules, asOf });
    const changes = changesBetween(billing, now);
    return changes.length === 0 ? [] : [{ id, now, changes, objects }];
  });
  if (changed.length === 0) return;
  await tx.query({
    name: 'company_billing_write',
    text: `update company k set billing = c.billing::jsonb, stripe_customer = c.stripe_customer, updated_at = $1
           from unnest($2::uuid[], $3::text[], $4::text[]) as c (id, billing, stripe_customer) where k.id = c.id`,
    values: [
      asOf,
      changed.map(({ id }) => id),
      changed.map(({ now }) => json(now)),
      changed.map(({ objects }) => firstCustomer(objects)),
    ],
  });
  await tellMembers(deps, {
    tx,
    workspaceId,
    at: input.at,
    cause: input.cause,
    changes: new Map(changed.map(({ id, changes }) => [id, changes])),
  });
}

/** By the names of the contact's properties, as filters read them: money in minor units, dates as ISO 8601. */
function companyBilling(input: Parameters<typeof billingInput>[0]): Billing {
  if (!input.objects.some((object) => object.type === 'customer' || object.type === 'subscription')) return {};
  const values = contactValues({
    summary: summarizeBilling(billingInput(input)),
    objects: input.objects,
    asOf: input.asOf,
  });
  const { billing_as_of: _asOf, ...told } = values;
  return Object.fromEntries(
    Object.entries(told).map(([column, value]) => [
      propertyOfColumn(column as keyof ContactRecord),
      value instanceof Date ? value.toISOString() : typeof value === 'bigint' ? Number(value) : value,
    ]),
  );
}

function changesBetween(before: Billing, now: Billing): PropertyChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => !isDeepStrictEqual(before[name] ?? null, now[name] ?? null))
    .map((name) => ({ property: `company.${name}`, old: before[name] ?? null, new: now[name] ?? null }));
}

/** The customer that a page links to where there is room for one: the oldest. */
function firstCustomer(objects: readonly OwnedObject[]): string | null {
  const customers = objects.flatMap(({ fact, stripeAccount, id }) =>
    fact.object === 'customer' ? [{ createdS: fact.createdS ?? 0, value: `${stripeAccount}/${id}` }] : [],
  );
  customers.sort((left, right) => left.createdS - right.createdS || (left.value < right.value ? -1 : 1));
  return customers[0]?.value ?? null;
}
