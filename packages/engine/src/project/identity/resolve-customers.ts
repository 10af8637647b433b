/**
 * Which contact a Stripe customer is. In: customers of one account, with everything that was just told of them. Out: a
 * contact for each, or none where it is somebody who was erased.
 *
 * The order of proof: the user id in the customer's metadata (under the tenant's keys), or `client_reference_id`, then the
 * e-mail (case-folded), else a contact of its own, which joins the right one as soon as more is known. Each telling counts,
 * not only the newest, so that the order in which Stripe tells things does not matter.
 */
import { fromEpochS } from '#base/clock.ts';
import type { Tx } from '#db/db.ts';
import { foldEmail, type IdentitySettings, metadataValue } from '../contacts/contact-settings.ts';
import type { AccountScope } from '../objects/store.ts';
import type { Telling } from '../objects/telling.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import { type Claim, type Identity, type IdentityKey, identityKey } from './identity.ts';
import { type Resolved, type ResolveDeps, resolveIdentities } from './resolve.ts';

export type LinkedBy =
  | 'existing_link'
  | 'metadata_user_id'
  | 'client_reference_id'
  | 'email'
  | 'new_contact'
  | 'person';

export interface CustomerSighting {
  readonly customerId: string;
  /** What was told of the customer itself; none where only something that hangs on it was told of. */
  readonly tellings: readonly { readonly customer: CustomerFact; readonly atS: number }[];
  /** Whom the seller's page said the buyer is, when a checkout of the customer was read. */
  readonly references?: readonly { readonly userId: string; readonly atS: number }[];
}

export interface ResolvedCustomer {
  readonly contactId: string;
  readonly linkedBy: LinkedBy;
  /** The link was made just now. */
  readonly isNewLink: boolean;
}

export interface Resolution extends Resolved {
  /** By customer id; erased people's customers are not in it. */
  readonly customers: ReadonlyMap<string, ResolvedCustomer>;
}

export function customerIdentity(scope: Pick<AccountScope, 'stripeAccount'>, customerId: string): Identity {
  return { kind: 'stripe_customer', value: `${scope.stripeAccount}/${customerId}` };
}

/** What was told of customers, by customer id. A read of ours counts from the customer's creation: it was so all along. */
function customerTellings(tellings: readonly Telling[]): Map<string, CustomerSighting['tellings'][number][]> {
  const found = new Map<string, { customer: CustomerFact; atS: number }[]>();
  for (const { fact, asOfS, eventType, isDeletion } of tellings) {
    if (fact.object !== 'customer' || isDeletion) continue;
    const atS = eventType === null ? (fact.createdS ?? asOfS) : asOfS;
    found.set(fact.id, [...(found.get(fact.id) ?? []), { customer: fact, atS }]);
  }
  return found;
}

/** What read checkouts say of customers, by customer id. */
function checkoutReferences(tellings: readonly Telling[]): Map<string, NonNullable<CustomerSighting['references']>> {
  const found = new Map<string, { userId: string; atS: number }[]>();
  for (const { fact, asOfS } of tellings) {
    if (fact.object !== 'checkout.session' || fact.customerId === null || fact.clientReferenceId === null) continue;
    const reference = { userId: fact.clientReferenceId, atS: fact.createdS ?? asOfS };
    found.set(fact.customerId, [...(found.get(fact.customerId) ?? []), reference]);
  }
  return found;
}

export function sightingsOf(input: {
  customerIds: readonly string[];
  tellings: readonly Telling[];
}): CustomerSighting[] {
  const told = customerTellings(input.tellings);
  const references = checkoutReferences(input.tellings);
  return input.customerIds.map((customerId) => ({
    customerId,
    tellings: told.get(customerId) ?? [],
    references: references.get(customerId) ?? [],
  }));
}

export async function resolveCustomers(
  deps: ResolveDeps,
  input: {
    tx: Tx;
    scope: AccountScope;
    settings: IdentitySettings;
    sightings: readonly CustomerSighting[];
    recheck?: readonly IdentityKey[];
  },
): Promise<Resolution> {
  const { scope, sightings, settings } = input;
  const now = deps.clock.now();
  const claims = sightings.flatMap((sighting) => claimsOf({ scope, sighting, settings, now }));
  const proofs = new Map<IdentityKey, LinkedBy>();
  for (const { identities } of claims) {
    const link = identities.find((identity) => identity.kind === 'stripe_customer');
    const strongest = identities[0].kind;
    const proof = strongest === 'user_id' ? 'metadata_user_id' : strongest === 'email' ? 'email' : null;
    if (link && proof !== null && proofs.get(identityKey(link)) !== 'metadata_user_id')
      proofs.set(identityKey(link), proof);
  }
  const linkedBy = (key: IdentityKey, isNewContact: boolean): LinkedBy =>
    isNewContact ? 'new_contact' : (proofs.get(key) ?? 'new_contact');
  const resolved = await resolveIdentities(deps, {
    tx: input.tx,
    workspaceId: scope.workspaceId,
    claims,
    evidence: 'stripe',
    source: `stripe:${scope.stripeAccount}`,
    linkedBy,
    ...(input.recheck ? { recheck: input.recheck } : {}),
  });
  const customers = new Map<string, ResolvedCustomer>();
  for (const { customerId } of sightings) {
    const key = identityKey(customerIdentity(scope, customerId));
    const contactId = resolved.contactOf.get(key);
    if (contactId === undefined) continue;
    const isNewLink = !resolved.known.has(key);
    const how = isNewLink ? linkedBy(key, resolved.createdContactIds.has(contactId)) : 'existing_link';
    customers.set(customerId, { contactId, linkedBy: how, isNewLink });
  }
  return { ...resolved, customers };
}

function claimsOf(input: {
  scope: AccountScope;
  sighting: CustomerSighting;
  settings: IdentitySettings;
  now: Date;
}): Claim[] {
  const { scope, sighting, settings, now } = input;
  const link = customerIdentity(scope, sighting.customerId);
  const references = (sighting.references ?? []).map(({ userId, atS }) =>
    claim([{ kind: 'user_id', value: userId }, link], fromEpochS(atS)),
  );
  if (sighting.tellings.length === 0) return references.length > 0 ? references : [claim([link], now)];
  const told = sighting.tellings.map(({ customer, atS }) => {
    const userId = metadataValue(customer.metadata, settings.metadataUserIdKeys);
    const email = foldEmail(customer.email);
    return claim(
      [
        ...(userId === null ? [] : [{ kind: 'user_id', value: userId } as const]),
        ...(email === null ? [] : [{ kind: 'email', value: email } as const]),
        link,
      ],
      fromEpochS(atS),
    );
  });
  return [...told, ...references];
}

function claim(identities: Identity[], at: Date): Claim {
  const [first, ...others] = identities;
  if (!first) throw new Error('a claim needs an identity');
  return { identities: [first, ...others], at };
}
