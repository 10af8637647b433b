import type { Clock } from '#base/clock.ts';
import type { Publisher } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { linkCustomers } from '../companies/link-customers.ts';
import { refreshCompanies } from '../companies/refresh-companies.ts';
import type { LoadedFacts } from '../contact-billing/load-facts.ts';
import { refreshBilling, type RefreshReason } from '../contact-billing/refresh-billing.ts';
import type { WorkspaceRules } from '../contact-billing/workspace-rules.ts';
import { loadContacts } from '../contacts/patch-contacts.ts';
import { identityPatches } from '../identity/identity-patches.ts';
import type { Resolution } from '../identity/resolve-customers.ts';
import { type AccountScope, type ObjectChange, objectKey } from '../objects/store.ts';

export interface ApplyDeps {
  readonly clock: Clock;
  readonly publisher: Publisher;
}

/** Contacts and companies behind customers, computed anew from what is stored now: for events and for reads alike. */
export async function refreshPeople(
  deps: ApplyDeps,
  input: {
    tx: Tx;
    scope: AccountScope;
    rules: WorkspaceRules;
    resolution: Resolution;
    changes: ReadonlyMap<string, ObjectChange>;
    reasons: ReadonlyMap<string, RefreshReason>;
  },
): Promise<LoadedFacts> {
  const { tx, scope, rules, resolution, changes } = input;
  const { workspaceId } = scope;
  const [anyReason] = [...input.reasons.values()];
  const fallback: RefreshReason = anyReason
    ? { ...anyReason, isNew: false }
    : { at: deps.clock.now(), cause: null, eventSource: `stripe:${scope.stripeAccount}`, isNew: false };
  const contacts = new Map(input.reasons);
  // A late telling may leave its object as it is and yet say who somebody is.
  const changed = [...resolution.changedContactIds];
  for (const contactId of changed) {
    const isNew = resolution.createdContactIds.has(contactId);
    if (!contacts.has(contactId)) contacts.set(contactId, { ...fallback, isNew });
  }
  const also = await identityPatches(tx, {
    workspaceId,
    records: await loadContacts(tx, changed),
    occasions: new Map(changed.map((contactId) => [contactId, contacts.get(contactId) ?? fallback])),
    lost: resolution.lost,
  });
  const known = { scope, changes };
  const facts = await refreshBilling(deps, { tx, workspaceId, rules, contacts, also, known });
  const cause = fallback.cause ?? { kind: 'time', id: null };
  const companyIds = await linkCustomers(deps, {
    tx,
    scope,
    settings: rules.identity,
    hasCompanies: rules.hasCompanies,
    cause,
    customers: [...resolution.customers].flatMap(([customerId, { contactId }]) => {
      const fact = changes.get(objectKey('customer', customerId))?.after.fact;
      return contacts.has(contactId)
        ? [{ customerId, contactId, customer: fact?.object === 'customer' ? fact : null }]
        : [];
    }),
  });
  await refreshCompanies(deps, { tx, workspaceId, rules, companyIds, at: fallback.at, cause });
  return facts;
}
