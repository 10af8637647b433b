import { InvalidInputError, NotFoundError } from '#base/errors.ts';
import { one, type Tx } from '#db/db.ts';
import { loadRules } from '../contact-billing/workspace-rules.ts';
import { contactsOfCustomers } from '../contact-billing/refresh-billing.ts';
import type { PatchDeps } from '../contacts/patch-contacts.ts';
import { joinCompanies } from './join-companies.ts';
import { refreshCompanies } from './refresh-companies.ts';

/**
 * Says by hand which company a Stripe customer is, or (null) that metadata decides again. Figures of both companies follow.
 * @throws NotFoundError for a company of another workspace, InvalidInputError for a customer that nobody has told of.
 */
export async function linkCustomerByPerson(
  deps: PatchDeps,
  input: {
    tx: Tx;
    workspaceId: string;
    personId: string | null;
    stripeCustomer: string;
    companyId: string | null;
  },
): Promise<void> {
  const { tx, workspaceId, stripeCustomer, companyId } = input;
  const owners = await contactsOfCustomers(tx, { workspaceId, customers: [stripeCustomer] });
  const contactId = owners.get(stripeCustomer);
  if (contactId === undefined) {
    throw new InvalidInputError('Stripe has told of no such customer.', { field: 'stripeCustomer' });
  }
  if (companyId !== null) {
    const company = await one(tx, {
      text: 'select 1 from company where id = $1 and workspace_id = $2',
      values: [companyId, workspaceId],
    });
    if (!company) throw new NotFoundError('This workspace has no such company.');
  }
  const before = await one<{ company_id: string }>(tx, {
    text: 'delete from company_customer where workspace_id = $1 and stripe_customer = $2 returning company_id',
    values: [workspaceId, stripeCustomer],
  });
  const at = deps.clock.now();
  const cause = { kind: input.personId === null ? ('api' as const) : ('person' as const), id: input.personId };
  if (companyId !== null) {
    await tx.query({
      text: `insert into company_customer (workspace_id, stripe_customer, company_id, linked_by, linked_at)
             values ($1, $2, $3, 'person', $4)`,
      values: [workspaceId, stripeCustomer, companyId, at],
    });
    const joinings = [{ companyId, contactId, role: 'billing', since: at }];
    await joinCompanies(deps, { tx, workspaceId, joinings, isRoleWeak: true, cause });
  }
  const companyIds = [before?.company_id, companyId].filter((id) => id !== undefined && id !== null);
  await refreshCompanies(deps, { tx, workspaceId, rules: await loadRules(tx, workspaceId), companyIds, at, cause });
}
