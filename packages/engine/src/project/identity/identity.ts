/** The kinds of identity by which a contact is recognised, the strongest first. */
export const IDENTITY_KINDS = ['user_id', 'email', 'anonymous_id', 'stripe_customer'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

export interface Identity {
  readonly kind: IdentityKind;
  /** Folded: an e-mail in lower case, a Stripe customer as acct_.../cus_... */
  readonly value: string;
}

export type IdentityKey = string;

export function identityKey(identity: Identity): IdentityKey {
  return `${identity.kind}:${identity.value}`;
}

export function identityOfKey(key: IdentityKey): Identity {
  const colon = key.indexOf(':');
  const kind = IDENTITY_KINDS.find((name) => name === key.slice(0, colon));
  if (kind === undefined) throw new Error(`no such kind of identity: ${key.slice(0, colon)}`);
  return { kind, value: key.slice(colon + 1) };
}

/** Somebody says of himself, or Stripe of a customer, that these are one person. The first identity is the strongest. */
export interface Claim {
  readonly identities: readonly [Identity, ...Identity[]];
  /** By the clock of whoever says it. */
  readonly at: Date;
  /** Of these identities only a browser says so, which anybody can make say anything. */
  readonly unproven?: ReadonlySet<IdentityKey>;
}

/** That two identities are one person, and since when it is said. */
export interface Edge {
  readonly left: IdentityKey;
  readonly right: IdentityKey;
  readonly atMs: number;
  readonly isProven: boolean;
}

/** A claim ties its strongest identity to each of the others. */
export function edgesOf(claim: Claim): Edge[] {
  const [first, ...others] = claim.identities;
  const left = identityKey(first);
  return others.map((other) => {
    const right = identityKey(other);
    return { left, right, atMs: claim.at.getTime(), isProven: claim.unproven?.has(right) !== true };
  });
}
