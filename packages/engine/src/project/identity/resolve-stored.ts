/**
 * Which contacts the stored Stripe customers are, under metadata keys that have just changed. What was concluded from the
 * old keys is taken back first; what product events and people said stays.
 */
import { groupBy } from '#base/group-by.ts';
import { many, type Tx } from '#db/db.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import { loadRules } from '../contact-billing/workspace-rules.ts';
import { loadContacts, patchContacts } from '../contacts/patch-contacts.ts';
import { identityPatches, type Occasion } from './identity-patches.ts';
import { identityKey } from './identity.ts';
import { customerIdentity, resolveCustomers } from './resolve-customers.ts';
import type { ResolveDeps } from './resolve.ts';

interface StoredCustomer {
  readonly stripeAccount: string;
  readonly livemode: boolean;
  readonly customerId: string;
  readonly fact: CustomerFact;
}

/** @returns the contacts whose identities are no longer the same. */
export async function resolveStored(
  deps: ResolveDeps,
  input: { tx: Tx; workspaceId: string; contactIds: readonly string[]; occasion: Occasion },
): Promise<Set<string>> {
  const { tx, workspaceId } = input;
  const customers = await many<StoredCustomer>(tx, {
    text: `select o.stripe_account as "stripeAccount", o.livemode, o.id as "customerId", o.fact
           from contact_identity i
           join stripe_object o on o.workspace_id = $1 and o.stripe_account = split_part(i.value, '/', 1)
             and o.livemode in (true, false) and o.type = 'customer' and o.id = split_part(i.value, '/', 2)
           where i.workspace_id = $1 and i.kind = 'stripe_customer' and i.contact_id = any($2::uuid[])`,
    values: [workspaceId, [...input.contactIds]],
  });
  const changed = new Set<string>();
  const rules = await loadRules(tx, workspaceId);
  for (const own of groupBy(customers, (one) => `${one.stripeAccount}/${one.livemode}`).values()) {
    const [first] = own;
    if (!first) continue;
    const scope = { workspaceId, stripeAccount: first.stripeAccount, livemode: first.livemode };
    const keys = own.map((one) => identityKey(customerIdentity(scope, one.customerId)));
    await tx.query({
      text: `delete from identity_edge where workspace_id = $1 and source = 'stripe' and right_key = any($2)`,
      values: [workspaceId, keys],
    });
    const resolution = await resolveCustomers(deps, {
      tx,
      scope,
      settings: rules.identity,
      recheck: keys,
      sightings: own.map(({ customerId, fact }) => ({
        customerId,
        tellings: [{ customer: fact, atS: fact.createdS ?? 0 }],
      })),
    });
    const contactIds = [...resolution.changedContactIds];
    const occasionOf = (id: string): Occasion => ({ ...input.occasion, isNew: resolution.createdContactIds.has(id) });
    const records = await loadContacts(tx, contactIds);
    const patches = await identityPatches(tx, {
      workspaceId,
      records,
      occasions: new Map(contactIds.map((id) => [id, occasionOf(id)])),
      lost: resolution.lost,
    });
    await patchContacts(deps, { tx, workspaceId, loaded: records, patches: [...patches.values()].flat() });
    for (const id of contactIds) changed.add(id);
  }
  return changed;
}
