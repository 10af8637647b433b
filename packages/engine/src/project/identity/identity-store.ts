/** The evidence and the identities that were made of it, as the database holds them. */
import { json, many, type Queryable, type Tx } from '#db/db.ts';
import type { Edge, Identity, IdentityKey, IdentityKind } from './identity.ts';
import { identityKey, identityOfKey } from './identity.ts';
import type { Said } from './said.ts';

export interface StoredIdentity extends Identity {
  readonly contactId: string;
  readonly isPinned: boolean;
  readonly said: Said;
}

const COLUMNS = `kind, value, contact_id as "contactId", is_pinned as "isPinned", said`;

export async function findIdentities(
  db: Queryable,
  input: { workspaceId: string; keys: Iterable<IdentityKey> },
): Promise<Map<IdentityKey, StoredIdentity>> {
  const identities = [...new Set(input.keys)].map(identityOfKey);
  if (identities.length === 0) return new Map();
  const rows = await many<StoredIdentity>(db, {
    name: 'identity_find',
    // One look-up by the primary key for each: a plan for many rows would read the whole table.
    text: `select o.* from unnest($2::text[], $3::text[]) as k (kind, value)
           cross join lateral (select ${COLUMNS} from contact_identity i
             where i.workspace_id = $1 and i.kind = k.kind and i.value = k.value offset 0) o`,
    values: [input.workspaceId, identities.map((one) => one.kind), identities.map((one) => one.value)],
  });
  return new Map(rows.map((row) => [identityKey(row), row]));
}

export async function identitiesOfContacts(
  db: Queryable,
  input: { contactIds: readonly string[] },
): Promise<StoredIdentity[]> {
  if (input.contactIds.length === 0) return [];
  return many<StoredIdentity>(db, {
    name: 'identity_of_contacts',
    text: `select ${COLUMNS} from contact_identity where contact_id = any($1::uuid[]) order by kind, value`,
    values: [[...input.contactIds]],
  });
}

/** Product events, or Stripe's customers; in the database `browser` is what product events say without proof. */
export type EvidenceSource = 'app' | 'stripe';

/** Stores evidence that is new or earlier than what was known; returns only that. */
export async function storeEdges(
  tx: Tx,
  input: { workspaceId: string; edges: readonly Edge[]; source: EvidenceSource },
): Promise<Edge[]> {
  const earliest = new Map<string, Edge>();
  for (const edge of input.edges) {
    const key = `${edge.left}\n${edge.right}\n${edge.isProven}`;
    const known = earliest.get(key);
    if (!known || edge.atMs < known.atMs) earliest.set(key, edge);
  }
  if (earliest.size === 0) return [];
  const edges = [...earliest.values()];
  const rows = await many<EdgeRow>(tx, {
    name: 'identity_edge_store',
    text: `insert into identity_edge as e (workspace_id, left_key, right_key, source, first_at)
           select $1, n.left_key, n.right_key, n.source, n.first_at
           from unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) as n (left_key, right_key, first_at, source)
           where not exists (select 1 from identity_edge k where k.workspace_id = $1 and k.left_key = n.left_key
             and k.right_key = n.right_key and k.source = n.source and k.first_at <= n.first_at offset 0)
           on conflict (workspace_id, left_key, right_key, source) do update set first_at = excluded.first_at
             where excluded.first_at < e.first_at
           returning left_key as left, right_key as right, first_at as at, source <> 'browser' as "isProven"`,
    values: [
      input.workspaceId,
      edges.map((edge) => edge.left),
      edges.map((edge) => edge.right),
      edges.map((edge) => new Date(edge.atMs).toISOString()),
      edges.map((edge) => (edge.isProven ? input.source : 'browser')),
    ],
  });
  return rows.map(toEdge);
}

interface EdgeRow {
  readonly left: string;
  readonly right: string;
  readonly at: Date;
  readonly isProven: boolean;
}

function toEdge({ left, right, at, isProven }: EdgeRow): Edge {
  return { left, right, atMs: at.getTime(), isProven };
}

/** All evidence that names one of the keys. */
export async function edgesAt(
  db: Queryable,
  input: { workspaceId: string; keys: readonly IdentityKey[] },
): Promise<Edge[]> {
  const rows = await many<EdgeRow>(db, {
    name: 'identity_edges_at',
    text: `select left_key as left, right_key as right, first_at as at, source <> 'browser' as "isProven" from identity_edge
           where workspace_id = $1 and left_key = any($2)
           union
           select left_key, right_key, first_at, source <> 'browser' from identity_edge
           where workspace_id = $1 and right_key = any($2)`,
    values: [input.workspaceId, [...input.keys]],
  });
  return rows.map(toEdge);
}

export interface NewIdentity extends Identity {
  readonly contactId: string;
  readonly source: string;
  readonly linkedBy: string;
}

export async function insertIdentities(
  tx: Tx,
  input: { workspaceId: string; identities: readonly NewIdentity[]; at: Date },
): Promise<void> {
  const { workspaceId, identities, at } = input;
  if (identities.length === 0) return;
  await tx.query({
    name: 'identity_insert',
    text: `insert into contact_identity (workspace_id, kind, value, contact_id, source, linked_by, linked_at)
           select $1, i.kind, i.value, i.contact_id, i.source, i.linked_by, $2
           from unnest($3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[]) as i (kind, value, contact_id, source, linked_by)
           on conflict (workspace_id, kind, value) do nothing`,
    values: [
      workspaceId,
      at,
      identities.map((one) => one.kind),
      identities.map((one) => one.value),
      identities.map((one) => one.contactId),
      identities.map((one) => one.source),
      identities.map((one) => one.linkedBy),
    ],
  });
}

export async function writeSaid(
  tx: Tx,
  input: { workspaceId: string; said: ReadonlyMap<IdentityKey, Said> },
): Promise<void> {
  if (input.said.size === 0) return;
  const identities = [...input.said.keys()].map(identityOfKey);
  await tx.query({
    name: 'identity_said',
    text: `update contact_identity i set said = s.said::jsonb
           from unnest($2::text[], $3::text[], $4::text[]) as s (kind, value, said)
           where i.workspace_id = $1 and i.kind = s.kind and i.value = s.value`,
    values: [
      input.workspaceId,
      identities.map((one) => one.kind),
      identities.map((one) => one.value),
      [...input.said.values()].map((said) => json(said)),
    ],
  });
}

/** Gives identities to a contact. `isPinned`: by a person's decision, so evidence no longer moves them. */
export async function reassignIdentities(
  tx: Tx,
  input: { workspaceId: string; identities: readonly Identity[]; contactId: string; isPinned: boolean },
): Promise<void> {
  if (input.identities.length === 0) return;
  await tx.query({
    name: 'identity_reassign',
    text: `update contact_identity i set contact_id = $4, is_pinned = i.is_pinned or $5,
             linked_by = case when $5 then 'person' else i.linked_by end
           from unnest($2::text[], $3::text[]) as n (kind, value)
           where i.workspace_id = $1 and i.kind = n.kind and i.value = n.value`,
    values: [
      input.workspaceId,
      input.identities.map((one) => one.kind),
      input.identities.map((one) => one.value),
      input.contactId,
      input.isPinned,
    ],
  });
}

/** Whose position is settled: user ids, and what a person decided. */
export function isAnchor(identity: { readonly kind: IdentityKind; readonly isPinned?: boolean }): boolean {
  return identity.kind === 'user_id' || identity.isPinned === true;
}
