import type { Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { one, type Queryable } from '#db/db.ts';
import { type BillingExplanation, explainBilling } from '../billing/explain.ts';
import { billingInput } from './billing-input.ts';
import { loadFacts } from './load-facts.ts';
import { loadRules } from './workspace-rules.ts';

/**
 * A contact's MRR and lifetime value line by line, from the same facts and by the same code as the figures on it, as they
 * are now. A contact that was merged is explained as the one that it became.
 * @throws NotFoundError where the workspace has no such contact.
 */
export async function explainContactBilling(
  db: Queryable,
  input: { workspaceId: string; contactId: string; clock: Clock },
): Promise<BillingExplanation> {
  const { workspaceId, clock } = input;
  const contact = await one<{ id: string }>(db, {
    text: `select coalesce(merged_into, id) as id from contact where id::text = $1 and workspace_id = $2 and erased_at is null`,
    values: [input.contactId, workspaceId],
  });
  if (!contact) throw new NotFoundError('This workspace has no such contact.');
  const facts = await loadFacts(db, { workspaceId, contactIds: [contact.id] });
  const objects = facts.contacts.get(contact.id)?.objects ?? [];
  const rules = await loadRules(db, workspaceId);
  return explainBilling(billingInput({ objects, catalogue: facts.catalogue, rules, asOf: clock.now() }));
}
