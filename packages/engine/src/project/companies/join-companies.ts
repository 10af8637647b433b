import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { PropertyChange } from '@growthos/contracts/events/engine.ts';
import type { Clock } from '#base/clock.ts';
import type { Publisher } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';

export interface Joining {
  readonly companyId: string;
  readonly contactId: string;
  /** Null says nothing about the role; what is known stays. */
  readonly role: string | null;
  readonly since: Date;
}

/**
 * Makes contacts members of companies and tells those who are new or whose role changed. The role that was said last, in
 * the order given, counts; `since` is the earliest that was ever said.
 */
export async function joinCompanies(
  deps: { clock: Clock; publisher: Publisher },
  input: {
    tx: Tx;
    workspaceId: string;
    joinings: readonly Joining[];
    /** A role that is known already stays. */
    isRoleWeak?: boolean;
    cause: EventCause;
  },
): Promise<void> {
  const { tx, workspaceId, cause } = input;
  const joinings = foldByPair(input.joinings);
  if (joinings.length === 0) return;
  const rows = await many<{ company_id: string; contact_id: string; label: string | null; isNew: boolean }>(tx, {
    name: 'membership_upsert',
    text: `with said as (
             select * from unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[]) as s (company_id, contact_id, role, since)
           ), known as (
             select m.* from company_membership m join said using (company_id, contact_id)
           ), written as (
             insert into company_membership as m (workspace_id, company_id, contact_id, role, since)
             select $1, company_id, contact_id, role, since from said
             on conflict (company_id, contact_id) do update set
               role = case when $6 then coalesce(m.role, excluded.role) else coalesce(excluded.role, m.role) end,
               since = least(m.since, excluded.since)
             where (excluded.role is distinct from m.role and excluded.role is not null and not ($6 and m.role is not null))
               or excluded.since < m.since
             returning company_id, contact_id, role
           )
           select w.company_id, w.contact_id, coalesce(k.name, k.domain, k.group_id) as label, n.contact_id is null as "isNew"
           from written w join company k on k.id = w.company_id
             left join known n on n.company_id = w.company_id and n.contact_id = w.contact_id
           where n.contact_id is null or n.role is distinct from w.role`,
    values: [
      workspaceId,
      joinings.map((one) => one.companyId),
      joinings.map((one) => one.contactId),
      joinings.map((one) => one.role),
      joinings.map((one) => one.since.toISOString()),
      input.isRoleWeak ?? false,
    ],
  });
  deps.publisher.publish(
    tx,
    rows.map(({ contact_id, label, isNew }) => {
      const change: PropertyChange = { property: 'company', old: isNew ? null : label, new: label };
      return {
        workspaceId,
        contactId: contact_id,
        type: 'contact_updated',
        source: 'growthos',
        time: deps.clock.now(),
        data: { is_new: false, changes: [change] },
        cause,
      };
    }),
  );
}

function foldByPair(joinings: readonly Joining[]): Joining[] {
  const byPair = new Map<string, Joining>();
  for (const one of joinings) {
    const key = `${one.companyId}/${one.contactId}`;
    const known = byPair.get(key);
    const since = known && known.since < one.since ? known.since : one.since;
    byPair.set(key, { ...one, role: one.role ?? known?.role ?? null, since });
  }
  return [...byPair.values()];
}
