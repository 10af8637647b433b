/**
 * Which contact a product event is about. In: what each message says of who it is (user id, anonymous id, e-mail). Out: a
 * contact for each message, or none where it speaks for somebody who was erased.
 */
import type { Tx } from '#db/db.ts';
import { foldEmail } from '../contacts/contact-settings.ts';
import { type Claim, type Identity, type IdentityKey, identityKey } from './identity.ts';
import { type Resolved, type ResolveDeps, resolveIdentities } from './resolve.ts';

export interface PersonClaim {
  readonly userId: string | null;
  readonly anonymousId: string | null;
  /** Only what an identify says of the person itself. */
  readonly email: string | null;
  /** A server said so, or a hash proves it. */
  readonly isEmailProven: boolean;
  readonly at: Date;
}

export interface ResolvedPerson {
  /** In whose name the message speaks: its strongest identity. */
  readonly speaker: IdentityKey;
  readonly contactId: string;
}

export interface ResolvedPeople extends Resolved {
  /** One per claim, in the order given. */
  readonly people: readonly (ResolvedPerson | null)[];
}

export async function resolvePeople(
  deps: ResolveDeps,
  input: { tx: Tx; workspaceId: string; claims: readonly PersonClaim[] },
): Promise<ResolvedPeople> {
  const claims = input.claims.map(claimOf);
  const resolved = await resolveIdentities(deps, {
    tx: input.tx,
    workspaceId: input.workspaceId,
    claims: claims.filter((claim) => claim !== null),
    evidence: 'app',
    source: 'app',
    linkedBy: () => 'identify',
  });
  return {
    ...resolved,
    people: claims.map((claim) => {
      if (claim === null) return null;
      const speaker = identityKey(claim.identities[0]);
      const contactId = resolved.contactOf.get(speaker);
      return contactId === undefined ? null : { speaker, contactId };
    }),
  };
}

/**
 * The strongest identity first; null where the message says nothing of who it is. An address that nobody proved is the
 * weakest: nothing is said in its name.
 */
function claimOf(claim: PersonClaim): Claim | null {
  const email = foldEmail(claim.email);
  const address: Identity[] = email === null ? [] : [{ kind: 'email', value: email }];
  const [first, ...others]: Identity[] = [
    ...(claim.userId === null ? [] : [{ kind: 'user_id', value: claim.userId } as const]),
    ...(claim.isEmailProven ? address : []),
    ...(claim.anonymousId === null ? [] : [{ kind: 'anonymous_id', value: claim.anonymousId } as const]),
    ...(claim.isEmailProven ? [] : address),
  ];
  if (first === undefined) return null;
  const unproven = new Set(claim.isEmailProven ? [] : address.map(identityKey));
  return { identities: [first, ...others], at: claim.at, unproven };
}
