/**
 * Which Stripe customers are companies. In: customers that something was just told of. Out: their links to companies, the
 * contacts of linked customers as members with the role `billing`, and the companies whose figures must be computed anew.
 *
 * A customer belongs to the company that its metadata names under the tenant's keys, or to the one that a person chose,
 * which wins. It still is a contact too: somebody gets the invoices. A company's figures are those of its customers, so
 * they are never added to those of contacts.
 */
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { Clock } from '#base/clock.ts';
import { fromEpochS } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { Publisher } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';
import { type IdentitySettings, metadataValue } from '../contacts/contact-settings.ts';
import type { AccountScope } from '../objects/store.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import { joinCompanies } from './join-companies.ts';

export interface TouchedCustomer {
  readonly customerId: string;
  readonly contactId: string;
  /** The newest that is known of the customer itself, where this batch told of it. */
  readonly customer: CustomerFact | null;
}

interface Link {
  readonly stripeCustomer: string;
  readonly companyId: string;
  readonly linkedBy: 'metadata' | 'person';
  readonly groupId: string | null;
}

/** @returns the companies that the customers belong to, or belonged to until now. */
export async function linkCustomers(
  deps: { clock: Clock; publisher: Publisher },
  input: {
    tx: Tx;
    scope: AccountScope;
    settings: IdentitySettings;
    /** Whether any customer of the workspace is linked: where none is, only what customers say of themselves matters. */
    hasCompanies: boolean;
    customers: readonly TouchedCustomer[];
    cause: EventCause;
  },
): Promise<string[]> {
  const { tx, scope } = input;
  const isTold = input.customers.some((touched) => touched.customer !== null);
  if (input.customers.length === 0 || !(isTold || input.hasCompanies)) return [];
  const valueOf = (customerId: string): string => `${scope.stripeAccount}/${customerId}`;
  const links = await many<Link>(tx, {
    name: 'company_links',
    text: `select c.stripe_customer as "stripeCustomer", c.company_id as "companyId", c.linked_by as "linkedBy", k.group_id as "groupId"
           from company_customer c join company k on k.id = c.company_id
           where c.workspace_id = $1 and c.stripe_customer = any($2)`,
    values: [scope.workspaceId, input.customers.map((one) => valueOf(one.customerId))],
  });
  const linkOf = new Map(links.map((link) => [link.stripeCustomer, link]));
  const wrong = input.customers.flatMap((touched) => {
    if (touched.customer === null || touched.customer.isDeleted) return [];
    const link = linkOf.get(valueOf(touched.customerId));
    const groupId = metadataValue(touched.customer.metadata, input.settings.metadataGroupIdKeys);
    if (link?.linkedBy === 'person' || (link?.groupId ?? null) === groupId) return [];
    return [{ ...touched, customer: touched.customer, groupId, value: valueOf(touched.customerId) }];
  });
  const companies = links.map((link) => link.companyId);
  if (wrong.length === 0) return companies;
  const left = wrong.filter((one) => one.groupId === null).map((one) => one.value);
  if (left.length > 0) await unlink(tx, { workspaceId: scope.workspaceId, stripeCustomers: left });
  const named = wrong.flatMap((one) => (one.groupId === null ? [] : [{ ...one, groupId: one.groupId }]));
  return [...companies, ...(await link(deps, { ...input, named }))];
}

async function unlink(tx: Tx, input: { workspaceId: string; stripeCustomers: readonly string[] }): Promise<void> {
  await tx.query({
    text: `delete from company_customer where workspace_id = $1 and stripe_customer = any($2) and linked_by = 'metadata'`,
    values: [input.workspaceId, [...input.stripeCustomers]],
  });
}

type Named = TouchedCustomer & { readonly customer: CustomerFact; readonly groupId: string; readonly value: string };

async function link(
  deps: { clock: Clock; publisher: Publisher },
  input: { tx: Tx; scope: AccountScope; named: readonly Named[]; cause: EventCause },
): Promise<string[]> {
  const { tx, scope, named } = input;
  if (named.length === 0) return [];
  const now = deps.clock.now();
  const byGroup = new Map(named.map((one) => [one.groupId, one]));
  const rows = await many<{ id: string; groupId: string }>(tx, {
    text: `insert into company (id, workspace_id, group_id, name, created_at, updated_at)
           select g.id, $1, g.group_id, g.name, coalesce(to_timestamp(g.created_s), $2), $2
           from unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[]) as g (id, group_id, name, created_s)
           on conflict (workspace_id, group_id) where group_id is not null
             do update set name = coalesce(company.name, excluded.name)
           returning id, group_id as "groupId"`,
    values: [
      scope.workspaceId,
      now,
      [...byGroup].map(() => newId()),
      [...byGroup.keys()],
      [...byGroup.values()].map(({ customer }) => customer.businessName ?? customer.name),
      [...byGroup.values()].map(({ customer }) => customer.createdS),
    ],
  });
  const companyOf = new Map(rows.map((row) => [row.groupId, row.id]));
  const links = named.flatMap((one) => {
    const companyId = companyOf.get(one.groupId);
    return companyId === undefined ? [] : [{ ...one, companyId }];
  });
  await tx.query({
    text: `insert into company_customer as c (workspace_id, stripe_customer, company_id, linked_by, linked_at)
           select $1, l.stripe_customer, l.company_id, 'metadata', $2
           from unnest($3::text[], $4::uuid[]) as l (stripe_customer, company_id)
           on conflict (workspace_id, stripe_customer) do update set company_id = excluded.company_id,
             linked_at = excluded.linked_at where c.linked_by = 'metadata'`,
    values: [scope.workspaceId, now, links.map((one) => one.value), links.map((one) => one.companyId)],
  });
  await joinCompanies(deps, {
    tx,
    workspaceId: scope.workspaceId,
    cause: input.cause,
    isRoleWeak: true,
    joinings: links.map(({ companyId, contactId, customer }) => ({
      companyId,
      contactId,
      role: 'billing',
      since: customer.createdS === null ? now : fromEpochS(customer.createdS),
    })),
  });
  return links.map((one) => one.companyId);
}
