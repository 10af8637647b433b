import { many, type Tx } from '#db/db.ts';

/** The kinds of identity by which a contact is recognised, the strongest first. */
export type IdentityKind = 'user_id' | 'email' | 'anonymous_id' | 'stripe_customer';

export interface Identity {
  readonly kind: IdentityKind;
  readonly value: string;
}

export function identityKey(identity: Identity): string {
  return `${identity.kind}:${identity.value}`;
}

/** The contacts behind identities, by `identityKey`. One statement, whatever their number. */
export async function findByIdentities(
  tx: Tx,
  input: { workspaceId: string; identities: readonly Identity[] },
): Promise<Map<string, string>> {
  if (input.identities.length === 0) return new Map();
  const rows = await many<{ kind: IdentityKind; value: string; contactId: string }>(tx, {
    name: 'contact_find',
    text: `select kind, value, contact_id as "contactId" from contact_identity
           where workspace_id = $1 and (kind, value) in (select * from unnest($2::text[], $3::text[]))`,
    values: [input.workspaceId, input.identities.map((i) => i.kind), input.identities.map((i) => i.value)],
  });
  return new Map(rows.map((row) => [identityKey(row), row.contactId]));
}

export interface NewIdentity extends Identity {
  readonly contactId: string;
  readonly source: string;
  readonly linkedBy: string;
}

/** Adds identities; one that is taken stays with whom it belongs to. */
export async function addIdentities(
  tx: Tx,
  input: { workspaceId: string; identities: readonly NewIdentity[]; at: Date },
): Promise<void> {
  const { workspaceId, identities, at } = input;
  if (identities.length === 0) return;
  await tx.query({
    name: 'contact_identify',
    text: `insert into contact_identity (workspace_id, kind, value, contact_id, source, linked_by, linked_at)
           select $1, i.kind, i.value, i.contact_id, i.source, i.linked_by, $2
           from unnest($3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[]) as i (kind, value, contact_id, source, linked_by)
           on conflict do nothing`,
    values: [
      workspaceId,
      at,
      identities.map((i) => i.kind),
      identities.map((i) => i.value),
      identities.map((i) => i.contactId),
      identities.map((i) => i.source),
      identities.map((i) => i.linkedBy),
    ],
  });
}
