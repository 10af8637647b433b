/**
 * Which contact a Stripe customer is. In: customers of one account, as far as they are known. Out: a contact for each.
 *
 * The order of proof: an existing link, then the user id in the customer's metadata (under the tenant's keys), then
 * `client_reference_id`, then the e-mail (case-folded), else a new contact. Where user id and e-mail point at two
 * contacts, the user id wins and the other is queued as a conflict for a person. A customer of whom only the id is known
 * gets a contact of its own; when more becomes known and points at another contact, that placeholder is merged into it,
 * so that the order in which Stripe tells things does not matter.
 */
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { json, many, type Tx } from '#db/db.ts';
import type { AccountScope } from '../objects/store.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import { addIdentities, findByIdentities, type Identity, identityKey, type NewIdentity } from './contact-row.ts';
import { foldEmail, type IdentitySettings } from './contact-settings.ts';
import { mergeContacts } from './merge.ts';
import type { Publisher } from '#bus/index.ts';

export type LinkedBy =
  | 'existing_link'
  | 'metadata_user_id'
  | 'client_reference_id'
  | 'email'
  | 'new_contact'
  | 'person';

export interface CustomerSighting {
  readonly customerId: string;
  /** Null where only the id has been told so far. */
  readonly customer: CustomerFact | null;
  readonly clientReferenceId?: string | null;
}

export interface ResolvedCustomer {
  readonly contactId: string;
  readonly linkedBy: LinkedBy;
  /** The link was made just now. */
  readonly isNewLink: boolean;
}

export function customerIdentity(scope: AccountScope, customerId: string): Identity {
  return { kind: 'stripe_customer', value: `${scope.stripeAccount}/${customerId}` };
}

interface Claim {
  readonly sighting: CustomerSighting;
  readonly link: Identity;
  readonly userId: Identity | null;
  readonly reference: Identity | null;
  readonly email: Identity | null;
}

export interface ResolveDeps {
  readonly clock: Clock;
  readonly publisher: Publisher;
}

export interface Resolution {
  /** By customer id. */
  readonly customers: ReadonlyMap<string, ResolvedCustomer>;
  readonly createdContactIds: ReadonlySet<string>;
}

export async function resolveCustomers(
  deps: ResolveDeps,
  input: { tx: Tx; scope: AccountScope; settings: IdentitySettings; sightings: readonly CustomerSighting[] },
): Promise<Resolution> {
  const { tx, scope } = input;
  const claims = input.sightings.map((sighting) => claimOf({ scope, sighting, settings: input.settings }));
  const wanted = claims.flatMap((claim) =>
    [claim.link, claim.userId, claim.reference, claim.email].filter((i) => i !== null),
  );
  const known = await findByIdentities(tx, { workspaceId: scope.workspaceId, identities: wanted });
  const placeholders = await findPlaceholders(tx, { claims, known });
  const resolved = new Map<string, ResolvedCustomer>();
  const fresh: { contactId: string; customer: CustomerFact | null }[] = [];
  const identities: NewIdentity[] = [];
  const conflicts: { claim: Claim; candidates: string[] }[] = [];
  for (const claim of claims) {
    const decision = decide(claim, { known, placeholders });
    const contactId = decision.contactId ?? newId();
    if (decision.contactId === null) fresh.push({ contactId, customer: claim.sighting.customer });
    if (decision.mergeFrom !== null) {
      await mergeContacts(deps, {
        tx,
        workspaceId: scope.workspaceId,
        from: decision.mergeFrom,
        into: contactId,
        by: 'identify',
      });
      for (const [key, owner] of known) if (owner === decision.mergeFrom) known.set(key, contactId);
    }
    if (decision.conflict.length > 0) conflicts.push({ claim, candidates: [contactId, ...decision.conflict] });
    for (const identity of identitiesOf(claim)) {
      if (known.has(identityKey(identity))) continue;
      known.set(identityKey(identity), contactId);
      identities.push({ ...identity, contactId, source: `stripe:${scope.stripeAccount}`, linkedBy: decision.linkedBy });
    }
    resolved.set(claim.sighting.customerId, { contactId, linkedBy: decision.linkedBy, isNewLink: decision.isNewLink });
  }
  await insertContacts(deps, { tx, workspaceId: scope.workspaceId, contacts: fresh });
  await addIdentities(tx, { workspaceId: scope.workspaceId, identities, at: deps.clock.now() });
  await recordConflicts(deps, { tx, scope, conflicts });
  return { customers: resolved, createdContactIds: new Set(fresh.map((contact) => contact.contactId)) };
}

function claimOf(input: { scope: AccountScope; sighting: CustomerSighting; settings: IdentitySettings }): Claim {
  const { scope, sighting, settings } = input;
  const metadata = sighting.customer?.metadata ?? {};
  const userId = settings.metadataUserIdKeys.map((key) => metadata[key]?.trim() ?? '').find((value) => value !== '');
  const email = foldEmail(sighting.customer?.email);
  const reference = sighting.clientReferenceId?.trim() ?? '';
  return {
    sighting,
    link: customerIdentity(scope, sighting.customerId),
    userId: userId === undefined ? null : { kind: 'user_id', value: userId },
    reference: reference === '' ? null : { kind: 'user_id', value: reference },
    email: email === null ? null : { kind: 'email', value: email },
  };
}

function identitiesOf(claim: Claim): Identity[] {
  return [claim.link, claim.userId, claim.reference, claim.email].filter((identity) => identity !== null);
}

interface Decision {
  readonly contactId: string | null;
  readonly linkedBy: LinkedBy;
  readonly isNewLink: boolean;
  /** A contact that has nothing but this customer and turns out to be the other one. */
  readonly mergeFrom: string | null;
  readonly conflict: readonly string[];
}

function decide(
  claim: Claim,
  context: { known: ReadonlyMap<string, string>; placeholders: ReadonlySet<string> },
): Decision {
  const { known, placeholders } = context;
  const at = (identity: Identity | null): string | null =>
    identity === null ? null : (known.get(identityKey(identity)) ?? null);
  const linked = at(claim.link);
  const byUserId = at(claim.userId);
  const byReference = at(claim.reference);
  const byEmail = at(claim.email);
  const proof: [string | null, LinkedBy][] = [
    [byUserId, 'metadata_user_id'],
    [byReference, 'client_reference_id'],
    [byEmail, 'email'],
  ];
  const [found, linkedBy] = proof.find(([contactId]) => contactId !== null) ?? [null, 'new_contact' as const];
  const others = (contactId: string | null): string[] =>
    [...new Set([byUserId, byReference, byEmail])]
      .filter((id) => id !== null && id !== contactId)
      .filter((id) => id !== null);
  if (linked === null) {
    return { contactId: found, linkedBy, isNewLink: true, mergeFrom: null, conflict: others(found) };
  }
  if (found === null || found === linked) {
    return {
      contactId: linked,
      linkedBy: 'existing_link',
      isNewLink: false,
      mergeFrom: null,
      conflict: others(linked),
    };
  }
  if (!placeholders.has(linked))
    return {
      contactId: linked,
      linkedBy: 'existing_link',
      isNewLink: false,
      mergeFrom: null,
      conflict: others(linked),
    };
  return { contactId: found, linkedBy, isNewLink: true, mergeFrom: linked, conflict: others(found) };
}

/** Contacts that have nothing but one Stripe customer: they may turn out to be somebody whom we know already. */
async function findPlaceholders(
  tx: Tx,
  input: { claims: readonly Claim[]; known: ReadonlyMap<string, string> },
): Promise<Set<string>> {
  const { claims, known } = input;
  const suspects = new Set<string>();
  for (const claim of claims) {
    const linked = known.get(identityKey(claim.link));
    const proofs = [claim.userId, claim.reference, claim.email].filter((proof) => proof !== null);
    if (linked && proofs.some((proof) => (known.get(identityKey(proof)) ?? linked) !== linked)) suspects.add(linked);
  }
  if (suspects.size === 0) return suspects;
  const rows = await many<{ contactId: string }>(tx, {
    text: `select contact_id as "contactId" from contact_identity where contact_id = any($1::uuid[])
           group by contact_id having count(*) = 1 and bool_and(kind = 'stripe_customer')`,
    values: [[...suspects]],
  });
  return new Set(rows.map((row) => row.contactId));
}

async function insertContacts(
  deps: ResolveDeps,
  input: { tx: Tx; workspaceId: string; contacts: readonly { contactId: string; customer: CustomerFact | null }[] },
): Promise<void> {
  const { tx, workspaceId, contacts } = input;
  if (contacts.length === 0) return;
  const now = deps.clock.now();
  await tx.query({
    name: 'contact_insert',
    text: `insert into contact (id, workspace_id, created_at, updated_at)
           select c.id, $1, coalesce(to_timestamp(c.created_s), $2), $2
           from unnest($3::uuid[], $4::bigint[]) as c (id, created_s)`,
    values: [workspaceId, now, contacts.map((c) => c.contactId), contacts.map((c) => c.customer?.createdS ?? null)],
  });
}

async function recordConflicts(
  deps: ResolveDeps,
  input: { tx: Tx; scope: AccountScope; conflicts: readonly { claim: Claim; candidates: readonly string[] }[] },
): Promise<void> {
  const { tx, scope, conflicts } = input;
  if (conflicts.length === 0) return;
  const open = await many<{ stripe_customer: string }>(tx, {
    text: `select stripe_customer from identity_conflict where workspace_id = $1 and resolved_at is null and stripe_customer = any($2)`,
    values: [scope.workspaceId, conflicts.map(({ claim }) => claim.link.value)],
  });
  const known = new Set(open.map((row) => row.stripe_customer));
  for (const { claim, candidates } of conflicts) {
    if (known.has(claim.link.value)) continue;
    await tx.query({
      text: `insert into identity_conflict (id, workspace_id, stripe_customer, candidates, reason, opened_at)
             values ($1, $2, $3, $4::jsonb, $5, $6)`,
      values: [
        newId(),
        scope.workspaceId,
        claim.link.value,
        json(candidates),
        'The user id in Stripe and the e-mail address belong to different contacts.',
        deps.clock.now(),
      ],
    });
  }
}
